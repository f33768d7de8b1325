//! Finding sensors while a hall is set up: hears everything on a broker, searches Modbus lines, recognises radars, and tells which signal
//! changed when somebody pressed it. Binds nothing and judges nothing.

mod board;
mod broker;
mod line;
mod place;
mod press;
mod topic;
mod units;

pub use board::{Board, Signal, Source};
pub use broker::hear;
pub use line::{holder, recognise_line, serial_devices};
pub use place::{Place, RadarFamily};
pub use press::{Found, Press, Step};
pub use topic::{Recognised, State, recognise};
pub use units::{UnitSearch, search_units};

/// What one of the listeners hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A message on the broker.
    Message {
        /// Topic.
        topic: String,
        /// Payload.
        payload: Vec<u8>,
        /// Kept by the broker, so of any age.
        kept: bool,
    },
    /// The discrete inputs of a Modbus unit, from 0.
    Unit {
        /// Id of its gateway.
        gateway: String,
        /// Unit address.
        unit: u8,
        /// Its inputs.
        inputs: Vec<bool>,
    },
    /// What a radar on a serial line sees.
    Radar {
        /// Device.
        device: String,
        /// Which.
        family: RadarFamily,
        /// Bits per second.
        baud: u32,
        /// Somebody is there.
        present: bool,
    },
    /// What a sensor that sends by HTTP said last, as the running box tells it.
    Pushed {
        /// Its id.
        sensor: String,
        /// On or off.
        value: bool,
    },
    /// How a listener is doing, in words.
    Note {
        /// What it listens to.
        about: String,
        /// What there is to say.
        text: String,
    },
}
