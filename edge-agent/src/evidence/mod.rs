//! Evidence of an event as one file: its revisions as sealed, what its windows' sensors and cameras said around it, and the hashes of rules,
//! configuration and model. Numbers only, never a picture. Knows no HTTP and no MQTT.

mod pack;
mod shelf;
mod trace;

use std::path::PathBuf;
use std::sync::Arc;

use edge_accounts::audit::Deed;
use edge_accounts::{AuditLog, Audited, Moment};
use edge_config::Config;
use edge_uplink::store::EventStore;
use edge_uplink::{Query, StoreError};
use hall_core::event::EventId;
use hall_wire::event::{SealedRecord, event_id_text};
use hall_wire::reply::EvidenceLink;
use hall_wire::time::rfc3339_ms;

use crate::web::inputs::EvidenceSource;

pub use pack::Pack;
pub use shelf::{LINK_GOOD_FOR_MS, Shelf};

/// Why there is no evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The log has no such event.
    #[error("the log has no such event")]
    Unknown,
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// Something could not be written down, so nothing is given out.
    #[error("not written down, so not given out: {0}")]
    Audit(#[from] edge_accounts::StoreError),
    /// The pack could not be put by.
    #[error("the pack cannot be kept: {0}")]
    Shelf(#[from] std::io::Error),
}

/// Where evidence is put together and handed out.
pub struct EvidenceDesk {
    config: Arc<Config>,
    store: Arc<dyn EventStore>,
    audit: Arc<AuditLog>,
    shelf: Shelf,
    model_sha256: String,
}

impl EvidenceDesk {
    /// A desk; packs that wait to be fetched lie in the storage folder.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        store: Arc<dyn EventStore>,
        audit: Arc<AuditLog>,
        model_sha256: String,
    ) -> Self {
        let dir: PathBuf = config.storage.dir.join("evidence");
        EvidenceDesk {
            config,
            store,
            audit,
            shelf: Shelf::new(dir),
            model_sha256,
        }
    }

    /// All revisions of an event, oldest first. An id holds its event's onset, so the log is asked for one millisecond.
    ///
    /// # Errors
    /// When the log cannot be read or has no such event.
    pub fn revisions(&self, id: EventId) -> Result<Vec<SealedRecord>, EvidenceError> {
        let onset_unix_ms = (id.0 >> 80) as i64;
        let text = event_id_text(id);
        let mut found = self.store.query(&Query {
            from_unix_ms: Some(onset_unix_ms),
            to_unix_ms: Some(onset_unix_ms + 1),
            limit: 10_000,
            ..Query::default()
        })?;
        found.retain(|sealed| sealed.record.event_id == text);
        found.reverse();
        if found.is_empty() {
            return Err(EvidenceError::Unknown);
        }
        Ok(found)
    }

    /// Puts the pack of an event together. Blocks on the disk.
    ///
    /// # Errors
    /// When the log cannot be read or has no such event. Observations that are not kept any more are no error: the pack says so.
    pub fn pack(&self, id: EventId, now: Moment) -> Result<Pack, EvidenceError> {
        let revisions = self.revisions(id)?;
        let trace = trace::of(&self.config, &revisions, now.unix_ms);
        let at = rfc3339_ms(now.unix_ms, self.config.utc_offset_s);
        Ok(Pack::new(
            &self.config,
            &self.model_sha256,
            at,
            &revisions,
            trace,
        ))
    }

    /// Puts a pack by for whoever has the link, once, and writes down that the centre was given one. `None`: nobody could reach it, for
    /// want of `public_url`.
    ///
    /// # Errors
    /// As [`EvidenceDesk::pack`], or when the pack or the line of the access log cannot be written.
    pub fn link(
        &self,
        id: EventId,
        who: &str,
        role: &str,
        tx: &str,
        now: Moment,
    ) -> Result<Option<EvidenceLink>, EvidenceError> {
        let Some(public) = &self.config.web.public_url else {
            return Ok(None);
        };
        let pack = self.pack(id, now)?;
        let until = now.unix_ms + LINK_GOOD_FOR_MS;
        let expires = rfc3339_ms(until, self.config.utc_offset_s);
        let audited = Audited {
            who: who.into(),
            role: role.into(),
            from: "centre".into(),
            deed: Deed::EvidenceLinked,
            object: format!("event:{}", event_id_text(id)),
            why: format!("sha256 {}, until {expires}", pack.sha256()),
            tx: tx.into(),
        };
        self.audit.append(&audited, now)?;
        let token = self.shelf.put(id, &pack, until)?;
        Ok(Some(EvidenceLink {
            url: format!("{}/api/evidence/{token}", public.url),
            sha256: pack.sha256(),
            expires,
        }))
    }
}

impl EvidenceSource for EvidenceDesk {
    fn fetch(
        &self,
        token: &str,
        from: &str,
        now: Moment,
    ) -> Result<Option<(String, Vec<u8>)>, EvidenceError> {
        let Some(taken) = self.shelf.take(token, now.unix_ms)? else {
            return Ok(None);
        };
        let event = taken.event.clone();
        let audited = Audited {
            who: String::new(),
            role: String::new(),
            from: from.into(),
            deed: Deed::EvidenceFetched,
            object: format!("event:{event}"),
            why: String::new(),
            tx: String::new(),
        };
        self.audit.append(&audited, now)?;
        Ok(Some((event, taken.bytes()?)))
    }

    fn take(&self, id: EventId, audited: &Audited, now: Moment) -> Result<Vec<u8>, EvidenceError> {
        let pack = self.pack(id, now)?;
        self.audit.append(audited, now)?;
        Ok(pack.bytes().to_vec())
    }
}
