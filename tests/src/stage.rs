//! A hall of sensors that reaches its centre by a line in the test's hands, with the reference subscriber listening at the broker and
//! a subscriber that shows every message.

use anyhow::Result;

use crate::broker::{Broker, Memory};
use crate::hall::Hall;
use crate::judge::{Judge, Listening};
use crate::line::Line;
use crate::running::Ended;
use crate::subscriber::Subscriber;
use crate::toggler::Toggler;

/// Everything but the box itself.
pub struct Stage {
    /// The hall, not yet running.
    pub hall: Hall,
    /// The way to the broker.
    pub line: Line,
    /// Every message, as it came.
    pub centre: Subscriber,
    listening: Listening,
    judge: Judge,
    sensors: Broker,
    windows: usize,
    // The line knows its port alone.
    _broker: Broker,
}

impl Stage {
    /// A hall of so many windows; the sensors have a broker of their own, so that they are heard whatever becomes of the centre's.
    ///
    /// # Errors
    /// When a part is not installed (`make setup-test`).
    pub fn new(windows: usize) -> Result<Stage> {
        Stage::with(windows, Line::start)
    }

    /// The same with a line that can withhold the broker's receipts.
    ///
    /// # Errors
    /// As [`Stage::new`].
    pub fn reading(windows: usize) -> Result<Stage> {
        Stage::with(windows, Line::reading)
    }

    fn with(windows: usize, line: impl Fn(u16) -> Result<Line>) -> Result<Stage> {
        let sensors = Broker::start(Memory::None)?;
        let broker = Broker::start(Memory::None)?;
        let line = line(broker.port())?;
        let judge = Judge::new(&broker)?;
        let mut hall = Hall::of_sensors(windows)?;
        hall.set("sensor_broker", "url", sensors.url());
        hall.set("uplink", "url", line.url());
        Ok(Stage {
            listening: judge.listen(&broker)?,
            centre: Subscriber::start(broker.port(), "hall/v1/#", None)?,
            hall,
            line,
            judge,
            sensors,
            windows,
            _broker: broker,
        })
    }

    /// People who come and go at all windows, until dropped.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn people(&self) -> Result<Toggler> {
        Toggler::start(self.sensors.port(), self.windows)
    }

    /// What the reference subscriber says of everything that came.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub fn verdict(self) -> Result<Ended> {
        let _ = self.listening.end()?;
        self.judge.hear(None)
    }
}
