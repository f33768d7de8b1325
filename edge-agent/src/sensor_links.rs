//! Everything sensors are heard through: the broker, Modbus gateways, radars on lines of their own. One component each; a broken one
//! hurts no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use edge_config::{
    Config, GatewayLine, GatewaySource, Parity, Polarity, SENSOR_BROKER, SensorAdapter,
    SensorBroker, SensorSource, SerialSource, TopicSource,
};
use edge_sensors::esphome::EspHomeSensor;
use edge_sensors::json::JsonSensor;
use edge_sensors::modbus::{ModbusGateway, ModbusInput, ModbusLine, ModbusPoller};
use edge_sensors::mqtt::Now;
use edge_sensors::onvif::OnvifSensor;
use edge_sensors::own_broker::{self, BOX_LOGIN, OwnBroker};
use edge_sensors::radar::{Radar, RadarKind, RadarReader};
use edge_sensors::rating::Rating;
use edge_sensors::serial::{LineParity, SerialLine};
use edge_sensors::tasmota::TasmotaSensor;
use edge_sensors::{
    BrokerAddress, LinkStatus, MqttSensors, PushSensor, SensorInput, TopicAdapter,
    Zigbee2MqttSensor,
};
use hall_core::ids::{GatewayId, SensorId};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::links::login;
use crate::push::PushDoors;
use crate::supervise::{Attempt, Criticality, Stage, Supervisor};
use crate::{rating_links, ticket_links};

/// The state of one link, by the name of its component.
pub type LinkStates = Vec<(String, watch::Receiver<LinkStatus>)>;

/// What runs to hear the sensors.
pub struct SensorLinks {
    /// Each link's state.
    pub states: LinkStates,
    /// Where devices send by HTTP.
    pub push: PushDoors,
}

/// Starts every link that a sensor needs. `out` full: the adapters' mailboxes merge readings per sensor.
pub fn start(
    supervisor: &mut Supervisor,
    config: &Arc<Config>,
    clock: &Arc<Clock>,
    out: &mpsc::Sender<SensorInput>,
    ratings: &mpsc::Sender<Rating>,
) -> SensorLinks {
    let now: Now = {
        let clock = clock.clone();
        Arc::new(move || clock.now_with_unix_ms())
    };
    let mut starter = Starter {
        supervisor,
        states: Vec::new(),
    };
    let mut push = PushDoors::default();
    let mut hearers = ticket_links::start(
        starter.supervisor,
        config,
        clock,
        out,
        &mut starter.states,
        &mut push,
    );
    hearers.extend(rating_links::start(
        starter.supervisor,
        config,
        clock,
        ratings,
        &mut starter.states,
        &mut push,
    ));
    if let Some(SensorBroker::Own(own)) = &config.sensor_broker {
        let broker = Arc::new(own_broker(config, own));
        starter.start("own_broker".into(), move |status, cancel| {
            let broker = broker.clone();
            Box::pin(async move { broker.run(status, cancel).await.map_err(anyhow::Error::msg) })
        });
    }
    if let Some((sensors, bridges)) = heard(config, !hearers.is_empty()) {
        let (now, out, config) = (now.clone(), out.clone(), config.clone());
        starter.start("sensor_broker".into(), move |status, cancel| {
            let client_id = format!("edge-agent-{}-{}-sensors", config.hall.id, config.box_id);
            let address = broker_address(&config, BOX_LOGIN, client_id);
            let (sensors, now, out) = (sensors.clone(), now.clone(), out.clone());
            let (bridges, hearers) = (bridges.clone(), hearers.clone());
            Box::pin(async move {
                MqttSensors::new(address?, sensors, now, out, status)
                    .with_gateways(SENSOR_BROKER.into(), bridges)
                    .with_hearers(hearers)
                    .run(cancel)
                    .await;
                Ok(())
            })
        });
    }
    for gateway in &config.gateways {
        let gateway = modbus(gateway, &config.sensors);
        if gateway.inputs.is_empty() {
            continue;
        }
        let (now, out) = (now.clone(), out.clone());
        starter.start(format!("gateway:{}", gateway.id), move |status, cancel| {
            let link = ModbusPoller::new(gateway.clone(), now.clone(), out.clone(), status);
            Box::pin(async move {
                link.run(cancel).await;
                Ok(())
            })
        });
    }
    for radar in config.sensors.iter().filter_map(radar) {
        let (now, out) = (now.clone(), out.clone());
        starter.start(format!("sensor:{}", radar.sensor), move |status, cancel| {
            let link = RadarReader::new(radar.clone(), now.clone(), out.clone(), status);
            Box::pin(async move {
                link.run(cancel).await;
                Ok(())
            })
        });
    }
    for source in &config.sensors {
        let Some((token, payload)) = pushed(source) else {
            continue;
        };
        let stale_s = (source.stale_s).unwrap_or(config.engine.rules.sensor_stale_s as u32);
        let status = watch::Sender::new(LinkStatus::default());
        let name = format!("sensor:{}", source.id);
        starter.states.push((name.clone(), status.subscribe()));
        let sensor = PushSensor::new(token, payload, stale_s, now.clone(), status);
        push.add_sensor(sensor.clone());
        let out = out.clone();
        starter.supervisor.start(
            name,
            Stage::Sources,
            Criticality::Degradable,
            Box::new(move |cancel| {
                let (sensor, out) = (sensor.clone(), out.clone());
                Box::pin(async move {
                    sensor.run(out, cancel).await;
                    Ok(())
                })
            }),
        );
    }
    SensorLinks {
        states: starter.states,
        push,
    }
}

