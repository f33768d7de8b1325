//! Owns every long-lived task: starts it, restarts it after an error or a panic with back-off, gives up after too many, and stops the
//! stages in order. Knows nothing of what the tasks do.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hall_core::backoff::Backoff;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One attempt of a component: ends `Ok` when told to stop or when its inputs are closed.
pub type Attempt = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;
/// Makes a fresh attempt; the ports (slots, senders) inside survive it.
pub type Factory = Box<dyn Fn(CancellationToken) -> Attempt + Send + Sync>;

/// What the end of a component means for the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criticality {
    /// Without it the box cannot judge or keep events: orderly shutdown, exit code 70, systemd restarts.
    Critical,
    /// The box goes on without it while it is restarted.
    Degradable,
}

/// Stages in the order in which they stop; data flows the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Cameras and sensors.
    Sources,
    /// Inference workers.
    Inference,
    /// The hall task: tracker and engine.
    Hall,
    /// The store writer.
    Store,
    /// The uplink.
    Uplink,
    /// Page, API, health and watchdog.
    Web,
}

/// Every stage with its share of the 15 s shutdown budget.
const STOP_ORDER: [(Stage, Duration); 6] = [
    (Stage::Sources, Duration::from_secs(3)),
    (Stage::Inference, Duration::from_secs(2)),
    (Stage::Hall, Duration::from_secs(1)),
    (Stage::Store, Duration::from_secs(3)),
    (Stage::Uplink, Duration::from_secs(4)),
    (Stage::Web, Duration::from_secs(2)),
];

/// Restarts allowed within [`BUDGET_WINDOW`] before a component is given up (degradable: kept at the longest back-off).
const RESTART_BUDGET: usize = 5;
const BUDGET_WINDOW: Duration = Duration::from_secs(60);

/// A component's place and its restarts, for health and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentStatus {
    /// Name, for example `camera:cam1`.
    pub name: String,
    /// Stage it stops in.
    pub stage: Stage,
    /// Running now.
    pub running: bool,
    /// Times it was started again.
    pub restarts: u64,
    /// Last error; empty when none.
    pub last_error: String,
}

/// The supervisor.
pub struct Supervisor {
    stages: Vec<(Stage, CancellationToken, JoinSet<()>)>,
    statuses: Arc<Mutex<Vec<ComponentStatus>>>,
    fatal_tx: mpsc::Sender<String>,
    fatal_rx: mpsc::Receiver<String>,
}

impl Default for Supervisor {
    fn default() -> Self {
        // Capacity 1, later ones dropped: the first fatal end already stops the box.
        let (fatal_tx, fatal_rx) = mpsc::channel(1);
        Supervisor {
            stages: STOP_ORDER
                .iter()
                .map(|(s, _)| (*s, CancellationToken::new(), JoinSet::new()))
                .collect(),
            statuses: Arc::default(),
            fatal_tx,
            fatal_rx,
        }
    }
}

impl Supervisor {
    /// The token that stops a stage; also for threads a component owns.
    ///
    /// # Panics
    /// Never: every stage exists.
    #[must_use]
    pub fn token(&self, stage: Stage) -> CancellationToken {
        self.stages[stage as usize].1.clone()
    }

    /// A view of all components for health and metrics.
    #[must_use]
    pub fn statuses(&self) -> Arc<Mutex<Vec<ComponentStatus>>> {
        self.statuses.clone()
    }

    /// Starts a component and keeps it alive until its stage stops.
    pub fn start(
        &mut self,
        name: impl Into<String>,
        stage: Stage,
        criticality: Criticality,
        factory: Factory,
    ) {
        let name = name.into();
        let index = {
            let mut statuses = lock(&self.statuses);
            statuses.push(ComponentStatus {
                name: name.clone(),
                stage,
                running: false,
                restarts: 0,
                last_error: String::new(),
            });
            statuses.len() - 1
        };
        let keeper = Keeper {
            name,
            criticality,
            index,
            statuses: self.statuses.clone(),
            fatal: self.fatal_tx.clone(),
            cancel: self.token(stage),
        };
        self.stages[stage as usize].2.spawn(keeper.keep(factory));
    }

    /// Waits until a critical component is lost; names it.
    pub async fn fatal(&mut self) -> String {
        self.fatal_rx
            .recv()
            .await
            .unwrap_or_else(|| "supervisor lost its own channel".into())
    }

    /// Stops stage after stage, each within its share of the budget; names what did not stop in time.
    pub async fn stop(&mut self) -> Vec<String> {
        let mut late = Vec::new();
        for ((stage, token, tasks), (_, budget)) in self.stages.iter_mut().zip(STOP_ORDER) {
            let begun = Instant::now();
            token.cancel();
            let deadline = begun + budget;
            while !tasks.is_empty() {
                let tick = (Instant::now() + Duration::from_secs(2)).min(deadline);
                match tokio::time::timeout_at(tick, tasks.join_next()).await {
                    Ok(_) => {}
                    Err(_) if Instant::now() >= deadline => {
                        let names = running(&self.statuses, *stage);
                        tracing::warn!(?stage, components = ?names, "Did not stop within its budget; going on without it.");
                        late.extend(names);
                        tasks.abort_all();
                        break;
                    }
                    Err(_) => {
                        tracing::info!(?stage, components = ?running(&self.statuses, *stage), "Still stopping.")
                    }
                }
            }
            tracing::info!(
                ?stage,
                took_ms = begun.elapsed().as_millis() as u64,
                "Stage stopped."
            );
        }
        late
    }
}

