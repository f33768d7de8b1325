//! Stable names of fault causes and sensor qualities. Knows nothing else.

use hall_core::observe::{FaultCause, Quality};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident for $core:ident, $text:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl From<$name> for $core {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => $core::$variant),+ }
            }
        }

        impl From<$core> for $name {
            fn from(core: $core) -> Self {
                match core { $($core::$variant => $name::$variant),+ }
            }
        }

        /// Its stable name.
        #[must_use]
        pub fn $text(core: $core) -> &'static str {
            match core { $($core::$variant => $word),+ }
        }
    };
}

names! {
    /// Names of [`FaultCause`].
    CauseName for FaultCause, cause_name {
        /// No frames or messages.
        Offline = "offline",
        /// Too dark.
        Dark = "dark",
        /// Covered.
        Blocked = "blocked",
        /// Out of focus.
        Blurry = "blurry",
        /// The same picture again and again.
        Frozen = "frozen",
        /// Another view.
        Moved = "moved",
        /// Reported broken.
        Defect = "defect",
        /// Delivers to a box that cannot analyse it.
        Unanalysed = "unanalysed",
    }
}

names! {
    /// Names of [`Quality`].
    QualityName for Quality, quality_name {
        /// Fresh and plausible.
        Good = "good",
        /// Too old.
        Stale = "stale",
        /// Implausible.
        Suspect = "suspect",
        /// Reported broken.
        Fault = "fault",
    }
}
