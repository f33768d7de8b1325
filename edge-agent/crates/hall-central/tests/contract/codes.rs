//! What each event code means, what it is about, how grave it can be, and which of the record's fields it fills: the part of an event's
//! schema that its types cannot say.

use hall_wire::name::CodeWord;
use serde_json::{Value, json};

/// An event code.
struct Code {
    name: &'static str,
    /// In Chinese and English, and when it is raised.
    means: &'static str,
    subjects: &'static [&'static str],
    levels: &'static [&'static str],
}

const POST: &[&str] = &["notice", "warn", "severe"];
const FAULT: &[&str] = &["fault"];
const INFO: &[&str] = &["info"];
const CAMERA: &[&str] = &["camera"];
const BOX: &[&str] = &["box"];

const fn code(
    name: &'static str,
    subjects: &'static [&'static str],
    levels: &'static [&'static str],
    means: &'static str,
) -> Code {
    Code {
        name,
        means,
        subjects,
        levels,
    }
}

const CODES: &[Code] = &[
    code(
        "unstaffed",
        &["window", "group"],
        POST,
        "疑似空岗: on duty, nobody at the window (or at enough windows of the group) for longer than the limits of the rules, without an excuse.",
    ),
    code(
        "late_open",
        &["window", "group"],
        POST,
        "疑似迟开: not staffed from the start of duty on, for longer than the grace.",
    ),
    code(
        "hall_unstaffed",
        &["hall"],
        POST,
        "疑似全厅空岗: no window of the hall that is on duty is staffed.",
    ),
    code(
        "customer_unattended",
        &["window"],
        POST,
        "疑似有人无人接待: somebody waits at a window on duty and nobody serves there.",
    ),
    code(
        "pause_overrun",
        &["window", "group"],
        POST,
        "暂停超时: declared paused for longer than the limit.",
    ),
    code(
        "pause_quota",
        &["window", "group"],
        INFO,
        "暂停次数过多: declared paused more often on a day than the quota.",
    ),
    code(
        "queue_long",
        &["queue"],
        POST,
        "疑似排队过长: at least so many people for longer than the limit; `peak` is the most there were.",
    ),
    code(
        "long_wait",
        &["queue"],
        POST,
        "疑似等候过长: the estimated wait is over its limit for long enough; `wait_est_s` is the estimate.",
    ),
    code(
        "no_new_window",
        &["queue"],
        POST,
        "未增开窗口: a queue is long, a further window could be opened, and none was.",
    ),
    code("camera_offline", CAMERA, FAULT, "摄像机离线: no pictures."),
    code("camera_dark", CAMERA, FAULT, "画面过暗: too dark to judge."),
    code(
        "camera_blocked",
        CAMERA,
        FAULT,
        "画面被遮挡: the lens is covered.",
    ),
    code("camera_blurry", CAMERA, FAULT, "画面模糊: out of focus."),
    code(
        "camera_frozen",
        CAMERA,
        FAULT,
        "画面冻结: the same picture again and again.",
    ),
    code(
        "camera_moved",
        CAMERA,
        FAULT,
        "机位移动: the view is no longer the one signed off.",
    ),
    code(
        "sensor_fault",
        &["sensor"],
        FAULT,
        "传感器故障: silent, defect, or not believed (see `tags`).",
    ),
    code(
        "sensor_conflict",
        &["sensor"],
        FAULT,
        "传感器与视频矛盾: sensor and video contradict each other for longer than the limit; the window is unknown meanwhile.",
    ),
    code(
        "gateway_offline",
        &["gateway"],
        FAULT,
        "网关离线: what all sensors of a gateway come by is away.",
    ),
    code(
        "source_mismatch",
        &["queue"],
        INFO,
        "数据源不一致: ticket machine and video disagree about a queue.",
    ),
    code(
        "static_presence_suspect",
        &["window"],
        INFO,
        "疑似静物: what video takes for somebody has not moved for a long time; only worth a look.",
    ),
    code(
        "time_unsynced",
        BOX,
        FAULT,
        "时间未同步: nobody keeps the box's clock.",
    ),
    code(
        "clock_step",
        BOX,
        INFO,
        "时钟跳变: the wall clock was set by more than a moment; durations are not affected.",
    ),
    code(
        "storage_low",
        BOX,
        FAULT,
        "存储空间不足: the disk is nearly full.",
    ),
    code(
        "power_restored",
        BOX,
        INFO,
        "恢复运行: the box runs again after it had no power or was killed.",
    ),
    code(
        "config_changed",
        BOX,
        INFO,
        "配置已更改: another configuration (or calendar) is in force; `evidence_sources` names its hash.",
    ),
    code(
        "model_changed",
        BOX,
        INFO,
        "模型已更改: another model is in use; `evidence_sources` names its hash.",
    ),
    code(
        "calendar_missing",
        &["hall"],
        INFO,
        "缺少下一年度日历: no calendar speaks for this year, or from 1 December on for the next.",
    ),
];

/// `data.code`, with what every word means.
pub fn words() -> Value {
    let known: Vec<&str> = CODES.iter().map(|code| code.name).collect();
    for word in CodeWord::ALL {
        assert!(known.contains(word), "codes.rs does not explain {word}");
    }
    assert_eq!(known.len(), CodeWord::ALL.len(), "codes.rs knows too many");
    let one = |code: &Code| json!({"const": code.name, "description": code.means});
    json!({
        "type": "string",
        "description": "What is suspected.",
        "oneOf": CODES.iter().map(one).collect::<Vec<_>>(),
    })
}

/// What follows from the code: for `allOf` of an event's `data`.
pub fn consequences() -> Vec<Value> {
    let one = |code: &Code| {
        let of_queue = code.subjects == ["queue"] && code.levels == POST;
        let mut then = json!({
            "subject_kind": {"enum": code.subjects},
            "level": {"enum": code.levels},
        });
        if !of_queue {
            then["peak"] = json!({"type": "null"});
            then["mitigated_at"] = json!(false);
        }
        if code.name != "long_wait" {
            then["wait_est_s"] = json!(false);
        }
        json!({
            "if": {"properties": {"code": {"const": code.name}}},
            "then": {"properties": then},
        })
    };
    let mut all: Vec<Value> = CODES.iter().map(one).collect();
    let open = |state: &str, then: Value| {
        json!({
            "if": {"properties": {"state": {"const": state}}},
            "then": {"properties": then},
        })
    };
    all.push(open(
        "open",
        json!({"end": {"type": "null"}, "end_reason": {"type": "null"}, "phase": {"enum": ["raised", "updated", "revised"]}}),
    ));
    all.push(open(
        "closed",
        json!({"end": {"type": "string"}, "end_reason": {"type": "string"}}),
    ));
    all
}
