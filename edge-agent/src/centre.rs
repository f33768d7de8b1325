//! Carries out what the centre commands, and answers: decisions go to the hall as orders, questions to the log. Knows no MQTT and no
//! signature; what gets here is checked.

use std::sync::Arc;
use std::time::Duration;

use edge_config::{Config, ImportedCalendar};
use edge_uplink::Commands;
use edge_uplink::clock::WallFn;
use edge_uplink::command::{Command, CommandGate, Reason, Refused, Reply, Verb};
use hall_core::order::{Actor, Order, Refusal};
use hall_wire::calendar::CalendarRecord;
use hall_wire::event::{event_id_text, parse_event_id};
use hall_wire::name::role_name;
use hall_wire::reply::{
    CalendarTakenRecord, ConfigRecord, EvidenceRecord, ReplyData, RevisionLine,
};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::access_port::moment;
use crate::clock::Clock;
use crate::evidence::{EvidenceDesk, EvidenceError};
use crate::links;
use crate::orders::{OrderDesk, OrderError};
use crate::supervise::{Criticality, Stage, Supervisor};
use crate::web::dto::RulesDto;

/// While the log cannot be written an order waits; the centre is told to give it again rather than left without an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most revisions of an event that an answer tells; the newest ones.
const REVISIONS_MAX: usize = 40;

/// Why an answer has no link.
const NO_LINK: &str =
    "the page of this box cannot be reached from outside: [web] public_url is not set";

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
    pub evidence: Arc<EvidenceDesk>,
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
                .evidence(&event, &by, &tx)
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

    /// What an event was judged by: its newest revision, how it came about, and a link to the whole of it. Numbers only; pictures never
    /// leave by MQTT.
    async fn evidence(
        &self,
        event: &str,
        by: &Actor,
        tx: &str,
    ) -> Result<ReplyData, (Reason, String)> {
        let id = parse_event_id(event)
            .ok_or_else(|| (Reason::Malformed, format!("{event} is no event id")))?;
        let (desk, now) = (self.ports.evidence.clone(), moment(&self.ports.clock));
        let (who, role, tx) = (by.id.clone(), role_name(by.role), tx.to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let revisions = desk.revisions(id)?;
            let link = desk.link(id, &who, role, &tx, now)?;
            Ok::<_, EvidenceError>((revisions, link))
        });
        let (revisions, link) = match found.await {
            Ok(Ok(found)) => found,
            Ok(Err(error @ EvidenceError::Unknown)) => {
                return Err((Reason::Unknown, error.to_string()));
            }
            Ok(Err(error)) => return Err((Reason::Busy, error.to_string())),
            Err(error) => return Err((Reason::Busy, error.to_string())),
        };
        let newest = revisions
            .last()
            .ok_or_else(|| (Reason::Unknown, EvidenceError::Unknown.to_string()))?;
        let newest_ones = revisions.len().saturating_sub(REVISIONS_MAX);
        Ok(ReplyData::Evidence(Box::new(EvidenceRecord {
            event: newest.clone(),
            revisions: revisions[newest_ones..]
                .iter()
                .map(RevisionLine::from)
                .collect(),
            no_link: link.is_none().then(|| NO_LINK.to_owned()),
            link,
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
