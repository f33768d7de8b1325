//! `hall.toml`: read, checked with all mistakes at once, turned into one immutable typed [`Config`].
//!
//! Owns the file format, its JSON Schema and the secrets' way in. Knows no network, no clock and no running component.

mod address;
mod calendar_warning;
mod config;
mod document;
mod imported;
mod load;
mod mistake;
mod overlay;
mod rating;
mod raw;
mod schema;
mod secret;
mod sensor;
mod sensor_broker;
mod shape;
mod ticket;
mod topic_filter;
mod validate;

pub use config::{
    AckBy, Broker, CameraConfig, CameraSource, ClientCert, ClockTrust, Codec, Config, Decode,
    DetectorConfig, ExecutionProvider, HallInfo, HomeAssistantConfig, MqttVersion, Name, PublicUrl,
    QueueInfo, Repeat, SignerConfig, StorageConfig, Transport, UplinkConfig, WebCertificate,
    WebConfig, WindowInfo,
};
pub use imported::{ImportedCalendar, YearDates};
pub use load::{load, load_bytes, load_with_env};
pub use mistake::{ConfigErrors, Mistake};
pub use overlay::{load_rules, rules_over};
pub use rating::{RatingAdapter, RatingSource};
pub use schema::json_schema;
pub use secret::Secret;
pub use sensor::{
    GatewayLine, GatewaySource, Parity, Polarity, SENSOR_BROKER, SensorAdapter, SensorSource,
    SerialSource, TopicSource,
};
pub use sensor_broker::{BrokerLogin, OwnBroker, SensorBroker};
pub use ticket::{TicketAdapter, TicketNames, TicketSource};
