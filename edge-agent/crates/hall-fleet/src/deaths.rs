//! Boxes that die in the middle of the run, and how long it takes until a subscriber sees their wills. Half of them as a process
//! dies (its sockets close), half as a hall loses power (its connection stays, silent).

use std::collections::BTreeMap;
use std::time::Duration;

use edge_uplink::UplinkConfig;
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::FleetError;
use crate::gate::{self, Gate};
use crate::worker::Worker;

/// Wills seen and not yet looked at: every box that can die sends one.
const WILLS_MAX: usize = 4_096;
/// After so many keep-alives a will is no longer waited for, and the box comes back.
const PATIENCE: u32 = 3;

/// Boxes that die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deaths {
    /// So many, one after the other over one keep-alive, so that they die at all points between two signs of life.
    pub boxes: usize,
    /// The first, after the start.
    pub at: Duration,
}

/// Seconds from a death to its will at a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
pub struct Spread {
    /// Wills seen.
    pub seen: usize,
    /// Wills that did not come.
    pub unseen: usize,
    /// Median.
    pub median_s: f64,
    /// Longest.
    pub max_s: f64,
}

/// What became of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Default)]
pub struct Wills {
    /// Processes killed.
    pub killed: Spread,
    /// Power cut.
    pub silent: Spread,
}

/// One box that dies.
struct Mortal {
    /// Its place in the fleet.
    n: usize,
    topic: String,
    dies: Instant,
    /// The line that falls silent with it; `None`: only its process dies.
    line: Option<watch::Sender<Gate>>,
    alive: AbortHandle,
    died: Option<Instant>,
    is_back: bool,
    will: Option<Duration>,
}

/// All that die.
pub(crate) struct Mortals {
    all: Vec<Mortal>,
    wills: mpsc::Receiver<(String, Instant)>,
    patience: Duration,
    stop: CancellationToken,
}

/// Which boxes die, evenly over the fleet.
pub(crate) fn chosen(halls: usize, deaths: Option<Deaths>) -> Vec<usize> {
    let boxes = deaths.map_or(0, |d| d.boxes.min(halls));
    (0..boxes).map(|i| i * halls / boxes).collect()
}

/// Gives every second box that dies a line of its own, which can fall silent.
pub(crate) async fn lines(
    chosen: &[usize],
    workers: &mut [Worker],
    uplink: &UplinkConfig,
    tasks: &mut JoinSet<()>,
) -> Result<BTreeMap<usize, watch::Sender<Gate>>, FleetError> {
    let mut lines = BTreeMap::new();
    for &n in chosen.iter().skip(1).step_by(2) {
        let state = watch::Sender::new(Gate::Open);
        let (address, passing) =
            gate::open(uplink.host.clone(), uplink.port, state.subscribe()).await?;
        tasks.spawn(passing);
        workers[n].reach_by(address.ip().to_string(), address.port());
        lines.insert(n, state);
    }
    Ok(lines)
}

