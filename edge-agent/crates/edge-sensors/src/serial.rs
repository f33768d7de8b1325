//! Serial lines: how one is opened. Knows no protocol.

use tokio_serial::{Parity, SerialPortBuilderExt, SerialStream};

/// A serial line's settings; 8 data bits, 1 stop bit, as all devices here use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialLine {
    /// Device, for example `/dev/ttyUSB0`; better a name under `/dev/serial/by-id`, which survives replugging.
    pub path: String,
    /// Bits per second.
    pub baud: u32,
    /// Parity bit.
    pub parity: LineParity,
}

/// Parity bit of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineParity {
    /// None.
    #[default]
    None,
    /// Even, the Modbus default.
    Even,
    /// Odd.
    Odd,
}

impl SerialLine {
    /// Opens the line.
    ///
    /// # Errors
    /// In words for a person: what failed and what to do.
    pub fn open(&self) -> Result<SerialStream, String> {
        let parity = match self.parity {
            LineParity::None => Parity::None,
            LineParity::Even => Parity::Even,
            LineParity::Odd => Parity::Odd,
        };
        tokio_serial::new(&self.path, self.baud)
            .parity(parity)
            .open_native_async()
            .map_err(|e| {
                format!(
                    "cannot open {}: {e}; is it plugged in, and may the agent's user read it (group dialout)?",
                    self.path
                )
            })
    }
}