/// Token and payload of a sensor that sends by HTTP.
fn pushed(sensor: &SensorSource) -> Option<(String, JsonSensor)> {
    let SensorAdapter::Http {
        token,
        pointer,
        time_pointer,
        on,
        off,
    } = &sensor.adapter
    else {
        return None;
    };
    let payload = JsonSensor {
        id: sensor.id.clone(),
        topic: String::new(),
        pointer: pointer.clone(),
        time_pointer: time_pointer.clone(),
        on: on.clone(),
        off: off.clone(),
        availability_topic: None,
        invert: inverted(sensor),
    };
    Some((token.expose().to_owned(), payload))
}

struct Starter<'a> {
    supervisor: &'a mut Supervisor,
    states: LinkStates,
}

impl Starter<'_> {
    fn start<F>(&mut self, name: String, attempt: F)
    where
        F: Fn(watch::Sender<LinkStatus>, tokio_util::sync::CancellationToken) -> Attempt
            + Send
            + Sync
            + 'static,
    {
        let (status, receiver) = watch::channel(LinkStatus::default());
        self.supervisor.start(
            name.clone(),
            Stage::Sources,
            Criticality::Degradable,
            Box::new(move |cancel| attempt(status.clone(), cancel)),
        );
        self.states.push((name, receiver));
    }
}

/// The broker that the box runs itself, as the crate that runs it wants it.
fn own_broker(config: &Config, own: &edge_config::OwnBroker) -> OwnBroker {
    let login = |login: &edge_config::BrokerLogin| own_broker::Login {
        id: login.id.clone(),
        topics: login.topics.clone(),
        password: login.password.as_ref().map(|p| p.expose().to_owned()),
    };
    let logins = own.logins.iter().map(login).collect();
    OwnBroker::new(own.listen, config.storage.sensor_broker_dir(), logins)
}

/// Where the sensors' broker is and who the box is there: at one that is there as configured, at its own `own_login`.
///
/// # Errors
/// When there is none, or the box's password at its own cannot be read.
pub(crate) fn broker_address(
    config: &Config,
    own_login: &str,
    client_id: String,
) -> anyhow::Result<BrokerAddress> {
    match &config.sensor_broker {
        Some(SensorBroker::Existing(broker)) => {
            let (user, password) = login(broker);
            Ok(BrokerAddress {
                host: broker.host.clone(),
                port: broker.port,
                client_id,
                login: user.map(|user| (user, password.unwrap_or_default())),
            })
        }
        Some(SensorBroker::Own(own)) => {
            let own = own_broker(config, own);
            let password = own_broker::box_password(own.folder()).map_err(anyhow::Error::msg)?;
            let address = own.address();
            Ok(BrokerAddress {
                host: address.ip().to_string(),
                port: address.port(),
                client_id,
                login: Some((own_login.to_owned(), password)),
            })
        }
        None => anyhow::bail!("hall.toml has no [sensor_broker]"),
    }
}