impl Mortals {
    /// Nobody has died yet; somebody watches the wills at the broker itself. Boxes: place in the fleet, topic, life.
    pub fn new(
        deaths: Deaths,
        boxes: Vec<(usize, String, AbortHandle)>,
        mut lines: BTreeMap<usize, watch::Sender<Gate>>,
        broker: &UplinkConfig,
        stop: CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> Result<Self, FleetError> {
        let keep_alive = Duration::from_secs(broker.keep_alive_s.into());
        let step = keep_alive / u32::try_from(boxes.len().max(1)).unwrap_or(u32::MAX);
        let first = Instant::now() + deaths.at;
        let all: Vec<Mortal> = ((0_u32..).zip(boxes))
            .map(|(i, (n, topic, alive))| Mortal {
                n,
                topic,
                dies: first + step * i,
                line: lines.remove(&n),
                alive,
                died: None,
                is_back: false,
                will: None,
            })
            .collect();
        let (tell, wills) = mpsc::channel(WILLS_MAX);
        let topics = all.iter().map(|m| m.topic.clone()).collect();
        let transport = edge_uplink::transport(broker.tls.as_ref())?;
        tasks.spawn(watch_wills(broker.clone(), transport, topics, tell));
        Ok(Mortals {
            all,
            wills,
            patience: keep_alive * PATIENCE,
            stop,
        })
    }

    /// Lets those die whose time has come, and those come back whose will was seen.
    pub fn look(
        &mut self,
        workers: &mut [Worker],
        uplinks: &mut JoinSet<()>,
    ) -> Result<(), FleetError> {
        let now = Instant::now();
        while let Ok((topic, seen)) = self.wills.try_recv() {
            if let Some(mortal) = self.all.iter_mut().find(|m| m.topic == topic)
                && let Some(died) = mortal.died
            {
                mortal.will.get_or_insert(seen - died);
            }
        }
        for mortal in &mut self.all {
            match mortal.died {
                None if now >= mortal.dies => {
                    if let Some(line) = &mortal.line {
                        line.send_replace(Gate::Silent);
                    }
                    mortal.alive.abort();
                    mortal.died = Some(now);
                }
                Some(died)
                    if !mortal.is_back && (mortal.will.is_some() || now - died > self.patience) =>
                {
                    if let Some(line) = &mortal.line {
                        line.send_replace(Gate::Open);
                    }
                    let uplink = workers[mortal.n].connect()?;
                    uplinks.spawn(crate::fleet::publish(uplink, self.stop.clone()));
                    mortal.is_back = true;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Somebody is dead, or will be.
    pub fn is_pending(&self) -> bool {
        self.all.iter().any(|m| !m.is_back)
    }

    /// How long the wills took.
    pub fn wills(&self) -> Wills {
        let of = |silent: bool| {
            let died = self
                .all
                .iter()
                .filter(|m| m.died.is_some() && m.line.is_some() == silent);
            spread(died.map(|m| m.will).collect())
        };
        Wills {
            killed: of(false),
            silent: of(true),
        }
    }
}

fn spread(wills: Vec<Option<Duration>>) -> Spread {
    let died = wills.len();
    let mut seen: Vec<f64> = wills
        .into_iter()
        .flatten()
        .map(|w| w.as_secs_f64())
        .collect();
    seen.sort_by(f64::total_cmp);
    Spread {
        seen: seen.len(),
        unseen: died - seen.len(),
        median_s: seen.get(seen.len() / 2).copied().unwrap_or(0.0),
        max_s: seen.last().copied().unwrap_or(0.0),
    }
}

/// Follows the status of the boxes that die and tells every will as it comes.
async fn watch_wills(
    broker: UplinkConfig,
    transport: rumqttc::Transport,
    topics: Vec<String>,
    tell: mpsc::Sender<(String, Instant)>,
) {
    loop {
        let mut options = MqttOptions::new("fleet-wills", &broker.host, broker.port);
        options.set_transport(transport.clone());
        if let (Some(user), Some(password)) = (&broker.user, &broker.password) {
            options.set_credentials(user, password);
        }
        let (client, events) = AsyncClient::new(options, WILLS_MAX);
        for topic in &topics {
            // There is room for all.
            let _ = client.try_subscribe(topic, QoS::AtLeastOnce);
        }
        tell_wills(events, &tell).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// To the end of the connection.
async fn tell_wills(mut events: EventLoop, tell: &mpsc::Sender<(String, Instant)>) {
    while let Ok(event) = events.poll().await {
        if let Event::Incoming(Incoming::Publish(publish)) = event
            && !publish.retain
            && is_will(&publish.payload)
            && tell.try_send((publish.topic, Instant::now())).is_err()
        {
            return;
        }
    }
}

fn is_will(payload: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(payload)
        .is_ok_and(|v| v["reason"] == "connection_lost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_spread_over_the_fleet_and_over_the_figures() {
        let deaths = |boxes| {
            Some(Deaths {
                boxes,
                at: Duration::ZERO,
            })
        };
        assert_eq!(chosen(100, deaths(4)), [0, 25, 50, 75]);
        assert_eq!(chosen(2, deaths(9)), [0, 1]);
        assert!(chosen(10, None).is_empty());
        let seconds = |s| Some(Duration::from_secs(s));
        let told = spread(vec![seconds(3), None, seconds(1), seconds(2)]);
        assert_eq!(
            (told.seen, told.unseen, told.median_s, told.max_s),
            (3, 1, 2.0, 3.0)
        );
        assert_eq!(spread(Vec::new()), Spread::default());
    }

    #[test]
    fn a_farewell_is_no_will() {
        assert!(is_will(br#"{"online":false,"reason":"connection_lost"}"#));
        for other in [
            &br#"{"online":false,"reason":"stopping"}"#[..],
            br#"{"online":true}"#,
            b"",
        ] {
            assert!(!is_will(other));
        }
    }
}
