//! Where devices send by HTTP: what is configured to, by id. Knows no HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use edge_sensors::rating::RatingPush;
use edge_sensors::ticket::TicketPush;
use edge_sensors::{PushRefusal, PushSensor, Pushed};

use crate::web::inputs::{PushKind, PushSink};

/// Everything that sends by HTTP.
#[derive(Default)]
pub struct PushDoors {
    sensors: BTreeMap<String, Arc<PushSensor>>,
    tickets: BTreeMap<String, TicketPush>,
    ratings: BTreeMap<String, RatingPush>,
}

impl PushDoors {
    /// A sensor.
    pub fn add_sensor(&mut self, sensor: Arc<PushSensor>) {
        self.sensors.insert(sensor.id().to_string(), sensor);
    }

    /// Evaluation terminals.
    pub fn add_ratings(&mut self, ratings: RatingPush) {
        self.ratings.insert(ratings.id().to_owned(), ratings);
    }

    /// A ticket machine.
    pub fn add_tickets(&mut self, tickets: TicketPush) {
        self.tickets.insert(tickets.id().to_owned(), tickets);
    }
}

impl PushSink for PushDoors {
    fn admit(&self, kind: PushKind, id: &str, token: &str) -> Result<(), PushRefusal> {
        use PushRefusal::Unknown;
        match kind {
            PushKind::Sensor => self.sensors.get(id).ok_or(Unknown)?.admit(token),
            PushKind::Tickets => self.tickets.get(id).ok_or(Unknown)?.admit(token),
            PushKind::Ratings => self.ratings.get(id).ok_or(Unknown)?.admit(token),
        }
    }

    fn take(&self, kind: PushKind, id: &str, body: &[u8]) -> Result<Pushed, PushRefusal> {
        use PushRefusal::Unknown;
        match kind {
            PushKind::Sensor => self.sensors.get(id).ok_or(Unknown)?.take(body),
            PushKind::Tickets => self.tickets.get(id).ok_or(Unknown)?.take(body),
            PushKind::Ratings => self.ratings.get(id).ok_or(Unknown)?.take(body),
        }
    }
}
