//! A pause switch and a window lamp are heard through every adapter, and mean the same.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use edge_config::{Polarity, load_with_env};
use hall_core::config::SensorKind;

const HALL: &str = r#"
[hall]
id = "510000-002"
name = { zh = "大厅", en = "Hall" }
area = ["51", "5100", "510000"]
[box]
id = "b1"
[duty]
mon = ["09:00-17:00"]
[sensor_broker]
url = "mqtt://127.0.0.1:1883"
[[gateways]]
id = "modbus-1"
url = "tcp://127.0.0.1:502"
[[windows]]
id = "W1"
name = { zh = "窗口", en = "Window" }
[[sensors]]
id = "s"
window = "W1"
"#;

#[test]
fn every_type_can_declare_a_pause_and_a_dark_lamp_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hall.toml");
    for adapter in [
        "type = 'zigbee2mqtt'\ntopic = 'zigbee2mqtt/s'\nproperty = 'contact'",
        "type = 'esphome'\ntopic = 'w1/binary_sensor/s/state'",
        "type = 'tasmota'\ntopic = 's'\nproperty = 'Switch1'",
        "type = 'mqtt'\ntopic = 'lamps/1'",
        "type = 'onvif'\ntopic = 'cam/onvif-ej/Device/Trigger/DigitalInput/&1'",
        "type = 'modbus'\ngateway = 'modbus-1'\nunit = 1\ninput = 0",
        "type = 'http'\ntoken_env = 'TOKEN'",
    ] {
        for (kind, polarity) in [
            ("'pause'", Polarity::Normal),
            ("'pause'\ninvert = true", Polarity::Inverted),
            ("'lamp'", Polarity::Inverted),
            ("'lamp'\ninvert = true", Polarity::Normal),
        ] {
            fs::write(&file, format!("{HALL}{adapter}\nkind = {kind}\n")).unwrap();
            let env = |_: &str| Some("0123456789abcdef".to_owned());
            let config = load_with_env(&file, &env).unwrap_or_else(|e| panic!("{adapter}: {e}"));
            let sensor = &config.sensors[0];
            assert_eq!(
                (sensor.kind, sensor.polarity),
                (SensorKind::Pause, polarity),
                "{adapter} {kind}"
            );
        }
    }
}
