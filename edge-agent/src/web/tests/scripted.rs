//! Scripted sources of the real server: events, pictures, evidence, devices.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use edge_accounts::audit::EventsHead;
use edge_accounts::{AuditLog, Audited, Moment};
use edge_sensors::json::JsonSensor;
use edge_sensors::mqtt::Now;
use edge_sensors::rating::{RatingDesk, RatingPush, RatingReader};
use edge_sensors::ticket::{TicketDesk, TicketFields, TicketPush, TicketReader};
use edge_sensors::{LinkStatus, PushSensor};
use hall_core::detection::Detection;
use hall_core::event::EventId;
use hall_core::geometry::BBox;
use hall_core::ids::CameraId;
use hall_core::time::WallClock;
use hall_wire::event::{SealedRecord, event_id_text};
use tokio::sync::{mpsc, watch};

use super::fixture::{NOW, before, event_id};
use crate::evidence::EvidenceError;
use crate::push::PushDoors;
use crate::web::inputs::{
    CameraBoxes, EventBatch, EventSource, EvidenceSource, FrameJpeg, FrameSource, SourceError,
};
/// A store in memory; `broken` makes every read fail.
#[derive(Default)]
pub struct ScriptedEvents {
    pub records: Mutex<Vec<SealedRecord>>,
    pub broken: AtomicBool,
}

impl EventSource for ScriptedEvents {
    fn read_after(&self, after: u64, max: usize) -> Result<EventBatch, SourceError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(SourceError {
                what: format!("read events after {after}"),
                reason: "disk gone: /secret".into(),
            });
        }
        let records = self.records.lock().unwrap();
        let found: Vec<_> = records
            .iter()
            .filter(|r| r.seq > after)
            .take(max)
            .cloned()
            .collect();
        let upto = found.last().map_or(after, |r| r.seq);
        Ok(EventBatch {
            records: found,
            upto,
        })
    }
}

/// The link `once` has a pack, and every event has one.
pub struct ScriptedEvidence;

impl EvidenceSource for ScriptedEvidence {
    fn take(&self, id: EventId, _: &Audited, _: Moment) -> Result<Vec<u8>, EvidenceError> {
        Ok(format!("{{\"event\":\"{}\"}}\n", event_id_text(id)).into_bytes())
    }

    fn fetch(
        &self,
        token: &str,
        _: &str,
        _: Moment,
    ) -> Result<Option<(String, Vec<u8>)>, EvidenceError> {
        Ok((token == "once").then(|| (event_id(1), b"{}\n".to_vec())))
    }
}

pub struct ScriptedFrames;

/// Not a picture; the server passes bytes on unread.
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0 not really a picture \xff\xd9";

impl FrameSource for ScriptedFrames {
    fn jpeg(&self, camera: &CameraId, max_width_px: u32) -> Result<Option<FrameJpeg>, SourceError> {
        assert!((64..=1920).contains(&max_width_px));
        match camera.as_str() {
            "cam1" => Ok(Some(FrameJpeg {
                bytes: JPEG.to_vec(),
                at: before(120),
            })),
            "cam2" => Ok(None),
            other => Err(SourceError {
                what: format!("picture of {other}"),
                reason: "encoder failed".into(),
            }),
        }
    }

    fn off_duty(&self, _: &CameraId) -> bool {
        false
    }

    fn boxes(&self, camera: &CameraId) -> Option<CameraBoxes> {
        let bbox = BBox {
            x1: 0.25,
            y1: 0.3,
            x2: 0.4,
            y2: 0.75,
        };
        (camera.as_str() == "cam1").then(|| CameraBoxes {
            at: before(240),
            detections: vec![Detection { bbox, score: 0.875 }],
        })
    }
}

/// Token of the only device that sends.
pub const TOKEN: &str = "a-token-of-the-mat-of-W3";

/// One sensor that sends by HTTP.
pub fn push_doors() -> PushDoors {
    let payload = JsonSensor {
        id: "W3-seat".into(),
        topic: String::new(),
        pointer: None,
        time_pointer: None,
        on: Vec::new(),
        off: Vec::new(),
        availability_topic: None,
        invert: false,
    };
    let status = watch::Sender::new(LinkStatus::default());
    let now: Now = Arc::new(|| (NOW, NOW.0));
    let mut doors = PushDoors::default();
    doors.add_sensor(PushSensor::new(
        TOKEN.into(),
        payload,
        60,
        now.clone(),
        status,
    ));
    let reader = TicketReader {
        fields: TicketFields::default(),
        states: Vec::new(),
        queues: vec![("Q1".into(), "Q1".into())],
        windows: Vec::new(),
        utc_offset_s: 28_800,
    };
    let wall = Arc::new(|| WallClock::unix(28_800));
    let status = watch::Sender::new(LinkStatus::default());
    let desk = TicketDesk::new("machine", reader, 600, now.clone(), wall, status);
    doors.add_tickets(TicketPush::new(TOKEN.into(), desk));
    let reader = RatingReader {
        window: Some("W3".into()),
        window_key: "window".into(),
        rating_key: "rating".into(),
        words: Vec::new(),
        windows: Vec::new(),
    };
    // Room for two ratings, and nobody takes them.
    let (out, full) = mpsc::channel(2);
    std::mem::forget(full);
    let status = watch::Sender::new(LinkStatus::default());
    let desk = RatingDesk::new("terminals", reader, now, out, status);
    doors.add_ratings(RatingPush::new(TOKEN.into(), desk));
    doors
}

/// An access log in a folder that goes with it.
pub fn audit_log() -> Arc<AuditLog> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let head = move || {
        // The folder lives as long as this.
        let _ = dir.path();
        EventsHead {
            seq: 0,
            hash: "0".repeat(64),
        }
    };
    Arc::new(AuditLog::open(&path, 28_800, Box::new(head), moment()).unwrap())
}

pub fn moment() -> Moment {
    Moment {
        at: NOW,
        unix_ms: NOW.0,
    }
}
