//! Carries out what the centre commands, and answers: decisions go to the hall as orders, questions to the log. Knows no MQTT and no
//! signature; what gets here is checked.

use std::sync::Arc;
use std::time::Duration;

use edge_config::{Config, ImportedCalendar};
use edge_uplink::clock::WallFn;
use edge_uplink::command::{Command, CommandGate, Reason, Refused, Reply, Verb};
use edge_uplink::{Commands, EventStore, Query};
use hall_core::event::EventId;
use hall_core::order::{Order, Refusal};
use hall_wire::calendar::CalendarRecord;
use hall_wire::event::{SealedRecord, event_id_text, parse_event_id};
use hall_wire::reply::{
    CalendarTakenRecord, ConfigRecord, EvidenceRecord, ReplyData, RevisionLine,
};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::links;
use crate::orders::{OrderDesk, OrderError};
use crate::supervise::{Criticality, Stage, Supervisor};
use crate::web::dto::RulesDto;

/// While the log cannot be written an order waits; the centre is told to give it again rather than left without an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most revisions of an event that an answer tells; the newest ones.
const REVISIONS_MAX: usize = 40;

/// Commands on their way to the desk. Full: the next one is answered as busy.
const COMMANDS_CAPACITY: usize = 16;
/// Answers on their way to the uplink. Full: the desk waits.
const REPLIES_CAPACITY: usize = 16;

/// What commands are carried out on.
#[derive(Clone)]
pub struct CentrePorts {
    /// The configuration in force; a calendar changes it.
    pub config: watch::Sender<Arc<Config>>,
    /// The box's clock.
    pub clock: Arc<Clock>,
    /// Where decisions go.
    pub orders: OrderDesk,
    /// Where questions go.
    pub store: Arc<dyn EventStore>,
}

/// Starts the desk; gives the uplink its end of it.
pub fn start(supervisor: &mut Supervisor, gate: CommandGate, ports: CentrePorts) -> Commands {
    let (desk, commands) = mpsc::channel(COMMANDS_CAPACITY);
    let (answers, replies) = mpsc::channel(REPLIES_CAPACITY);
    let commands = Arc::new(Mutex::new(commands));
    supervisor.start(
        "commands",
        Stage::Uplink,
        Criticality::Degradable,
        Box::new(move |cancel| {
            let desk = CentreDesk {
                wall: links::wall(&ports.clock),
                ports: ports.clone(),
                commands: commands.clone(),
                replies: answers.clone(),
            };
            Box::pin(async move { desk.run(cancel).await })
        }),
    );
    Commands {
        gate,
        desk,
        replies: Arc::new(Mutex::new(replies)),
    }
}

/// Where commands are carried out.
struct CentreDesk {
    ports: CentrePorts,
    /// Wall clock of the answers.
    wall: WallFn,
    /// Commands, checked. Shared over attempts.
    commands: Arc<Mutex<mpsc::Receiver<Command>>>,
    /// Answers.
    replies: mpsc::Sender<Reply>,
}

