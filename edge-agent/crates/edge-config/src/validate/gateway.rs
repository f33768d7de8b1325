//! Modbus gateways and serial lines.

use std::collections::BTreeMap;

use hall_core::ids::GatewayId;

use crate::address;
use crate::mistake::quote;
use crate::raw::{RawConfig, RawGateway, RawParity};
use crate::sensor::{GatewayLine, GatewaySource, Parity, SerialSource};
use crate::validate::Check;

/// Gateways; one without sensors is not polled, but searched by `edge-agent sensors listen`.
pub(super) fn gateways(raw: &RawConfig, check: &mut Check<'_>) -> Vec<GatewaySource> {
    check.ids(
        "gateways",
        raw.gateways.iter().map(|gateway| gateway.id.as_str()),
    );
    let mut gateways = Vec::with_capacity(raw.gateways.len());
    for (n, gateway) in raw.gateways.iter().enumerate() {
        let path = format!("gateways[{n}]");
        let line = line(&path, gateway, check);
        let used = raw
            .sensors
            .iter()
            .any(|sensor| sensor.gateway.as_ref() == Some(&gateway.id));
        if !used {
            check.warn(
                &path,
                format!("no sensor is behind {}", quote(&gateway.id)),
                "bind sensors of type modbus to it, or take it out",
            );
        }
        let Some(line) = line else { continue };
        gateways.push(GatewaySource {
            id: GatewayId::from(gateway.id.as_str()),
            line,
            poll_ms: gateway.poll_ms,
            debounce_ms: gateway.debounce_ms,
        });
    }
    gateways
}

fn line(path: &str, gateway: &RawGateway, check: &mut Check<'_>) -> Option<GatewayLine> {
    match (&gateway.url, &gateway.device) {
        (Some(url), None) => match address::parse(url, &["tcp"]) {
            Ok(address) => {
                if !matches!(address.rest, "" | "/") {
                    check.mistake(
                        format!("{path}.url"),
                        "the address of a gateway ends after the port",
                        "write tcp://host:502",
                    );
                }
                Some(GatewayLine::Tcp {
                    host: address.host.to_owned(),
                    port: address.port.unwrap_or(502),
                })
            }
            Err((message, hint)) => {
                check.mistake(format!("{path}.url"), message, hint);
                None
            }
        },
        (None, Some(path_of_device)) => {
            device(&format!("{path}.device"), path_of_device, check);
            Some(GatewayLine::Serial(SerialSource {
                device: path_of_device.clone(),
                baud: gateway.baud,
                parity: match gateway.parity {
                    RawParity::None => Parity::None,
                    RawParity::Even => Parity::Even,
                    RawParity::Odd => Parity::Odd,
                },
            }))
        }
        (None, None) => {
            check.mistake(
                path,
                "nothing says how the gateway is reached",
                "write url = \"tcp://host:502\", or device = \"/dev/serial/by-id/...\"",
            );
            None
        }
        (Some(_), Some(_)) => {
            check.mistake(
                format!("{path}.device"),
                "url and device are both set",
                "keep url for Modbus TCP, device for a serial line",
            );
            None
        }
    }
}

/// A serial device by its path. Whether it is plugged in shows when the agent runs: a radar may be connected later.
pub(super) fn device(path: &str, device: &str, check: &mut Check<'_>) {
    if !device.starts_with('/') || device.contains('\0') {
        check.mistake(
            path,
            format!("{} is not the path of a device", quote(device)),
            "write the whole path, for example \"/dev/serial/by-id/...\" or \"/dev/ttyUSB0\"",
        );
    }
}

/// Two sensors cannot be the same contact, nor two readers the same line.
pub(super) fn one_sensor_per_place(raw: &RawConfig, check: &mut Check<'_>) {
    let mut contacts = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for (n, gateway) in raw.gateways.iter().enumerate() {
        if let Some(device) = &gateway.device {
            taken(
                &mut lines,
                device.clone(),
                format!("gateways[{n}]"),
                "device",
                check,
            );
        }
    }
    for (n, sensor) in raw.sensors.iter().enumerate() {
        let path = format!("sensors[{n}]");
        if let (Some(gateway), Some(unit), Some(input)) =
            (&sensor.gateway, sensor.unit, sensor.input)
        {
            taken(
                &mut contacts,
                (gateway.clone(), unit, input),
                path.clone(),
                "input",
                check,
            );
        }
        if let Some(device) = &sensor.device {
            taken(&mut lines, device.clone(), path, "device", check);
        }
    }
}

fn taken<K: Ord>(
    places: &mut BTreeMap<K, String>,
    place: K,
    path: String,
    key: &str,
    check: &mut Check<'_>,
) {
    match places.get(&place) {
        Some(first) => check.mistake(
            format!("{path}.{key}"),
            format!("this {key} is already that of {first}"),
            "give each its own",
        ),
        None => {
            places.insert(place, path);
        }
    }
}
