//! Which zone of which picture belongs to which window or queue. Built once per configuration; turns a picture's zone
//! counts into views per window and queue. Judges nothing.

use std::collections::HashMap;

use crate::config::{EngineConfig, ZoneKind};
use crate::ids::{CameraId, GatewayId, QueueId, SensorId, TrackId, WindowId, ZoneId};
use crate::observe::ZoneSnapshot;
use crate::time::HallTime;

/// A camera that has zones of a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WindowCamera {
    /// Index of the camera.
    pub camera: usize,
    /// Its id.
    pub name: String,
    /// It has a staff zone, not only an extended or counter zone.
    pub sees_post: bool,
}

/// What one picture shows of one window; `None`: the picture's list lacks those zones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WindowView {
    /// People in staff and extended zones together.
    pub staff: Option<u32>,
    /// People in staff zones alone.
    pub at_seat: Option<u32>,
    /// People at the counter.
    pub customers: Option<u32>,
    /// When the last of those in staff and extended zones moved; `None`: nobody there, or nobody knows.
    pub still_since: Option<HallTime>,
    /// Somebody is there of whom nobody knows when they moved.
    pub lively: bool,
}

/// What one picture shows of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QueueView {
    pub count: u32,
    pub tracks: Vec<TrackId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Staff(usize),
    Extended(usize),
    Counter(usize),
    Queue(usize),
}

/// Index of everything by id.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    cameras: HashMap<CameraId, usize>,
    windows: HashMap<WindowId, usize>,
    sensors: HashMap<SensorId, usize>,
    zones: HashMap<ZoneId, (usize, Role)>,
    /// Gateways of sensors, in the order in which sensors name them.
    pub gateways: Vec<GatewayId>,
    /// Per sensor, the gateways its messages pass through, nearest first.
    pub sensor_gateways: Vec<Vec<usize>>,
    /// Per gateway, those farther out that its own messages pass through.
    pub outer_gateways: Vec<Vec<usize>>,
    /// Cameras per window.
    pub window_cameras: Vec<Vec<WindowCamera>>,
    /// Cameras per queue, in configured order.
    pub queue_cameras: Vec<Vec<(usize, String)>>,
}

impl Layout {
    pub fn new(cfg: &EngineConfig) -> Self {
        let cameras: HashMap<CameraId, usize> = index(&cfg.cameras);
        let windows: HashMap<WindowId, usize> = cfg
            .windows
            .iter()
            .enumerate()
            .map(|(i, w)| (w.id.clone(), i))
            .collect();
        let queues: HashMap<QueueId, usize> = cfg
            .queues
            .iter()
            .enumerate()
            .map(|(i, q)| (q.id.clone(), i))
            .collect();
        let mut zones = HashMap::new();
        for zone in &cfg.zones {
            let Some(&camera) = cameras.get(&zone.camera) else {
                continue;
            };
            let role = match &zone.kind {
                ZoneKind::Staff(w) => windows.get(w).map(|i| Role::Staff(*i)),
                ZoneKind::StaffExtended(w) => windows.get(w).map(|i| Role::Extended(*i)),
                ZoneKind::Counter(w) => windows.get(w).map(|i| Role::Counter(*i)),
                ZoneKind::Queue(q) => queues.get(q).map(|i| Role::Queue(*i)),
            };
            if let Some(role) = role {
                zones.insert(zone.id.clone(), (camera, role));
            }
        }
        let mut window_cameras = vec![Vec::new(); cfg.windows.len()];
        let mut queue_cameras = vec![Vec::new(); cfg.queues.len()];
        for (camera, id) in cfg.cameras.iter().enumerate() {
            let roles = || {
                zones
                    .values()
                    .filter(|(c, _)| *c == camera)
                    .map(|(_, role)| *role)
            };
            for (w, list) in window_cameras.iter_mut().enumerate() {
                let mine = |r: &Role| matches!(r, Role::Staff(i) | Role::Extended(i) | Role::Counter(i) if *i == w);
                if roles().any(|r| mine(&r)) {
                    let sees_post = roles().any(|r| r == Role::Staff(w));
                    list.push(WindowCamera {
                        camera,
                        name: id.to_string(),
                        sees_post,
                    });
                }
            }
            for (q, list) in queue_cameras.iter_mut().enumerate() {
                if roles().any(|r| r == Role::Queue(q)) {
                    list.push((camera, id.to_string()));
                }
            }
        }
        let sensors = cfg
            .sensors
            .iter()
            .enumerate()
            .map(|(i, s)| (s.id.clone(), i))
            .collect();
        let mut gateways: Vec<GatewayId> = Vec::new();
        for gateway in cfg.sensors.iter().flat_map(|s| &s.gateways) {
            if !gateways.contains(gateway) {
                gateways.push(gateway.clone());
            }
        }
        let place = |id: &GatewayId| gateways.iter().position(|known| known == id);
        let sensor_gateways: Vec<Vec<usize>> = (cfg.sensors.iter())
            .map(|s| s.gateways.iter().filter_map(place).collect())
            .collect();
        let mut outer_gateways = vec![Vec::new(); gateways.len()];
        for path in &sensor_gateways {
            for (n, inner) in path.iter().enumerate() {
                let outer: &mut Vec<usize> = &mut outer_gateways[*inner];
                outer.extend(&path[n + 1..]);
                outer.sort_unstable();
                outer.dedup();
            }
        }
        Layout {
            gateways,
            sensor_gateways,
            outer_gateways,
            cameras,
            windows,
            sensors,
            zones,
            window_cameras,
            queue_cameras,
        }
    }