impl CentreDesk {
    /// Carries out one command after the other until cancelled. What goes wrong with a command is its answer.
    async fn run(&self, cancel: CancellationToken) -> anyhow::Result<()> {
        let mut commands = self.commands.lock().await;
        loop {
            let command = tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                command = commands.recv() => match command {
                    Some(command) => command,
                    None => return Ok(()),
                },
            };
            let reply = self.carry_out(command).await;
            if self.replies.send(reply).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn carry_out(&self, command: Command) -> Reply {
        let Command { tx, by, verb, .. } = command;
        let done = match verb {
            Verb::Order(what) => {
                let order = Order {
                    tx: tx.clone(),
                    at: self.ports.clock.now(),
                    by,
                    what,
                };
                self.give(order).await.map(|events| (events, None))
            }
            Verb::Evidence { event } => self
                .evidence(&event)
                .await
                .map(|data| (Vec::new(), Some(data))),
            Verb::Calendar(record) => {
                (self.calendar(&tx, &by.id, record).await).map(|taken| (Vec::new(), Some(taken)))
            }
            Verb::ConfigGet => Ok((Vec::new(), Some(self.settings()))),
            // Answered by the uplink itself, which alone knows what it has sent.
            Verb::Resync { .. } => Ok((Vec::new(), None)),
        };
        let at = (self.wall)().rfc3339();
        match done {
            Ok((events, data)) => Reply::done(tx, at, events, data),
            Err((reason, detail)) => Reply::refused(Refused { tx, reason, detail }, at),
        }
    }

    async fn give(&self, order: Order) -> Result<Vec<String>, (Reason, String)> {
        let busy = |error: OrderError| (Reason::Busy, error.to_string());
        match tokio::time::timeout(PATIENCE, self.ports.orders.give(order)).await {
            Ok(Ok(answer)) => answer
                .result
                .map(|events| events.into_iter().map(event_id_text).collect())
                .map_err(refusal),
            Ok(Err(error)) => Err(busy(error)),
            Err(_) => Err(busy(OrderError::Unknown)),
        }
    }

    /// What an event was judged by: its newest revision, and how it came about. Numbers only; pictures never leave by MQTT.
    async fn evidence(&self, event: &str) -> Result<ReplyData, (Reason, String)> {
        let id = parse_event_id(event)
            .ok_or_else(|| (Reason::Malformed, format!("{event} is no event id")))?;
        let store = self.ports.store.clone();
        let found = tokio::task::spawn_blocking(move || revisions(store.as_ref(), id)).await;
        let revisions = match found {
            Ok(Ok(revisions)) => revisions,
            Ok(Err(error)) => return Err((Reason::Busy, error.to_string())),
            Err(error) => return Err((Reason::Busy, error.to_string())),
        };
        let Some(newest) = revisions.first() else {
            return Err((Reason::Unknown, "the log has no such event".into()));
        };
        let newest_first = revisions.iter().take(REVISIONS_MAX);
        Ok(ReplyData::Evidence(Box::new(EvidenceRecord {
            event: newest.clone(),
            revisions: newest_first.rev().map(RevisionLine::from).collect(),
        })))
    }

    /// Takes a year's calendar: on disk first, then in force.
    async fn calendar(
        &self,
        tx: &str,
        by: &str,
        record: CalendarRecord,
    ) -> Result<ReplyData, (Reason, String)> {
        let config = self.ports.config.borrow().clone();
        let calendar = ImportedCalendar {
            v: 1,
            year: record.year,
            off: record.off,
            work: record.work,
            tx: tx.into(),
            by: by.into(),
            at: (self.wall)().rfc3339(),
            earlier: Vec::new(),
        };
        let dates = (calendar.dates()).map_err(|why| (Reason::Invalid, why))?;
        let known = config.calendars.get(&calendar.year);
        let taken = |config: &Config| {
            let count = |dates: usize| u32::try_from(dates).unwrap_or(u32::MAX);
            ReplyData::Calendar(CalendarTakenRecord {
                year: calendar.year,
                days_off: count(dates.off.len()),
                days_worked: count(dates.work.len()),
                config_sha256: config.sha256.clone(),
            })
        };
        if known.is_some_and(|known| known.knows(tx)) {
            return Ok(taken(&config));
        }
        let calendar = calendar.clone().replacing(known);
        let with = (config.with_calendar(&calendar)).map_err(|why| (Reason::Invalid, why))?;
        let storage = config.storage.dir.clone();
        let kept = calendar.clone();
        let kept = tokio::task::spawn_blocking(move || kept.keep(&storage)).await;
        match kept {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err((Reason::Busy, format!("it cannot be kept: {error}"))),
            Err(error) => return Err((Reason::Busy, error.to_string())),
        }
        tracing::info!(year = calendar.year, %tx, %by, "A calendar is in force.");
        let taken = taken(&with);
        self.ports.config.send_replace(Arc::new(with));
        Ok(taken)
    }

    /// What the box works with: ids and limits, no address and no secret.
    fn settings(&self) -> ReplyData {
        let config = self.ports.config.borrow().clone();
        let limits = serde_json::to_value(RulesDto::from(&config.engine.rules))
            .expect("invariant: limits are numbers");
        ReplyData::Config(ConfigRecord {
            config_sha256: config.sha256.clone(),
            rules: limits,
            windows: config.windows.iter().map(|w| w.id.to_string()).collect(),
            queues: config.queues.iter().map(|q| q.id.to_string()).collect(),
            cameras: config.cameras.iter().map(|c| c.id.to_string()).collect(),
            sensors: config.sensors.iter().map(|s| s.id.to_string()).collect(),
        })
    }
}

/// All revisions of an event, newest first. An id holds its event's onset, so the log is asked for one millisecond.
fn revisions(
    store: &dyn EventStore,
    id: EventId,
) -> Result<Vec<SealedRecord>, edge_uplink::StoreError> {
    let onset_unix_ms = (id.0 >> 80) as i64;
    let text = event_id_text(id);
    let mut found = store.query(&Query {
        from_unix_ms: Some(onset_unix_ms),
        to_unix_ms: Some(onset_unix_ms + 1),
        limit: 10_000,
        ..Query::default()
    })?;
    found.retain(|sealed| sealed.record.event_id == text);
    Ok(found)
}

fn refusal(refusal: Refusal) -> (Reason, String) {
    let (reason, detail) = match refusal {
        Refusal::Unknown => (
            Reason::Unknown,
            "the box knows no such event, window or leave",
        ),
        Refusal::Role => (Reason::Role, "this role may not do that"),
        Refusal::Scope => (Reason::Scope, "outside the windows the role is limited to"),
        Refusal::OwnCase => (
            Reason::OwnCase,
            "the subject of an event may not decide on it",
        ),
        Refusal::State => (Reason::State, "not possible in the present state"),
        Refusal::Invalid => (Reason::Invalid, "the order contradicts itself"),
    };
    (reason, detail.into())
}
