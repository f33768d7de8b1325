//! What the figures must know about a hall: its windows with department and duty, groups, queues, and how many devices it has.

use std::collections::BTreeMap;

use hall_core::account::TimeClass;
use hall_core::config::{EngineConfig, WeeklyDuty};
use hall_core::duty::{Post, duty_at};
use hall_core::event::Subject;
use hall_core::ids::{GroupId, QueueId, WindowId};

use crate::spans::Span;

/// One window.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Department whose window it is, by its name; `None`: not said.
    pub department: Option<String>,
    /// Own weekly duty times.
    duty: Option<WeeklyDuty>,
}

/// A hall for the figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Hall id.
    pub hall: String,
    /// Box id.
    pub box_id: String,
    /// Local time's offset from UTC in seconds.
    pub utc_offset_s: i32,
    /// Windows.
    pub windows: BTreeMap<WindowId, Place>,
    /// Windows of every group.
    pub groups: BTreeMap<GroupId, Vec<WindowId>>,
    /// Windows of every queue; empty: all.
    pub queues: BTreeMap<QueueId, Vec<WindowId>>,
    /// Cameras and sensors.
    pub devices: u32,
    calendar: hall_core::config::DutyCalendar,
}

impl Layout {
    /// The layout of a configured hall; `departments` names the windows' departments.
    #[must_use]
    pub fn new(
        cfg: &EngineConfig,
        utc_offset_s: i32,
        departments: &BTreeMap<WindowId, String>,
    ) -> Self {
        let windows = cfg.windows.iter().map(|w| {
            let place = Place {
                department: departments.get(&w.id).cloned(),
                duty: w.duty.clone(),
            };
            (w.id.clone(), place)
        });
        Layout {
            hall: cfg.hall.clone(),
            box_id: cfg.box_id.clone(),
            utc_offset_s,
            windows: windows.collect(),
            groups: (cfg.groups.iter())
                .map(|g| (g.id.clone(), g.windows.clone()))
                .collect(),
            queues: (cfg.queues.iter())
                .map(|q| (q.id.clone(), q.windows.clone()))
                .collect(),
            devices: u32::try_from(cfg.cameras.len() + cfg.sensors.len()).unwrap_or(u32::MAX),
            calendar: cfg.duty.clone(),
        }
    }

    /// Departments in order of name.
    #[must_use]
    pub fn departments(&self) -> Vec<String> {
        let mut names: Vec<String> = (self.windows.values())
            .filter_map(|place| place.department.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The department of a window.
    #[must_use]
    pub fn department(&self, window: &WindowId) -> Option<&str> {
        self.windows.get(window)?.department.as_deref()
    }

    /// The windows an event counts for: its own, or those of its group; none for queues, devices and the hall.
    #[must_use]
    pub fn windows_of(&self, subject: &Subject) -> Vec<WindowId> {
        match subject {
            Subject::Window(window) => vec![window.clone()],
            Subject::Group(group) => self.groups.get(group).cloned().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// How a window's time counts where nobody was there to say (the box was off): by its roster unknown or off duty.
    pub(crate) fn unseen(
        &self,
        window: &WindowId,
        from_ms: i64,
        to_ms: i64,
    ) -> Vec<Span<TimeClass>> {
        let post = Post {
            window: Some(window),
            weekly: self.windows.get(window).and_then(|p| p.duty.as_ref()),
        };
        let mut spans = Vec::new();
        let mut at = from_ms;
        while at < to_ms {
            let now = duty_at(&self.calendar, post, at);
            let until = now.until_ms.clamp(at + 1, to_ms);
            let class = match now.span {
                Some(_) => TimeClass::Unknown,
                None => TimeClass::OffDuty,
            };
            spans.push(Span {
                from_ms: at,
                to_ms: until,
                value: class,
            });
            at = until;
        }
        spans
    }
}