    pub fn camera(&self, id: &CameraId) -> Option<usize> {
        self.cameras.get(id).copied()
    }

    pub fn window(&self, id: &WindowId) -> Option<usize> {
        self.windows.get(id).copied()
    }

    pub fn sensor(&self, id: &SensorId) -> Option<usize> {
        self.sensors.get(id).copied()
    }

    /// What a zone of this camera is for; `None`: it is unknown, or of another camera.
    fn role(&self, zone: &ZoneId, camera: usize) -> Option<Role> {
        let (owner, role) = *self.zones.get(zone)?;
        (owner == camera).then_some(role)
    }

    pub fn gateway(&self, id: &GatewayId) -> Option<usize> {
        self.gateways.iter().position(|gateway| gateway == id)
    }

    /// Sorts a picture's counts to windows and queues. Zones of other cameras and unknown zones are left out. A track that
    /// stands in two zones of one post or one line is one person.
    pub fn views(&self, picture: &ZoneSnapshot, camera: usize, out: &mut Views) {
        out.clear();
        for (place, count) in picture.zones.iter().enumerate() {
            let Some(role) = out.role(place, &count.zone, || self.role(&count.zone, camera)) else {
                continue;
            };
            let people = count
                .count
                .max(u32::try_from(count.tracks.len()).unwrap_or(u32::MAX));
            match role {
                Role::Staff(w) | Role::Extended(w) => {
                    let (view, seen) = out.window(w);
                    match count.still_since {
                        _ if people == 0 => {}
                        Some(since) => view.still_since = view.still_since.max(Some(since)),
                        None => view.lively = true,
                    }
                    let doubled = count.tracks.iter().filter(|t| seen.contains(t)).count() as u32;
                    seen.extend(count.tracks.iter().copied());
                    view.staff = Some(view.staff.unwrap_or(0).saturating_add(people - doubled));
                    if matches!(role, Role::Staff(_)) {
                        view.at_seat = Some(view.at_seat.unwrap_or(0).saturating_add(people));
                    }
                }
                Role::Counter(w) => {
                    let view = &mut out.window(w).0;
                    view.customers = Some(view.customers.unwrap_or(0).saturating_add(people));
                }
                Role::Queue(q) => {
                    let view = out.queue(q);
                    let before = view.tracks.len();
                    for track in &count.tracks {
                        if !view.tracks[..before].contains(track) {
                            view.tracks.push(*track);
                        }
                    }
                    let doubled = (before + count.tracks.len() - view.tracks.len()) as u32;
                    view.count = view.count.saturating_add(people - doubled);
                }
            }
        }
    }
}

/// A camera's picture sorted to windows and queues; reused from picture to picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Views {
    pub windows: Vec<(usize, WindowView)>,
    window_tracks: Vec<Vec<TrackId>>,
    pub queues: Vec<(usize, QueueView)>,
    /// What the zone at each place of the picture's list is for: cameras list their zones in the same order every time.
    roles: Vec<(ZoneId, Option<Role>)>,
}

impl Views {
    fn role(
        &mut self,
        place: usize,
        zone: &ZoneId,
        look_up: impl FnOnce() -> Option<Role>,
    ) -> Option<Role> {
        match self.roles.get(place) {
            Some((known, role)) if known == zone => *role,
            _ => {
                let role = look_up();
                self.roles.truncate(place);
                self.roles.push((zone.clone(), role));
                role
            }
        }
    }

    fn clear(&mut self) {
        self.windows.clear();
        self.window_tracks.clear();
        self.queues.clear();
    }

    fn window(&mut self, w: usize) -> (&mut WindowView, &mut Vec<TrackId>) {
        let at = match self.windows.iter().position(|(i, _)| *i == w) {
            Some(at) => at,
            None => {
                self.windows.push((w, WindowView::default()));
                self.window_tracks.push(Vec::new());
                self.windows.len() - 1
            }
        };
        (&mut self.windows[at].1, &mut self.window_tracks[at])
    }

    fn queue(&mut self, q: usize) -> &mut QueueView {
        let at = match self.queues.iter().position(|(i, _)| *i == q) {
            Some(at) => at,
            None => {
                self.queues.push((q, QueueView::default()));
                self.queues.len() - 1
            }
        };
        &mut self.queues[at].1
    }
}

fn index(ids: &[CameraId]) -> HashMap<CameraId, usize> {
    ids.iter()
        .enumerate()
        .map(|(i, id)| (id.clone(), i))
        .collect()
}
