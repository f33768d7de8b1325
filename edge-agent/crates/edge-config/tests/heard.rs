//! How long a sensor of each type may be silent where the hall's file does not say, and what its messages pass through.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use edge_config::load_with_env;

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
id = "contact"
window = "W1"
kind = "seat"
type = "modbus"
gateway = "modbus-1"
unit = 1
input = 0
[[sensors]]
id = "s"
window = "W1"
kind = "presence"
"#;

#[test]
fn silence_and_gateways_follow_from_the_type_and_a_stale_s_of_its_own_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hall.toml");
    let broker = &["sensor-broker"][..];
    let bridge = &["zigbee2mqtt", "sensor-broker"][..];
    for (keys, stale_s, gateways) in [
        (
            "type = 'zigbee2mqtt'\ntopic = 'zigbee2mqtt/s'",
            None,
            bridge,
        ),
        (
            "type = 'zigbee2mqtt'\ntopic = 'zigbee2mqtt/s'\nproperty = 'occupancy'",
            None,
            bridge,
        ),
        (
            "type = 'zigbee2mqtt'\ntopic = 'zigbee2mqtt/s'\nproperty = 'contact'",
            Some(90_000),
            bridge,
        ),
        (
            "type = 'zigbee2mqtt'\ntopic = 'zigbee2mqtt/s'\nproperty = 'region_1'",
            Some(3_600),
            bridge,
        ),
        (
            "type = 'zigbee2mqtt'\ntopic = 'z/s'\ngateway = 'east'",
            None,
            &["east", "sensor-broker"],
        ),
        (
            "type = 'esphome'\ntopic = 'w1/binary_sensor/s/state'",
            Some(86_400),
            broker,
        ),
        (
            "type = 'tasmota'\ntopic = 's'\nproperty = 'Switch1'",
            Some(660),
            broker,
        ),
        ("type = 'mqtt'\ntopic = 'mats/1'", None, broker),
        (
            "type = 'mqtt'\ntopic = 'mats/1'\nstale_s = 7200",
            Some(7_200),
            broker,
        ),
        (
            "type = 'onvif'\ntopic = 'cam/onvif-ej/Device/Trigger/DigitalInput/&1'",
            Some(3_600),
            broker,
        ),
        (
            "type = 'modbus'\ngateway = 'modbus-1'\nunit = 1\ninput = 1",
            Some(30),
            &["modbus-1"],
        ),
        (
            "type = 'modbus'\ngateway = 'modbus-1'\nunit = 1\ninput = 1\nstale_s = 5",
            Some(5),
            &["modbus-1"],
        ),
        ("type = 'ld2410'\ndevice = '/dev/ttyUSB0'", Some(10), &[]),
        ("type = 'ld2450'\ndevice = '/dev/ttyUSB0'", Some(10), &[]),
        ("type = 'http'\ntoken_env = 'TOKEN'", None, &[]),
    ] {
        fs::write(&file, format!("{HALL}{keys}\n")).unwrap();
        let env = |_: &str| Some("0123456789abcdef".to_owned());
        let config = load_with_env(&file, &env).unwrap_or_else(|e| panic!("{keys}: {e}"));
        let sensor = &config.engine.sensors[1];
        assert_eq!(sensor.stale_s, stale_s, "{keys}");
        let path: Vec<&str> = sensor.gateways.iter().map(|id| id.as_str()).collect();
        assert_eq!(path, gateways, "{keys}");
    }
}
