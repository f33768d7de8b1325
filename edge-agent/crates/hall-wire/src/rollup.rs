//! The roll-up v1 (`summary/{15min,hour,day,month}`): the figures of one period, published again with a higher `rev` when late data
//! changed them. Knows no transport.

use hall_metrics::figures::Scope;
use hall_metrics::{Layout, Rollup};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::figures::{
    EpisodesRecord, EventsRecord, QualityRecord, QueueFiguresRecord, StaffingRecord, share,
};
use crate::name::PeriodWord;
use crate::rating::RatingsRecord;
use crate::schema::{Id, Instant, One, RollupKind, Seq, Share};
use crate::time::rfc3339_ms;

pub use crate::name::{parse_period, period_name};

/// Windows, departments and queues in one part, so that a part stays under 16 KiB.
pub const ROWS_PER_PART: usize = 24;

/// The figures of one period, v1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RollupRecord {
    /// Format version: 1.
    #[schemars(with = "One")]
    pub v: u32,
    /// Always `rollup`.
    #[schemars(with = "RollupKind")]
    pub kind: String,
    /// `{hall}/{box}/rollup/{period}/{from}`: the same over all revisions and parts.
    pub id: String,
    /// Revision, from 1; a higher one replaces the whole roll-up.
    #[schemars(with = "Seq")]
    pub rev: u32,
    /// Part, from 1: windows and departments of a large hall come in further parts of the same revision.
    #[schemars(with = "Seq")]
    pub part: u32,
    /// Parts of this revision.
    #[schemars(with = "Seq")]
    pub parts: u32,
    /// Hall id.
    #[schemars(with = "Id")]
    pub hall: String,
    /// Box id.
    #[schemars(with = "Id")]
    #[serde(rename = "box")]
    pub box_id: String,
    /// Which period, cut at local time; `1min` is not published.
    #[schemars(with = "PeriodWord")]
    pub period: String,
    /// Start, RFC 3339 with milliseconds and offset.
    #[schemars(with = "Instant")]
    pub from: String,
    /// End.
    #[schemars(with = "Instant")]
    pub to: String,
    /// Figures reach up to here.
    #[schemars(with = "Instant")]
    pub until: String,
    /// The period is over.
    pub complete: bool,
    /// The hall as a whole; null in further parts.
    pub total: Option<TotalRecord>,
    /// Departments, by name.
    pub departments: Vec<StaffedRecord>,
    /// Windows.
    pub windows: Vec<StaffedRecord>,
    /// Queues.
    pub queues: Vec<QueueFiguresRecord>,
}

/// The hall as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TotalRecord {
    /// Staffing over all windows.
    #[serde(flatten)]
    pub staffing: StaffingRecord,
    /// Events.
    pub events: EventsRecord,
    /// Ratings at all windows; in days and months only, and not at all without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratings: Option<RatingsRecord>,
    /// Share of the cameras' and sensors' time in which they were online.
    #[schemars(with = "Option<Share>")]
    pub device_online_rate: Option<f64>,
    /// Scores of the data.
    pub quality: QualityRecord,
}

/// A department or a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StaffedRecord {
    /// Window id or name of the department.
    #[schemars(with = "Id")]
    pub id: String,
    /// Staffing.
    #[serde(flatten)]
    pub staffing: StaffingRecord,
    /// Its `unstaffed` episodes.
    pub unstaffed: EpisodesRecord,
    /// Windows: ratings; in days and months only, and not at all without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratings: Option<RatingsRecord>,
}

impl RollupRecord {
    /// The v1 form of a roll-up: one part for a small hall; otherwise the first holds the hall and its queues, further ones at
    /// most [`ROWS_PER_PART`] departments and windows each.
    #[must_use]
    pub fn parts(rollup: &Rollup, layout: &Layout) -> Vec<RollupRecord> {
        let figures = &rollup.figures;
        let staffed = |id: &str, scope: Scope| StaffedRecord {
            id: id.into(),
            staffing: (&figures.staffing(&scope, layout)).into(),
            unstaffed: (&figures.tally(&scope, layout, rollup.until_ms).unstaffed).into(),
            ratings: match &scope {
                Scope::Window(id) => figures.ratings.get(id).and_then(RatingsRecord::new),
                Scope::Hall | Scope::Department(_) => None,
            },
        };
        let departments: Vec<StaffedRecord> = (layout.departments().into_iter())
            .map(|name| staffed(&name, Scope::Department(name.clone())))
            .collect();
        let windows: Vec<StaffedRecord> = (figures.windows.keys())
            .map(|id| staffed(id.as_str(), Scope::Window(id.clone())))
            .collect();
        let mut first = head(rollup, layout);
        if departments.len() + windows.len() + first.queues.len() <= ROWS_PER_PART {
            (first.departments, first.windows) = (departments, windows);
            return vec![first];
        }
        let further = RollupRecord {
            total: None,
            queues: Vec::new(),
            ..first.clone()
        };
        let mut parts = vec![first];
        parts.extend(departments.chunks(ROWS_PER_PART).map(|rows| RollupRecord {
            departments: rows.to_vec(),
            ..further.clone()
        }));
        parts.extend(windows.chunks(ROWS_PER_PART).map(|rows| RollupRecord {
            windows: rows.to_vec(),
            ..further.clone()
        }));
        let all = parts.len() as u32;
        for (n, part) in (1..).zip(&mut parts) {
            (part.part, part.parts) = (n, all);
        }
        parts
    }
}

/// Everything but departments and windows.
fn head(rollup: &Rollup, layout: &Layout) -> RollupRecord {
    let figures = &rollup.figures;
    let tally = figures.tally(&Scope::Hall, layout, rollup.until_ms);
    let local = |ms: i64| {
        let unix_ms = ms - i64::from(layout.utc_offset_s) * 1000;
        rfc3339_ms(unix_ms, layout.utc_offset_s)
    };
    let period = period_name(rollup.period.kind);
    let from = local(rollup.period.from_ms);
    RollupRecord {
        v: 1,
        kind: "rollup".into(),
        id: format!("{}/{}/rollup/{period}/{from}", layout.hall, layout.box_id),
        rev: rollup.rev,
        part: 1,
        parts: 1,
        hall: layout.hall.clone(),
        box_id: layout.box_id.clone(),
        period: period.into(),
        from,
        to: local(rollup.period.to_ms),
        until: local(rollup.until_ms),
        complete: rollup.is_complete(),
        total: Some(TotalRecord {
            staffing: (&figures.staffing(&Scope::Hall, layout)).into(),
            events: (&tally).into(),
            ratings: RatingsRecord::new(&figures.all_ratings()),
            device_online_rate: share(figures.device_online_rate()),
            quality: QualityRecord::new(figures, &tally, layout, None),
        }),
        departments: Vec::new(),
        windows: Vec::new(),
        queues: (figures.queues.iter())
            .map(|(id, queue)| QueueFiguresRecord::new(id.as_str(), queue))
            .collect(),
    }
}
