//! What seldom happens, field by field: sources, tickets, orders, facts about the box. Knows no file.

use hall_core::HallTime;
use hall_core::config::Leave;
use hall_core::event::EventId;
use hall_core::observe::{FaultCause, SourceHealth, SourceId, SystemFact, Ticket};
use hall_core::order::{Actor, Directive, EventRef, Order};
use hall_wire::event::{parse_subject, subject_parts};
use hall_wire::name::{
    action_name, case_reason_name, code_name, parse_action, parse_case_reason, parse_code,
    parse_role, parse_ticket_state, role_name, ticket_state_name,
};

use crate::bytes::{In, Out};

const CAUSES: [FaultCause; 8] = [
    FaultCause::Offline,
    FaultCause::Dark,
    FaultCause::Blocked,
    FaultCause::Blurry,
    FaultCause::Frozen,
    FaultCause::Moved,
    FaultCause::Defect,
    FaultCause::Unanalysed,
];

pub(crate) fn put_source(out: &mut Out, at: HallTime, health: &SourceHealth) {
    let (kind, id) = match &health.source {
        SourceId::Camera(id) => (0, id.as_str()),
        SourceId::Sensor(id) => (1, id.as_str()),
        SourceId::Gateway(id) => (2, id.as_str()),
        SourceId::Tickets(id) => (3, id.as_str()),
    };
    out.byte(kind);
    out.text(id);
    out.signed(at.since_ms(health.at));
    let cause = health
        .down
        .and_then(|down| CAUSES.iter().position(|cause| *cause == down));
    out.byte(cause.map_or(0, |ix| ix as u8 + 1));
}

pub(crate) fn get_source(read: &mut In<'_>, at: HallTime) -> Option<SourceHealth> {
    let kind = read.byte()?;
    let id = read.text()?;
    let source = match kind {
        0 => SourceId::Camera(id.into()),
        1 => SourceId::Sensor(id.into()),
        2 => SourceId::Gateway(id.into()),
        3 => SourceId::Tickets(id.into()),
        _ => return None,
    };
    let at = at.plus_ms(-read.ms()?);
    let down = match read.byte()? {
        0 => None,
        n => Some(*CAUSES.get(usize::from(n) - 1)?),
    };
    Some(SourceHealth { source, at, down })
}

pub(crate) fn put_ticket(out: &mut Out, at: HallTime, ticket: &Ticket) {
    out.text(ticket.queue.as_str());
    out.text(&ticket.number);
    out.text(ticket.window.as_ref().map_or("", |window| window.as_str()));
    out.text(ticket_state_name(ticket.state));
    out.signed(at.since_ms(ticket.at));
    for instant in [
        ticket.taken_at,
        ticket.called_at,
        ticket.start_at,
        ticket.end_at,
    ] {
        out.maybe(instant.map(|instant| at.since_ms(instant)));
    }
    out.number(u64::from(ticket.party));
}

pub(crate) fn get_ticket(read: &mut In<'_>, at: HallTime) -> Option<Ticket> {
    let queue = read.text()?.into();
    let number = read.text()?.to_owned();
    let window = Some(read.text()?).filter(|id| !id.is_empty());
    let state = parse_ticket_state(read.text()?)?;
    let said = at.plus_ms(-read.ms()?);
    let mut instant = || Some(read.maybe_ms()?.map(|ms| at.plus_ms(-ms)));
    Some(Ticket {
        queue,
        at: said,
        number,
        window: window.map(Into::into),
        state,
        taken_at: instant()?,
        called_at: instant()?,
        start_at: instant()?,
        end_at: instant()?,
        party: u32::try_from(read.number()?).ok()?,
    })
}

pub(crate) fn put_system(out: &mut Out, at: HallTime, fact: &SystemFact) {
    match fact {
        SystemFact::StorageLow(low) => {
            out.byte(0);
            out.flag(*low);
        }
        SystemFact::PowerRestored(since) => {
            out.byte(1);
            out.signed(at.since_ms(*since));
        }
        SystemFact::ConfigChanged(sha256) => {
            out.byte(2);
            out.text(sha256);
        }
        SystemFact::ModelChanged(sha256) => {
            out.byte(3);
            out.text(sha256);
        }
    }
}

