//! Ticket machines.

use std::collections::BTreeMap;

use hall_core::ids::{QueueId, WindowId};
use hall_core::observe::TicketState;

use crate::mistake::quote;
use crate::raw::{RawConfig, RawNamedWindow, RawTicketAdapter, RawTicketNames, RawTickets};
use crate::ticket::{TicketAdapter, TicketNames, TicketSource};
use crate::validate::sensor::{concrete, required};
use crate::validate::{Check, secret};

/// Days for which files are kept unless the configuration says otherwise.
const KEEP_DAYS: u32 = 7;

/// Ticket machines with how to hear them.
pub(super) fn tickets(raw: &RawConfig, check: &mut Check<'_>) -> Vec<TicketSource> {
    check.ids("tickets", raw.tickets.iter().map(|t| t.id.as_str()));
    let mut fed = BTreeMap::new();
    let mut sources = Vec::with_capacity(raw.tickets.len());
    for (n, machine) in raw.tickets.iter().enumerate() {
        let path = format!("tickets[{n}]");
        keys(&path, machine, check);
        let queues = queues(&path, machine, raw, check);
        for (_, queue) in &queues {
            if let Some(first) = fed.insert(queue.clone(), path.clone())
                && first != path
            {
                check.mistake(
                    format!("{path}.queues"),
                    format!("{} is already fed by {first}", quote(queue.as_str())),
                    "one queue has one machine; list its queues under each",
                );
            }
        }
        let states = states(&path, machine, check);
        let windows = windows(&path, &machine.windows, raw, check);
        let Some(adapter) = adapter(&path, machine, check) else {
            continue;
        };
        sources.push(TicketSource {
            id: machine.id.clone(),
            adapter,
            stale_s: machine.stale_s,
            names: names(machine.names.as_ref()),
            states,
            queues,
            windows,
        });
    }
    for (n, queue) in raw.queues.iter().enumerate() {
        let id = QueueId::from(queue.id.as_str());
        if queue.tickets && !raw.tickets.is_empty() && !fed.contains_key(&id) {
            check.warn(
                format!("queues[{n}].tickets"),
                format!("no machine under [[tickets]] feeds {}", quote(&queue.id)),
                "list it under the queues of its machine; until then video counts",
            );
        }
    }
    sources
}

fn keys(path: &str, machine: &RawTickets, check: &mut Check<'_>) {
    use RawTicketAdapter::{Csv, Http, Mqtt};
    for (key, there, owner, name) in [
        ("token_file", machine.token_file.is_some(), Http, "http"),
        ("token_env", machine.token_env.is_some(), Http, "http"),
        ("topic", machine.topic.is_some(), Mqtt, "mqtt"),
        (
            "availability_topic",
            machine.availability_topic.is_some(),
            Mqtt,
            "mqtt",
        ),
        ("folder", machine.folder.is_some(), Csv, "csv"),
        ("keep_days", machine.keep_days.is_some(), Csv, "csv"),
    ] {
        if there && machine.adapter != owner {
            check.mistake(
                format!("{path}.{key}"),
                format!("{key} belongs to type {name}"),
                "take it out, or correct the type",
            );
        }
    }
}

fn adapter(path: &str, machine: &RawTickets, check: &mut Check<'_>) -> Option<TicketAdapter> {
    match machine.adapter {
        RawTicketAdapter::Http => secret::token(
            path,
            machine.token_file.as_deref(),
            machine.token_env.as_deref(),
            check,
        )
        .map(|token| TicketAdapter::Http { token }),
        RawTicketAdapter::Mqtt => {
            let hint = "the topic on which the machine publishes what happens";
            let topic = required(path, "topic", &machine.topic, hint, check)?;
            concrete(&format!("{path}.topic"), &topic, hint, check);
            if let Some(topic) = &machine.availability_topic {
                let hint = "the topic that says online or offline";
                concrete(&format!("{path}.availability_topic"), topic, hint, check);
            }
            Some(TicketAdapter::Mqtt {
                topic,
                availability_topic: machine.availability_topic.clone(),
            })
        }
        RawTicketAdapter::Csv => {
            let hint = "for example \"/var/lib/edge-agent/tickets\"";
            let folder = required(path, "folder", &machine.folder, hint, check)?;
            if folder.trim().is_empty() {
                check.mistake(format!("{path}.folder"), "the folder is empty", hint);
            }
            Some(TicketAdapter::Csv {
                folder: check.resolve(&folder),
                keep_days: machine.keep_days.unwrap_or(KEEP_DAYS),
            })
        }
    }
}

