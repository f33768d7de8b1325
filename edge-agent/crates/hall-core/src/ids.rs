//! Identifiers as distinct types, so that a window can never be passed where a queue is meant.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                // Ids of one hall are nearly always copies of the configured one.
                Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        impl $name {
            /// The id as configured.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                $name(value.into())
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                $name(value.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A service window (窗口), for example `W3`.
    WindowId
);
id!(
    /// A queue (排队), for example `Q1`.
    QueueId
);
id!(
    /// A camera (摄像机), for example `cam1`.
    CameraId
);
id!(
    /// A sensor at a window, for example `W3-seat`.
    SensorId
);
id!(
    /// A zone drawn on one camera's picture, for example `W3.staff` or `Q1@cam2`.
    ZoneId
);
id!(
    /// Windows that cover for each other, for example `AB1`.
    GroupId
);
id!(
    /// What several sensors' messages pass through, for example `modbus-1`.
    GatewayId
);
id!(
    /// An approved leave, for example `2026-09-21-W3`.
    LeaveId
);

/// A track's number. Lives only in memory, is never stored or sent, and says nothing about who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u64);
