//! What several tests share: records to store and a clock that stands still.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

pub mod broker;
pub mod certificates;
pub mod network;
pub mod uplink;

use std::sync::Arc;

use edge_uplink::clock::{WallFn, WallTime};
use hall_wire::event::{ClockQuality, EventRecord};
use hall_wire::time::rfc3339_ms;

/// 2026-09-21T10:00:00+08:00.
pub const T0: i64 = 1_789_956_000_000;

pub fn wall(unix_ms: i64) -> WallTime {
    WallTime {
        unix_ms,
        utc_offset_s: 28_800,
    }
}

pub fn clock() -> WallFn {
    Arc::new(|| wall(T0))
}

/// Revision `rev` of event `n` at window `W1`…`W5`, made `n` seconds after [`T0`].
pub fn record(n: u64, rev: u32) -> EventRecord {
    let at = |s: u64| rfc3339_ms(T0 + 1000 * s as i64, 28_800);
    EventRecord {
        v: 1,
        event_id: format!("01J8{n:022}"),
        rev,
        hall: "511921-001".into(),
        box_id: "b1".into(),
        subject_kind: "window".into(),
        subject: format!("W{}", n % 5 + 1),
        code: if n.is_multiple_of(3) {
            "late_open"
        } else {
            "unstaffed"
        }
        .into(),
        level: "notice".into(),
        state: "open".into(),
        phase: if rev == 1 { "raised" } else { "updated" }.into(),
        onset: at(n),
        raised: at(n + 300),
        updated: at(n + 300 * u64::from(rev)),
        end: None,
        end_reason: None,
        duration_s: 300.5,
        absent_s: 300.125,
        unobserved_s: 0.0,
        brief_returns: 0,
        customers_max: 2,
        peak: None,
        evidence_sources: vec!["video:cam2".into(), "seat:W3-seat".into()],
        confidence: 0.97,
        rule: "P0@1".into(),
        tags: vec![],
        related: vec![],
        config_sha256: "ab".repeat(32),
        model_sha256: "cd".repeat(32),
        clock: ClockQuality {
            synced: true,
            offset_ms: 12,
        },
        review: "suspected".into(),
        revision: None,
        mitigated_at: None,
        wait_est_s: None,
        audit: None,
    }
}

pub fn closed(n: u64, rev: u32) -> EventRecord {
    let mut r = record(n, rev);
    r.state = "closed".into();
    r.phase = "cleared".into();
    r.end = Some(r.updated.clone());
    r.end_reason = Some("returned".into());
    r
}