struct Keeper {
    name: String,
    criticality: Criticality,
    index: usize,
    statuses: Arc<Mutex<Vec<ComponentStatus>>>,
    fatal: mpsc::Sender<String>,
    cancel: CancellationToken,
}

impl Keeper {
    async fn keep(self, factory: Factory) {
        let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
        let mut recent: Vec<Instant> = Vec::new();
        loop {
            self.note(|s| s.running = true);
            let begun = Instant::now();
            // A task of its own, so that a panic is caught and becomes an error of this attempt.
            let mut attempt = JoinSet::new();
            attempt.spawn(factory(self.cancel.clone()));
            let outcome = match attempt.join_next().await {
                Some(Ok(result)) => result,
                Some(Err(e)) => Err(anyhow::anyhow!("panicked or was aborted: {e}")),
                None => Ok(()),
            };
            self.note(|s| s.running = false);
            if self.cancel.is_cancelled() {
                return;
            }
            let error = match outcome {
                Ok(()) => return self.ended(),
                Err(e) => format!("{e:#}"),
            };
            if begun.elapsed() >= BUDGET_WINDOW {
                backoff.reset();
            }
            recent.retain(|at| at.elapsed() < BUDGET_WINDOW);
            recent.push(begun);
            let spent = recent.len() > RESTART_BUDGET;
            self.note(|s| {
                s.restarts += 1;
                s.last_error.clone_from(&error);
            });
            if self.criticality == Criticality::Critical && spent {
                tracing::error!(component = %self.name, %error, "Failed too often; the box stops so that it can be restarted.");
                // Full means that another component already stops the box.
                let _ = self.fatal.try_send(format!("{}: {error}", self.name));
                return;
            }
            let wait = if spent {
                backoff.longest()
            } else {
                backoff.next(rand::random())
            };
            tracing::warn!(component = %self.name, %error, restart_in_ms = wait.as_millis() as u64, "Component failed; it is started again.");
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn ended(&self) {
        if self.criticality == Criticality::Critical {
            tracing::error!(component = %self.name, "Critical component ended by itself.");
            let _ = self
                .fatal
                .try_send(format!("{}: ended by itself", self.name));
        } else {
            tracing::debug!(component = %self.name, "Component ended: its inputs are closed.");
        }
    }

    fn note(&self, change: impl FnOnce(&mut ComponentStatus)) {
        change(&mut lock(&self.statuses)[self.index]);
    }
}

fn running(statuses: &Mutex<Vec<ComponentStatus>>, stage: Stage) -> Vec<String> {
    lock(statuses)
        .iter()
        .filter(|s| s.stage == stage && s.running)
        .map(|s| s.name.clone())
        .collect()
}

fn lock(statuses: &Mutex<Vec<ComponentStatus>>) -> std::sync::MutexGuard<'_, Vec<ComponentStatus>> {
    statuses.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_failing_degradable_component_is_started_again_and_its_panic_caught() {
        let mut supervisor = Supervisor::default();
        let tries = Arc::new(AtomicUsize::new(0));
        let seen = tries.clone();
        supervisor.start(
            "camera:x",
            Stage::Sources,
            Criticality::Degradable,
            Box::new(move |cancel| {
                let n = seen.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    assert!(n != 0, "first attempt panics");
                    if n == 1 {
                        anyhow::bail!("second attempt fails");
                    }
                    cancel.cancelled().await;
                    Ok(())
                })
            }),
        );
        while tries.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let statuses = supervisor.statuses();
        assert_eq!(lock(&statuses)[0].restarts, 2);
        assert!(supervisor.stop().await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_critical_component_that_keeps_failing_stops_the_box() {
        let mut supervisor = Supervisor::default();
        supervisor.start(
            "hall",
            Stage::Hall,
            Criticality::Critical,
            Box::new(|_| Box::pin(async { anyhow::bail!("no luck") })),
        );
        assert!(supervisor.fatal().await.contains("no luck"));
        supervisor.stop().await;
    }

    #[tokio::test(start_paused = true)]
    async fn stages_stop_in_the_order_of_the_data_flow_and_a_stuck_one_is_left_behind() {
        let mut supervisor = Supervisor::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        for (name, stage) in [
            ("web", Stage::Web),
            ("cam", Stage::Sources),
            ("store", Stage::Store),
        ] {
            let order = order.clone();
            supervisor.start(
                name,
                stage,
                Criticality::Degradable,
                Box::new(move |cancel| {
                    let order = order.clone();
                    Box::pin(async move {
                        cancel.cancelled().await;
                        order.lock().unwrap().push(name);
                        Ok(())
                    })
                }),
            );
        }
        supervisor.start(
            "stuck",
            Stage::Uplink,
            Criticality::Degradable,
            Box::new(|_| Box::pin(std::future::pending())),
        );
        tokio::task::yield_now().await;
        assert_eq!(supervisor.stop().await, ["stuck"]);
        assert_eq!(*order.lock().unwrap(), ["cam", "store", "web"]);
    }
}
