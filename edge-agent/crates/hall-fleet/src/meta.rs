//! What a simulated box says of itself: all that the contract asks for, and that it is simulated. Pure.

use edge_config::Config;
use hall_wire::meta::{
    CONTRACT, MetaCamera, MetaClock, MetaRecord, MetaStore, MetaWindow, NameRecord, Ntp, ntp_name,
};

use crate::place::{BOX_ID, Place};

/// The `meta` of the box at `place`, made at `at`; `genesis` is the head of a log that holds nothing yet.
pub fn meta(config: &Config, place: &Place, at: String, genesis: &str) -> MetaRecord {
    let name = |name: &edge_config::Name| NameRecord {
        zh: name.zh.clone(),
        en: name.en.clone(),
    };
    let rules = &config.engine.rules;
    MetaRecord {
        v: 1,
        kind: "meta".into(),
        hall: place.hall.clone(),
        box_id: BOX_ID.into(),
        at,
        simulated: true,
        name: name(&config.hall.name),
        area: place.area.clone(),
        agent: env!("CARGO_PKG_VERSION").into(),
        contract: CONTRACT.into(),
        rule: format!("{}@{}", rules.name, rules.revision),
        windows: (config.windows.iter())
            .map(|w| MetaWindow {
                id: w.id.to_string(),
                name: name(&w.name),
                department: None,
            })
            .collect(),
        queues: Vec::new(),
        cameras: (config.cameras.iter())
            .map(|c| MetaCamera {
                id: c.id.to_string(),
                name: name(&c.name),
                gb_channel_id: None,
            })
            .collect(),
        sensors: Vec::new(),
        model: String::new(),
        model_sha256: String::new(),
        config_sha256: config.sha256.clone(),
        calendars: Vec::new(),
        clock: MetaClock {
            synced: true,
            offset_ms: 0,
            ntp: ntp_name(Ntp::Unknown).into(),
            error_ms: None,
        },
        certificate: None,
        disk_free_bytes: None,
        store: MetaStore {
            first_seq: 0,
            last_seq: 0,
            last_hash: genesis.into(),
            acked_seq: 0,
        },
    }
}
