//! How long a sensor of each type may be silent before its last word no longer counts, where the hall's file does not say. Decided by
//! how the devices speak (their sources are named at each); sensors.md has the same table.

use crate::raw::{RawSensor, RawSensorAdapter};

/// Devices that speak on change only. Zigbee2MQTT itself waits 25 h for its battery devices
/// (<https://www.zigbee2mqtt.io/guide/configuration/device-availability.html>, `passive.timeout` 1500 min).
const BATTERY_S: u32 = 25 * 3600;
/// An ESPHome node publishes a binary sensor when it changes (<https://esphome.io/components/binary_sensor/>); that it lives, the will
/// of its connection says. A presence sensor that has not changed for a day is not one.
const NODE_S: u32 = 24 * 3600;
/// Twice Tasmota's `TelePeriod` of 300 s (<https://tasmota.github.io/docs/Commands/#management>), and a minute.
const TELEMETRY_S: u32 = 660;
/// ONVIF property events come on change (ONVIF Core Specification, Properties), and no will of the camera is heard; so do the regions of
/// an Aqara FP1 (<https://www.zigbee2mqtt.io/devices/RTCZCGQ11LM.html>).
const EVENT_S: u32 = 3_600;
/// Polled several times a second and repeated every second; a round over many units that do not answer takes a while.
const POLLED_S: u32 = 30;
/// Ten frames a second, repeated every second; the line itself is reported after 5 s.
const FRAMES_S: u32 = 10;

/// The limit of its type; `None`: the profile's `sensor_stale_s`, for what says its state again and again.
pub(super) fn of_type(sensor: &RawSensor) -> Option<u32> {
    match sensor.adapter {
        RawSensorAdapter::Zigbee2mqtt => match sensor.property.as_deref() {
            None | Some("presence" | "occupancy") => None,
            Some(region) if region.starts_with("region_") => Some(EVENT_S),
            Some(_) => Some(BATTERY_S),
        },
        RawSensorAdapter::Esphome => Some(NODE_S),
        RawSensorAdapter::Tasmota => Some(TELEMETRY_S),
        RawSensorAdapter::Onvif => Some(EVENT_S),
        RawSensorAdapter::Modbus => Some(POLLED_S),
        RawSensorAdapter::Ld2410 | RawSensorAdapter::Ld2450 => Some(FRAMES_S),
        RawSensorAdapter::Mqtt | RawSensorAdapter::Http => None,
    }
}