pub(crate) fn get_system(read: &mut In<'_>, at: HallTime) -> Option<SystemFact> {
    Some(match read.byte()? {
        0 => SystemFact::StorageLow(read.flag()?),
        1 => SystemFact::PowerRestored(at.plus_ms(-read.ms()?)),
        2 => SystemFact::ConfigChanged(read.text()?.to_owned()),
        3 => SystemFact::ModelChanged(read.text()?.to_owned()),
        _ => return None,
    })
}

pub(crate) fn put_order(out: &mut Out, at: HallTime, order: &Order) {
    out.text(&order.tx);
    out.signed(at.since_ms(order.at));
    out.text(&order.by.id);
    out.text(role_name(order.by.role));
    out.number(order.by.windows.len() as u64);
    for window in &order.by.windows {
        out.text(window.as_str());
    }
    match &order.what {
        Directive::GrantLeave(leave) => {
            out.byte(0);
            put_leave(out, leave);
        }
        Directive::CancelLeave(id) => {
            out.byte(1);
            out.text(id.as_str());
        }
        Directive::Case {
            event,
            action,
            reason,
        } => {
            out.byte(2);
            put_event(out, event);
            out.text(action_name(*action));
            out.text(case_reason_name(*reason));
        }
    }
}

pub(crate) fn get_order(read: &mut In<'_>, at: HallTime) -> Option<Order> {
    let tx = read.text()?.to_owned();
    let given = at.plus_ms(-read.ms()?);
    let id = read.text()?.to_owned();
    let role = parse_role(read.text()?)?;
    let windows = (0..read.count()?)
        .map(|_| Some(read.text()?.into()))
        .collect::<Option<_>>()?;
    let what = match read.byte()? {
        0 => Directive::GrantLeave(get_leave(read)?),
        1 => Directive::CancelLeave(read.text()?.into()),
        2 => Directive::Case {
            event: get_event(read)?,
            action: parse_action(read.text()?)?,
            reason: parse_case_reason(read.text()?)?,
        },
        _ => return None,
    };
    Some(Order {
        tx,
        at: given,
        by: Actor { id, role, windows },
        what,
    })
}

fn put_leave(out: &mut Out, leave: &Leave) {
    out.text(leave.id.as_str());
    out.number(leave.windows.len() as u64);
    for window in &leave.windows {
        out.text(window.as_str());
    }
    out.signed(leave.from_local_ms);
    out.signed(leave.to_local_ms);
    out.text(&leave.approved_by);
    out.text(leave.cover.as_ref().map_or("", |window| window.as_str()));
}

fn get_leave(read: &mut In<'_>) -> Option<Leave> {
    Some(Leave {
        id: read.text()?.into(),
        windows: (0..read.count()?)
            .map(|_| Some(read.text()?.into()))
            .collect::<Option<_>>()?,
        from_local_ms: read.ms()?,
        to_local_ms: read.ms()?,
        approved_by: read.text()?.to_owned(),
        cover: Some(read.text()?)
            .filter(|id| !id.is_empty())
            .map(Into::into),
    })
}

fn put_event(out: &mut Out, event: &EventRef) {
    match event {
        EventRef::Id(id) => {
            out.byte(0);
            out.number((id.0 >> 64) as u64);
            out.number(id.0 as u64);
        }
        EventRef::Newest {
            code,
            subject,
            onset_unix_ms,
        } => {
            out.byte(1);
            out.text(code_name(*code));
            let (kind, id) = subject_parts(subject);
            out.text(kind);
            out.text(id);
            out.maybe(*onset_unix_ms);
        }
    }
}

fn get_event(read: &mut In<'_>) -> Option<EventRef> {
    Some(match read.byte()? {
        0 => {
            let high = u128::from(read.number()?);
            EventRef::Id(EventId(high << 64 | u128::from(read.number()?)))
        }
        1 => EventRef::Newest {
            code: parse_code(read.text()?)?,
            subject: {
                let kind = read.text()?;
                parse_subject(kind, read.text()?)?
            },
            onset_unix_ms: read.maybe_ms()?,
        },
        _ => return None,
    })
}
