//! Where devices send by HTTP: what is configured to, by id. Knows no HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use edge_sensors::ticket::TicketPush;
use edge_sensors::{PushRefusal, PushSensor, Pushed};

use crate::web::inputs::{PushKind, PushSink};

/// Everything that sends by HTTP.
#[derive(Default)]
pub struct PushDoors {
    sensors: BTreeMap<String, Arc<PushSensor>>,
    tickets: BTreeMap<String, TicketPush>,
}

impl PushDoors {
    /// A sensor.
    pub fn add_sensor(&mut self, sensor: Arc<PushSensor>) {
        self.sensors.insert(sensor.id().to_string(), sensor);
    }

    /// A ticket machine.
    pub fn add_tickets(&mut self, tickets: TicketPush) {
        self.tickets.insert(tickets.id().to_owned(), tickets);
    }
}

impl PushSink for PushDoors {
    fn admit(&self, kind: PushKind, id: &str, token: &str) -> Result<(), PushRefusal> {
        match kind {
            PushKind::Sensor => (self.sensors.get(id))
                .ok_or(PushRefusal::Unknown)?
                .admit(token),
            PushKind::Tickets => (self.tickets.get(id))
                .ok_or(PushRefusal::Unknown)?
                .admit(token),
        }
    }

    fn take(&self, kind: PushKind, id: &str, body: &[u8]) -> Result<Pushed, PushRefusal> {
        match kind {
            PushKind::Sensor => (self.sensors.get(id))
                .ok_or(PushRefusal::Unknown)?
                .take(body),
            PushKind::Tickets => (self.tickets.get(id))
                .ok_or(PushRefusal::Unknown)?
                .take(body),
        }
    }
}
