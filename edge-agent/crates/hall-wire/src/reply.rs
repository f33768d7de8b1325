//! What the box tells in answer to a command (`data` of `reply/{tx}`), v1. Knows no signature and no store.

use schemars::JsonSchema;
use serde::Serialize;

use crate::event::SealedRecord;
use crate::name::{LevelWord, PhaseWord, ReviewWord};
use crate::schema::{Instant, Limits, Seq, Sha256Hex};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ReplyData {
    /// Answer to `evidence`.
    Evidence(Box<EvidenceRecord>),
    /// Answer to `config.get`.
    Config(ConfigRecord),
    /// Answer to `calendar`.
    Calendar(CalendarTakenRecord),
}

/// What an event was judged by: numbers, no pictures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EvidenceRecord {
    /// Its newest revision, as stored.
    pub event: SealedRecord,
    /// How it came about, oldest first; of more than 40 revisions the newest 40.
    pub revisions: Vec<RevisionLine>,
    /// Where the whole of it can be fetched; absent when the box's page cannot be reached from outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<EvidenceLink>,
    /// Why there is no link; absent when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_link: Option<String>,
}

/// A link to an evidence pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EvidenceLink {
    /// `https://` address; works for one download.
    pub url: String,
    /// SHA-256 of the file, hex.
    #[schemars(with = "Sha256Hex")]
    pub sha256: String,
    /// Until when.
    #[schemars(with = "Instant")]
    pub expires: String,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RevisionLine {
    /// Sequence number.
    #[schemars(with = "Seq")]
    pub seq: u64,
    /// Revision.
    #[schemars(with = "Seq")]
    pub rev: u32,
    /// What it did.
    #[schemars(with = "PhaseWord")]
    pub phase: String,
    /// Level then.
    #[schemars(with = "LevelWord")]
    pub level: String,
    /// Where the case stood then.
    #[schemars(with = "ReviewWord")]
    pub review: String,
    /// When it was made.
    #[schemars(with = "Instant")]
    pub updated: String,
    /// Its hash in the chain.
    #[schemars(with = "Sha256Hex")]
    pub hash: String,
}

impl From<&SealedRecord> for RevisionLine {
    fn from(sealed: &SealedRecord) -> Self {
        let r = &sealed.record;
        RevisionLine {
            seq: sealed.seq,
            rev: r.rev,
            phase: r.phase.clone(),
            level: r.level.clone(),
            review: r.review.clone(),
            updated: r.updated.clone(),
            hash: sealed.hash.clone(),
        }
    }
}

/// What the box works with: ids and limits, no address and no secret.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ConfigRecord {
    /// SHA-256 of the configuration in force, hex.
    #[schemars(with = "Sha256Hex")]
    pub config_sha256: String,
    /// Limits in force, by their names in the rules.
    #[schemars(with = "Limits")]
    pub rules: serde_json::Value,
    /// Ids of the windows.
    pub windows: Vec<String>,
    /// Ids of the queues.
    pub queues: Vec<String>,
    /// Ids of the cameras.
    pub cameras: Vec<String>,
    /// Ids of the sensors.
    pub sensors: Vec<String>,
}

/// A calendar that is in force now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CalendarTakenRecord {
    /// The year.
    pub year: i32,
    /// Dates off duty, weekends that are named included.
    pub days_off: u32,
    /// Weekend dates worked.
    pub days_worked: u32,
    /// SHA-256 of the configuration now in force, hex: the calendar is part of it.
    #[schemars(with = "Sha256Hex")]
    pub config_sha256: String,
}