/// Sensors that are heard on the broker, and the bridges that they hang on before it.
type Heard = (Vec<Arc<dyn TopicAdapter>>, BTreeMap<SensorId, GatewayId>);

/// What is heard on the sensors' broker; `None` when nothing is, `others` included.
fn heard(config: &Config, others: bool) -> Option<Heard> {
    config.sensor_broker.as_ref()?;
    let mut bridges = BTreeMap::new();
    let mut adapters = Vec::new();
    for sensor in &config.sensors {
        if let SensorAdapter::Topic(source) = &sensor.adapter {
            adapters.push(adapter(sensor, source));
            if let [bridge, _broker] = sensor.gateways.as_slice() {
                bridges.insert(sensor.id.clone(), bridge.clone());
            }
        }
    }
    (others || !adapters.is_empty()).then_some((adapters, bridges))
}

fn adapter(sensor: &SensorSource, source: &TopicSource) -> Arc<dyn TopicAdapter> {
    let (id, invert) = (sensor.id.clone(), inverted(sensor));
    match source.clone() {
        TopicSource::Zigbee2Mqtt { topic, property } => Arc::new(Zigbee2MqttSensor {
            id,
            topic,
            property,
            invert,
        }),
        TopicSource::EspHome { topic } => Arc::new(EspHomeSensor { id, topic, invert }),
        TopicSource::Tasmota { name, property } => Arc::new(TasmotaSensor {
            id,
            name,
            property,
            invert,
        }),
        TopicSource::Json {
            topic,
            pointer,
            time_pointer,
            on,
            off,
            availability_topic,
        } => Arc::new(JsonSensor {
            id,
            topic,
            pointer,
            time_pointer,
            on,
            off,
            availability_topic,
            invert,
        }),
        TopicSource::Onvif { topic, property } => Arc::new(OnvifSensor {
            id,
            topic,
            property,
            invert,
        }),
    }
}

fn modbus(gateway: &GatewaySource, sensors: &[SensorSource]) -> ModbusGateway {
    let inputs = sensors
        .iter()
        .filter(|sensor| sensor.gateways.contains(&gateway.id))
        .filter_map(|sensor| match sensor.adapter {
            SensorAdapter::Modbus { unit, input } => Some(ModbusInput {
                sensor: sensor.id.clone(),
                unit,
                input,
                invert: inverted(sensor),
            }),
            _ => None,
        })
        .collect();
    ModbusGateway {
        id: gateway.id.clone(),
        line: match &gateway.line {
            GatewayLine::Tcp { host, port } => ModbusLine::Tcp {
                host: host.clone(),
                port: *port,
            },
            GatewayLine::Serial(line) => ModbusLine::Serial(serial(line)),
        },
        poll: Duration::from_millis(gateway.poll_ms.into()),
        debounce: Duration::from_millis(gateway.debounce_ms.into()),
        inputs,
    }
}

fn radar(sensor: &SensorSource) -> Option<Radar> {
    let (line, kind) = match &sensor.adapter {
        SensorAdapter::Ld2410 { line, max_cm } => (line, RadarKind::Ld2410 { max_cm: *max_cm }),
        SensorAdapter::Ld2450 { line, region_mm } => (
            line,
            RadarKind::Ld2450 {
                region_mm: *region_mm,
            },
        ),
        _ => return None,
    };
    Some(Radar {
        sensor: sensor.id.clone(),
        kind,
        line: serial(line),
        invert: inverted(sensor),
    })
}

pub(crate) fn serial(line: &SerialSource) -> SerialLine {
    SerialLine {
        path: line.device.clone(),
        baud: line.baud,
        parity: match line.parity {
            Parity::None => LineParity::None,
            Parity::Even => LineParity::Even,
            Parity::Odd => LineParity::Odd,
        },
    }
}

fn inverted(sensor: &SensorSource) -> bool {
    sensor.polarity == Polarity::Inverted
}