fn names(raw: Option<&RawTicketNames>) -> TicketNames {
    let name = |of: fn(&RawTicketNames) -> &Option<String>, default: &str| {
        raw.and_then(|names| of(names).clone())
            .unwrap_or_else(|| default.to_owned())
    };
    TicketNames {
        queue: name(|n| &n.queue, "queue"),
        ticket: name(|n| &n.ticket, "ticket"),
        window: name(|n| &n.window, "window"),
        state: name(|n| &n.state, "state"),
        taken_at: name(|n| &n.taken_at, "taken_at"),
        called_at: name(|n| &n.called_at, "called_at"),
        start_at: name(|n| &n.start_at, "start_at"),
        end_at: name(|n| &n.end_at, "end_at"),
        party: name(|n| &n.party, "party"),
    }
}

fn states(path: &str, machine: &RawTickets, check: &mut Check<'_>) -> Vec<(String, TicketState)> {
    let Some(states) = &machine.states else {
        return Vec::new();
    };
    let mut words: Vec<(String, TicketState)> = Vec::new();
    for (list, state) in [
        (&states.waiting, TicketState::Waiting),
        (&states.called, TicketState::Called),
        (&states.serving, TicketState::Serving),
        (&states.done, TicketState::Done),
        (&states.no_show, TicketState::NoShow),
        (&states.recalled, TicketState::Recalled),
        (&states.transferred, TicketState::Transferred),
        (&states.cancelled, TicketState::Cancelled),
    ] {
        for word in list {
            once(&format!("{path}.states"), &mut words, word, state, check);
        }
    }
    words
}

/// A word that means one thing only.
pub(super) fn once<T: Copy + PartialEq>(
    path: &str,
    words: &mut Vec<(String, T)>,
    word: &str,
    meaning: T,
    check: &mut Check<'_>,
) {
    let other = words
        .iter()
        .any(|(known, other)| known.eq_ignore_ascii_case(word) && *other != meaning);
    if other {
        check.mistake(
            path,
            format!("{} means two things", quote(word)),
            "leave it in one of the lists",
        );
    }
    words.push((word.to_owned(), meaning));
}

fn queues(
    path: &str,
    machine: &RawTickets,
    raw: &RawConfig,
    check: &mut Check<'_>,
) -> Vec<(String, QueueId)> {
    if machine.queues.is_empty() {
        let all: Vec<_> = (raw.queues.iter().filter(|queue| queue.tickets))
            .map(|queue| (queue.id.clone(), QueueId::from(queue.id.as_str())))
            .collect();
        if all.is_empty() {
            check.mistake(
                path,
                "it feeds no queue",
                "set tickets = true for the queues whose tickets it gives out",
            );
        }
        return all;
    }
    let mut names: Vec<(String, QueueId)> = Vec::new();
    for (n, named) in machine.queues.iter().enumerate() {
        let at = format!("{path}.queues[{n}].queue");
        let known = raw.queues.iter().map(|queue| queue.id.as_str());
        check.reference(&at, &named.queue, "queues", known);
        if raw.queues.iter().any(|q| q.id == named.queue && !q.tickets) {
            check.mistake(
                &at,
                format!("{} is not fed by tickets", quote(&named.queue)),
                "set tickets = true for it, or take it out here",
            );
        }
        if names.iter().any(|(name, _)| *name == named.name) {
            check.mistake(
                format!("{path}.queues[{n}].name"),
                format!("{} is there twice", quote(&named.name)),
                "one name is one queue",
            );
        }
        names.push((named.name.clone(), QueueId::from(named.queue.as_str())));
    }
    names
}

/// Windows by a machine's names; ids go with them.
pub(super) fn windows(
    path: &str,
    named: &[RawNamedWindow],
    raw: &RawConfig,
    check: &mut Check<'_>,
) -> Vec<(String, WindowId)> {
    let mut windows: Vec<(String, WindowId)> = Vec::new();
    for (n, named) in named.iter().enumerate() {
        let known = raw.windows.iter().map(|window| window.id.as_str());
        check.reference(
            &format!("{path}.windows[{n}].window"),
            &named.window,
            "windows",
            known,
        );
        if windows.iter().any(|(name, _)| *name == named.name) {
            check.mistake(
                format!("{path}.windows[{n}].name"),
                format!("{} is there twice", quote(&named.name)),
                "one name is one window",
            );
        }
        windows.push((named.name.clone(), WindowId::from(named.window.as_str())));
    }
    for window in &raw.windows {
        if !windows.iter().any(|(name, _)| *name == window.id) {
            windows.push((window.id.clone(), WindowId::from(window.id.as_str())));
        }
    }
    windows
}
