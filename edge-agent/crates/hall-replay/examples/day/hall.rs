//! The hall of the benchmark as a configuration file: forty windows before ten cameras, four of them also before an overview
//! camera, eight queues before two overview cameras, seat sensors and pause switches.

use std::fmt::{self, Write as _};

pub const WINDOWS: usize = 40;
pub const QUEUES: usize = 8;
/// Cameras that see windows; the two after them see queues.
pub const WINDOW_CAMERAS: usize = 10;
pub const CAMERAS: usize = WINDOW_CAMERAS + 2;
pub const PER_CAMERA: usize = WINDOWS / WINDOW_CAMERAS;

/// A zone: its id, camera and what it is for.
pub struct Zone {
    pub id: String,
    pub camera: usize,
    pub role: Role,
}

/// What a zone is for; windows and queues by number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Staff(usize),
    Extended(usize),
    Counter(usize),
    Queue(usize),
}

/// A seat sensor at every fourth window, a pause switch at every twentieth.
pub fn sensors() -> Vec<(String, usize, &'static str)> {
    let seats = (0..WINDOWS)
        .step_by(4)
        .map(|w| (format!("W{w}-seat"), w, "seat"));
    let pauses = (0..WINDOWS)
        .step_by(20)
        .map(|w| (format!("W{w}-pause"), w, "pause"));
    seats.chain(pauses).collect()
}

pub fn camera_name(camera: usize) -> String {
    format!("cam{camera}")
}

/// Ids as the configuration gives them.
pub fn zones() -> Vec<Zone> {
    let mut zones = Vec::new();
    for w in 0..WINDOWS {
        for (kind, role) in [
            ("staff", Role::Staff(w)),
            ("staff_extended", Role::Extended(w)),
            ("counter", Role::Counter(w)),
        ] {
            zones.push(Zone {
                id: format!("W{w}.{kind}"),
                camera: w / PER_CAMERA,
                role,
            });
        }
    }
    for w in 0..PER_CAMERA {
        zones.push(Zone {
            id: format!("W{w}.staff.2"),
            camera: WINDOW_CAMERAS,
            role: Role::Staff(w),
        });
    }
    for q in 0..QUEUES {
        let camera = WINDOW_CAMERAS + q * 2 / QUEUES;
        zones.push(Zone {
            id: format!("Q{q}@{}", camera_name(camera)),
            camera,
            role: Role::Queue(q),
        });
    }
    zones
}

/// `hall.toml`.
pub fn toml() -> Result<String, fmt::Error> {
    let mut text = String::from(
        "[hall]\nid = \"511921-040\"\nname = { zh = \"基准大厅\", en = \"Benchmark hall\" }\narea = [\"51\", \"5119\", \"511921\"]\n\
         utc_offset = \"+08:00\"\n\n[box]\nid = \"b1\"\n",
    );
    for c in 0..CAMERAS {
        write!(
            text,
            "\n[[cameras]]\nid = \"{0}\"\nname = {{ zh = \"{0}\", en = \"{0}\" }}\nurl = \"rtsp://127.0.0.1:8554/{0}\"\n",
            camera_name(c)
        )?;
    }
    for w in 0..WINDOWS {
        write!(
            text,
            "\n[[windows]]\nid = \"W{w}\"\nname = {{ zh = \"窗口{w}\", en = \"Window {w}\" }}\n"
        )?;
        let left = 0.2 * (w % PER_CAMERA) as f64 + 0.1;
        for (kind, camera, top) in [
            ("staff", w / PER_CAMERA, 0.3),
            ("staff_extended", w / PER_CAMERA, 0.1),
            ("counter", w / PER_CAMERA, 0.6),
            ("staff", WINDOW_CAMERAS, 0.1),
        ] {
            if camera == WINDOW_CAMERAS && w >= PER_CAMERA {
                continue;
            }
            let (right, bottom) = (left + 0.15, top + 0.15);
            write!(
                text,
                "\n[[windows.zones]]\nkind = \"{kind}\"\ncamera = \"{}\"\npolygon = [[{left:.2}, {top:.2}], [{right:.2}, \
                 {top:.2}], [{right:.2}, {bottom:.2}], [{left:.2}, {bottom:.2}]]\n",
                camera_name(camera)
            )?;
        }
    }
    for q in 0..QUEUES {
        let left = 0.2 * (q % 4) as f64 + 0.1;
        let right = left + 0.15;
        let fed: Vec<String> = (0..WINDOWS)
            .filter(|w| w % QUEUES == q)
            .map(|w| format!("\"W{w}\""))
            .collect();
        write!(
            text,
            "\n[[queues]]\nid = \"Q{q}\"\nname = {{ zh = \"队列{q}\", en = \"Queue {q}\" }}\nwindows = [{}]\ncapacity = 20\n\n\
             [[queues.zones]]\ncamera = \"{}\"\npolygon = [[{left:.2}, 0.50], [{right:.2}, 0.50], [{right:.2}, 0.90], \
             [{left:.2}, 0.90]]\n",
            fed.join(", "),
            camera_name(WINDOW_CAMERAS + q * 2 / QUEUES)
        )?;
    }
    for (id, w, kind) in sensors() {
        write!(
            text,
            "\n[[sensors]]\nid = \"{id}\"\nwindow = \"W{w}\"\nkind = \"{kind}\"\ntype = \"zigbee2mqtt\"\ntopic = \
             \"zigbee2mqtt/{id}\"\n"
        )?;
        if kind == "pause" {
            text.push_str("property = \"state\"\n");
        }
    }
    text.push_str("\n[sensor_broker]\nurl = \"mqtt://127.0.0.1:1883\"\n\n[duty]\n");
    for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] {
        writeln!(text, "{day} = [\"09:00-12:00\", \"13:00-17:00\"]")?;
    }
    Ok(text)
}
