//! Who asks, and what of the hall is shown to them. What a role may is decided by `hall_core::access`; here it is applied to what the page
//! is fed with.

use std::borrow::Cow;
use std::sync::Arc;

use edge_accounts::{Audited, Deed, Moment, Signed};
use hall_core::access::{Right, Scope, may, sees_event};
use hall_core::case::Concern;
use hall_core::config::{Zone, ZoneKind};
use hall_core::ids::{CameraId, QueueId, WindowId};
use hall_core::order::{Actor, Role};
use hall_core::snapshot::HallSnapshot;
use hall_wire::event::{EventRecord, parse_code, parse_subject};
use hall_wire::name::role_name;

use super::error::ApiError;
use super::inputs::HallInfo;

/// Rights without an account where accounts are off: whoever reaches loopback reads, and nobody is named who could decide.
const LOCAL: &[Right] = &[
    Right::Names,
    Right::Board,
    Right::Events,
    Right::Figures,
    Right::Pictures,
    Right::Health,
];

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Viewer {
    /// Accounts are off: whoever reaches loopback.
    Local,
    /// Whoever has the monitor token.
    Monitor,
    /// Somebody who is signed in.
    Signed(Arc<SignedIn>),
    /// Nobody who could be told from another.
    Nobody,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub(super) struct SignedIn {
    /// Account, role and session as of this request.
    pub signed: Signed,
    /// The session's token.
    pub token: String,
    /// The windows it is limited to now.
    pub scope: Scope,
}

/// Where a request comes from, for the access log.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// Address without port.
    pub address: std::net::IpAddr,
    /// When it came.
    pub now: Moment,
}

impl Viewer {
    /// Whether a right is there.
    pub fn may(&self, right: Right) -> bool {
        match self {
            Viewer::Local => LOCAL.contains(&right),
            Viewer::Monitor => right == Right::Health,
            // Figures are of the whole hall and cannot be cut to windows.
            Viewer::Signed(who) => {
                !who.signed.password_due
                    && may(who.signed.role, right)
                    && (right != Right::Figures || who.scope == Scope::Hall)
            }
            Viewer::Nobody => false,
        }
    }

    /// The account that is signed in.
    ///
    /// # Errors
    /// 401 when nobody is: the gate lets nobody that far.
    pub fn signed(&self) -> Result<&SignedIn, ApiError> {
        match self {
            Viewer::Signed(who) => Ok(who),
            _ => Err(ApiError::signed_out()),
        }
    }

    fn scope(&self) -> &Scope {
        match self {
            Viewer::Signed(who) => &who.scope,
            _ => &Scope::Hall,
        }
    }

    /// Whether an event is shown, by code, kind and id of its subject as in its record.
    pub fn sees(&self, hall: &HallInfo, code: &str, subject_kind: &str, subject: &str) -> bool {
        let Viewer::Signed(who) = self else {
            return true;
        };
        // What a newer version wrote and this one cannot place is shown to whoever sees the whole hall.
        let (Some(code), Some(subject)) = (parse_code(code), parse_subject(subject_kind, subject))
        else {
            return who.scope == Scope::Hall && who.signed.role != Role::Patrol;
        };
        let concern = Concern::of(&subject, &hall.engine);
        sees_event(who.signed.role, &who.scope, code, &concern)
    }

    /// [`Viewer::sees`] of a record.
    pub fn sees_record(&self, hall: &HallInfo, record: &EventRecord) -> bool {
        self.sees(hall, &record.code, &record.subject_kind, &record.subject)
    }

