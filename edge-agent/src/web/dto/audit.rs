//! The access log as the auditor reads it.

use edge_accounts::audit::{AuditPage, SealedEntry};
use serde::Serialize;
use utoipa::ToSchema;

/// Some lines of the access log, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditPageDto {
    /// Format version: 1.
    pub v: u32,
    /// Lines, newest first.
    pub entries: Vec<AuditEntryDto>,
    /// Number of the newest line there is.
    pub last_seq: u64,
    /// `before_seq` of the next page; null at the end.
    pub next_before_seq: Option<u64>,
}

/// One line: who did what, when, why and from where.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntryDto {
    /// Gapless number.
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// Account; `box` for the box itself, `centre` for the centre; empty when nobody is named.
    pub who: String,
    /// Role of the account.
    pub role: String,
    /// Address; empty for the box itself and the centre.
    pub from: String,
    /// What, for example `picture` or `account_changed`.
    pub deed: String,
    /// To what, for example `camera:cam1`.
    pub object: String,
    /// Why, or a detail.
    pub why: String,
    /// Transaction; empty without one.
    pub tx: String,
    /// Newest record of the event log at that time.
    pub events_seq: u64,
    /// Hash of this line.
    pub hash: String,
}

impl From<SealedEntry> for AuditEntryDto {
    fn from(entry: SealedEntry) -> Self {
        AuditEntryDto {
            seq: entry.seq,
            at: entry.at,
            who: entry.who,
            role: entry.role,
            from: entry.from,
            deed: entry.deed,
            object: entry.object,
            why: entry.why,
            tx: entry.tx,
            events_seq: entry.events.seq,
            hash: entry.hash,
        }
    }
}

impl From<AuditPage> for AuditPageDto {
    fn from(page: AuditPage) -> Self {
        AuditPageDto {
            v: 1,
            entries: page.entries.into_iter().map(AuditEntryDto::from).collect(),
            last_seq: page.last_seq,
            next_before_seq: page.next_before_seq,
        }
    }
}
