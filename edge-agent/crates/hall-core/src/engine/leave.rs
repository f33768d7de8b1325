//! Approved leave: which is in force, and what leave entered, replaced or cancelled by an order changes.

use super::Engine;
use crate::config::Leave;
use crate::event::EventId;
use crate::ids::{LeaveId, WindowId};
use crate::order::{Actor, Refusal, Role};
use crate::time::HallTime;

impl Engine {
    /// Approved leave for windows, also afterwards.
    pub(super) fn grant_leave(
        &mut self,
        _at: HallTime,
        _given: HallTime,
        by: &Actor,
        leave: &Leave,
    ) -> Result<Vec<EventId>, Refusal> {
        if leave.windows.is_empty() || leave.from_local_ms >= leave.to_local_ms {
            return Err(Refusal::Invalid);
        }
        if leave
            .windows
            .iter()
            .any(|window| self.core.layout.window(window).is_none())
        {
            return Err(Refusal::Unknown);
        }
        may_decide(by, &leave.windows)?;
        let all = &mut self.core.cfg.duty.leave;
        all.retain(|known| known.id != leave.id);
        all.push(leave.clone());
        Ok(Vec::new())
    }

    /// 销假: the leave ends now, or never begins.
    pub(super) fn cancel_leave(
        &mut self,
        _at: HallTime,
        by: &Actor,
        id: &LeaveId,
    ) -> Result<Vec<EventId>, Refusal> {
        let all = &mut self.core.cfg.duty.leave;
        let Some(ix) = all.iter().position(|leave| &leave.id == id) else {
            return Err(Refusal::Unknown);
        };
        may_decide(by, &all[ix].windows)?;
        all.remove(ix);
        Ok(Vec::new())
    }
}

/// Only who answers for the hall or supervises it decides about leave; those whose windows they are never do.
fn may_decide(by: &Actor, windows: &[WindowId]) -> Result<(), Refusal> {
    let in_scope = |window: &WindowId| by.windows.is_empty() || by.windows.contains(window);
    match by.role {
        Role::ChiefRepresentative if windows.iter().any(in_scope) => Err(Refusal::OwnCase),
        Role::Province | Role::Supervisor | Role::HallManager if windows.iter().all(in_scope) => {
            Ok(())
        }
        Role::Province | Role::Supervisor | Role::HallManager => Err(Refusal::Scope),
        _ => Err(Refusal::Role),
    }
}
