//! Identifiers as distinct types, so that a window can never be passed where a queue is meant.

use std::fmt;
use std::sync::Arc;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

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