    /// The hall as far as it is shown.
    pub fn hall<'a>(&self, hall: &'a HallInfo) -> Cow<'a, HallInfo> {
        let scope = self.scope();
        if *scope == Scope::Hall {
            return Cow::Borrowed(hall);
        }
        let mut shown = hall.clone();
        shown.windows.retain(|window| scope.holds(&window.id));
        shown.queues.retain(|queue| scope.touches(&queue.windows));
        shown.sensors.retain(|sensor| scope.holds(&sensor.window));
        shown
            .cameras
            .retain(|camera| self.sees_camera(hall, &camera.id));
        shown.zones.retain(|zone| match &zone.kind {
            ZoneKind::Queue(queue) => self.sees_queue(hall, queue),
            ZoneKind::Staff(window)
            | ZoneKind::StaffExtended(window)
            | ZoneKind::Counter(window) => scope.holds(window),
        });
        Cow::Owned(shown)
    }

    /// The present view as far as it is shown.
    pub fn snapshot<'a>(
        &self,
        hall: &HallInfo,
        snapshot: &'a HallSnapshot,
    ) -> Cow<'a, HallSnapshot> {
        let scope = self.scope();
        if *scope == Scope::Hall {
            return Cow::Borrowed(snapshot);
        }
        let of_sensor = |id: &_| hall.sensors.iter().find(|s| s.id == *id).map(|s| &s.window);
        let mut shown = snapshot.clone();
        shown.windows.retain(|window| scope.holds(&window.window));
        shown
            .queues
            .retain(|queue| self.sees_queue(hall, &queue.queue));
        shown
            .cameras
            .retain(|camera| self.sees_camera(hall, &camera.camera));
        shown
            .sensors
            .retain(|sensor| of_sensor(&sensor.sensor).is_some_and(|w| scope.holds(w)));
        Cow::Owned(shown)
    }

    /// A camera is shown when nothing but the scope's windows is on it.
    pub fn sees_camera(&self, hall: &HallInfo, camera: &CameraId) -> bool {
        let on_it: Vec<WindowId> = hall
            .zones
            .iter()
            .filter(|zone| zone.camera == *camera)
            .flat_map(|zone| windows_of(zone, hall))
            .collect();
        self.scope().covers(&on_it)
    }

    fn sees_queue(&self, hall: &HallInfo, queue: &QueueId) -> bool {
        let queue = hall.queues.iter().find(|q| q.id == *queue);
        queue.is_some_and(|queue| self.scope().touches(&queue.windows))
    }

    /// Who gives an order.
    ///
    /// # Errors
    /// 401 when nobody is signed in; 403 when the account is limited to windows and has none any more.
    pub fn actor(&self) -> Result<Actor, ApiError> {
        let who = self.signed()?;
        let windows = match &who.scope {
            Scope::Hall => Vec::new(),
            // For the engine no window means the whole hall.
            Scope::Windows(windows) if windows.is_empty() => {
                return Err(ApiError::forbidden(
                    "scope",
                    "No window of this hall belongs to this account any more; ask whoever manages the accounts.",
                ));
            }
            Scope::Windows(windows) => windows.clone(),
        };
        Ok(Actor {
            id: who.signed.account.clone(),
            role: who.signed.role,
            windows,
        })
    }

    /// A line of the access log about what this viewer does.
    pub fn audited(&self, origin: &Origin, deed: Deed, object: String, why: &str) -> Audited {
        let (who, role) = match self {
            Viewer::Signed(who) => (who.signed.account.clone(), role_name(who.signed.role)),
            _ => (String::new(), ""),
        };
        Audited {
            who,
            role: role.into(),
            from: origin.address.to_string(),
            deed,
            object,
            why: why.into(),
            tx: String::new(),
        }
    }
}

fn windows_of(zone: &Zone, hall: &HallInfo) -> Vec<WindowId> {
    match &zone.kind {
        ZoneKind::Staff(window) | ZoneKind::StaffExtended(window) | ZoneKind::Counter(window) => {
            vec![window.clone()]
        }
        // A queue of the whole hall shows everybody's customers.
        ZoneKind::Queue(queue) => {
            let queue = hall.queues.iter().find(|q| q.id == *queue);
            match queue.map(|q| q.windows.as_slice()) {
                Some([]) | None => hall.windows.iter().map(|w| w.id.clone()).collect(),
                Some(windows) => windows.to_vec(),
            }
        }
    }
}
