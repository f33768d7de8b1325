//! Stable names of core words in every interface. One table a word: writing and reading cannot differ.

use hall_core::account::{TimeClass, WaitSource};
use hall_core::engine::Doubt;
use hall_core::event::{EndReason, EventCode, Level, Phase, Review, Tag};
use hall_core::observe::TicketState;
use hall_core::order::{CaseAction, CaseReason, Refusal, Role};
use hall_core::snapshot::{QueueState, Reason, SensorReason, WindowState};
use hall_core::tri::Tri;
use hall_metrics::PeriodKind;

macro_rules! names {
    ($(#[$doc:meta])* $type:ident, $word:ident, $name:ident, $parse:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        names! { $(#[$doc])* $type, $word, $name { $($variant = $text),+ } }

        /// The word of a stable name; `None`: not known.
        #[must_use]
        pub fn $parse(name: &str) -> Option<$type> {
            match name { $($text => Some($type::$variant),)+ _ => None }
        }
    };
    ($(#[$doc:meta])* $type:ident, $word:ident, $name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(word: $type) -> &'static str {
            match word { $($type::$variant => $text),+ }
        }

        /// Schema of a text that is one of these names.
        pub struct $word;

        impl $word {
            /// All of them.
            pub const ALL: &'static [&'static str] = &[$($text),+];
        }

        impl schemars::JsonSchema for $word {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($word).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "enum": $word::ALL})
            }
        }
    };
}

names! {
    /// Stable name of an event code.
    EventCode, CodeWord, code_name, parse_code {
        Unstaffed = "unstaffed",
        LateOpen = "late_open",
        QueueLong = "queue_long",
        CameraOffline = "camera_offline",
        CameraDark = "camera_dark",
        CameraBlocked = "camera_blocked",
        CameraBlurry = "camera_blurry",
        CameraFrozen = "camera_frozen",
        CameraMoved = "camera_moved",
        SensorFault = "sensor_fault",
        SensorConflict = "sensor_conflict",
        HallUnstaffed = "hall_unstaffed",
        CustomerUnattended = "customer_unattended",
        PauseOverrun = "pause_overrun",
        PauseQuota = "pause_quota",
        LongWait = "long_wait",
        NoNewWindow = "no_new_window",
        StaticPresenceSuspect = "static_presence_suspect",
        SourceMismatch = "source_mismatch",
        GatewayOffline = "gateway_offline",
        TimeUnsynced = "time_unsynced",
        ClockStep = "clock_step",
        StorageLow = "storage_low",
        PowerRestored = "power_restored",
        ConfigChanged = "config_changed",
        ModelChanged = "model_changed",
        CalendarMissing = "calendar_missing",
    }
}

names! {
    /// Stable name of a level.
    Level, LevelWord, level_name, parse_level {
        Info = "info",
        Fault = "fault",
        Notice = "notice",
        Warn = "warn",
        Severe = "severe",
    }
}

names! {
    /// Stable name of a revision's phase.
    Phase, PhaseWord, phase_name, parse_phase {
        Raised = "raised",
        Updated = "updated",
        Cleared = "cleared",
        Revised = "revised",
    }
}

names! {
    /// Stable name of an end reason.
    EndReason, EndReasonWord, end_reason_name, parse_end_reason {
        Returned = "returned",
        ScheduleEnd = "schedule_end",
        Unobservable = "unobservable",
        PowerLoss = "power_loss",
        Cleared = "cleared",
        Recovered = "recovered",
        Reconfigured = "reconfigured",
        Staffed = "staffed",
        CustomerLeft = "customer_left",
        PauseEnded = "pause_ended",
        WindowOpened = "window_opened",
        Excused = "excused",
        Resolved = "resolved",
        Momentary = "momentary",
    }
}

names! {
    /// Stable name of a tag.
    Tag, TagWord, tag_name, parse_tag {
        EarlyClose = "early_close",
        Saturated = "saturated",
        WhilePeopleWait = "while_people_wait",
        Flapping = "flapping",
        StuckOn = "stuck_on",
        StuckOff = "stuck_off",
        Reviewed = "reviewed",
        Restamped = "restamped",
    }
}

names! {
    /// Stable name of why a sensor is not believed.
    Doubt, DoubtWord, doubt_name, parse_doubt {
        StuckOn = "stuck_on",
        StuckOff = "stuck_off",
        Flapping = "flapping",
        Ruled = "ruled",
    }
}

names! {
    /// Stable name of why a sensor's quality is not good.
    SensorReason, SensorReasonWord, sensor_reason_name, parse_sensor_reason {
        NotHeard = "not_heard",
        Silent = "silent",
        Retained = "retained",
        Gateway = "gateway",
        StuckOn = "stuck_on",
        StuckOff = "stuck_off",
        Flapping = "flapping",
        Conflict = "conflict",
        SensorWrong = "sensor_wrong",
        Contradictory = "contradictory",
        Offline = "offline",
        Defect = "defect",
    }
}

