//! Window sensors: adapters that turn what a device says into [`hall_core::observe`] readings. Knows nothing of rules,
//! storage or the uplink; its broker connection is its own.
#![forbid(unsafe_code)]

pub mod debounce;
pub mod error;
pub mod esphome;
pub mod find;
pub mod json;
pub mod ld2410;
pub mod ld2450;
pub mod mailbox;
pub mod meaning;
pub mod modbus;
pub mod modbus_request;
pub mod mqtt;
pub mod onvif;
pub mod own_broker;
pub mod push;
pub mod radar;
pub mod rating;
pub mod serial;
pub mod tasmota;
pub mod ticket;
pub mod zigbee2mqtt;

pub use error::SensorError;
pub use mailbox::{Mailbox, SensorInput};
pub use meaning::{Meaning, TopicAdapter};
pub use mqtt::{BrokerAddress, LinkStatus, MqttSensors};
pub use push::{PushRefusal, PushSensor, Pushed};
pub use zigbee2mqtt::Zigbee2MqttSensor;