names! {
    /// Stable name of where a case stands.
    Review, ReviewWord, review_name, parse_review {
        Suspected = "suspected",
        Confirmed = "confirmed",
        FalseAlarm = "false_alarm",
        Excused = "excused",
        Feedback = "feedback",
        Closed = "closed",
        Appealed = "appealed",
        Upheld = "upheld",
        Downgraded = "downgraded",
        Revoked = "revoked",
    }
}

names! {
    /// Stable name of a step of a case.
    CaseAction, ActionWord, action_name, parse_action {
        Confirm = "confirm",
        FalseAlarm = "false_alarm",
        Excuse = "excuse",
        Feedback = "feedback",
        Close = "close",
        Appeal = "appeal",
        Uphold = "uphold",
        Downgrade = "downgrade",
        Revoke = "revoke",
        Resolve = "resolve",
    }
}

names! {
    /// Stable name of a reason category.
    CaseReason, CaseReasonWord, case_reason_name, parse_case_reason {
        Verified = "verified",
        SystemError = "system_error",
        OfficialDuty = "official_duty",
        DeviceFault = "device_fault",
        RosterNotUpdated = "roster_not_updated",
        Leave = "leave",
        Pause = "pause",
        SensorWrong = "sensor_wrong",
        VideoWrong = "video_wrong",
        Other = "other",
    }
}

names! {
    /// Stable name of a role.
    Role, RoleWord, role_name, parse_role {
        Province = "province",
        Supervisor = "supervisor",
        ResidentSupervisor = "resident_supervisor",
        HallManager = "hall_manager",
        ChiefRepresentative = "chief_representative",
        Installer = "installer",
        Patrol = "patrol",
        Auditor = "auditor",
    }
}

names! {
    /// Stable name of why an order was refused.
    Refusal, RefusalWord, refusal_name, parse_refusal {
        Unknown = "unknown",
        Role = "role",
        Scope = "scope",
        OwnCase = "own_case",
        State = "state",
        Invalid = "invalid",
    }
}

names! {
    /// Stable name of where a ticket is in its life.
    TicketState, TicketStateWord, ticket_state_name, parse_ticket_state {
        Waiting = "waiting",
        Called = "called",
        Serving = "serving",
        Done = "done",
        NoShow = "no_show",
        Recalled = "recalled",
        Transferred = "transferred",
        Cancelled = "cancelled",
    }
}

names! {
    /// Stable name of how time counts.
    TimeClass, TimeClassWord, time_class_name, parse_time_class {
        Staffed = "staffed",
        Unstaffed = "unstaffed",
        Excused = "excused",
        Paused = "paused",
        PausedOver = "paused_over",
        Unknown = "unknown",
        OffDuty = "off_duty",
        ExtraOpen = "extra_open",
    }
}

names! {
    /// Stable name of a window state.
    WindowState, WindowStateWord, window_state_name {
        Staffed = "staffed",
        Unstaffed = "unstaffed",
        Paused = "paused",
        OffDuty = "off_duty",
        Unknown = "unknown",
    }
}

names! {
    /// Stable name of a source of waits.
    WaitSource, WaitSourceWord, wait_source_name {
        Ticket = "ticket",
        Video = "video",
    }
}

names! {
    /// Stable name of a queue state.
    QueueState, QueueStateWord, queue_state_name {
        Normal = "normal",
        Long = "long",
        Unknown = "unknown",
    }
}

names! {
    /// Stable name of a reason.
    Reason, ReasonWord, reason_name {
        VideoPresent = "video_present",
        SensorPresent = "sensor_present",
        VideoAndSensorPresent = "video_and_sensor_present",
        VideoAbsent = "video_absent",
        SensorAbsent = "sensor_absent",
        Conflict = "conflict",
        PauseDeclared = "pause_declared",
        NotScheduled = "not_scheduled",
        CameraDown = "camera_down",
        SensorStale = "sensor_stale",
        SensorSuspect = "sensor_suspect",
        SensorDown = "sensor_down",
        NoObservation = "no_observation",
        ClockUnsynced = "clock_unsynced",
        StaticPresence = "static_presence",
        OnLeave = "on_leave",
        CoveredByGroup = "covered_by_group",
        PauseOverLimit = "pause_over_limit",
        ExtraOpen = "extra_open",
    }
}

names! {
    /// `yes`, `no` or `unknown`.
    Tri, TriWord, tri_name {
        Yes = "yes",
        No = "no",
        Unknown = "unknown",
    }
}

names! {
    /// Stable name of a period.
    PeriodKind, PeriodWord, period_name, parse_period {
        Minute = "1min",
        Quarter = "15min",
        Hour = "hour",
        Day = "day",
        Month = "month",
    }
}
