//! Evaluation terminals as the configuration describes them, and the way their ratings come.

use std::sync::Arc;

use edge_config::{Config, RatingAdapter, RatingSource};
use edge_sensors::LinkStatus;
use edge_sensors::mqtt::{Now, TopicHearer};
use edge_sensors::rating::{Rating, RatingDesk, RatingLine, RatingPush, RatingReader, RatingTopic};
use regex::Regex;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::push::PushDoors;
use crate::sensor_links::{LinkStates, serial};
use crate::supervise::{Criticality, Stage, Supervisor};

/// Ratings on their way to the totals: nobody presses as fast. Full: HTTP gets 503, others are refused and counted.
pub const CAPACITY: usize = 256;

/// Starts what hears evaluation terminals on lines. Gives what is to be heard on the sensors' broker.
pub fn start(
    supervisor: &mut Supervisor,
    config: &Config,
    clock: &Arc<Clock>,
    out: &mpsc::Sender<Rating>,
    states: &mut LinkStates,
    push: &mut PushDoors,
) -> Vec<Arc<dyn TopicHearer>> {
    let mut hearers: Vec<Arc<dyn TopicHearer>> = Vec::new();
    for source in &config.ratings {
        let status = watch::Sender::new(LinkStatus::default());
        let name = format!("ratings:{}", source.id);
        states.push((name.clone(), status.subscribe()));
        let clock = clock.clone();
        let now: Now = Arc::new(move || clock.now_with_unix_ms());
        let desk = RatingDesk::new(&source.id, reader(source), now, out.clone(), status);
        match &source.adapter {
            RatingAdapter::Http { token } => {
                push.add_ratings(RatingPush::new(token.expose().to_owned(), desk));
            }
            RatingAdapter::Mqtt { topic } => hearers.push(Arc::new(RatingTopic {
                desk,
                topic: topic.clone(),
            })),
            RatingAdapter::Serial { line, pattern } => {
                let pattern =
                    Regex::new(pattern).expect("invariant: the configuration was checked");
                let line = Arc::new(RatingLine {
                    desk,
                    line: serial(line),
                    pattern,
                });
                supervisor.start(
                    name,
                    Stage::Sources,
                    Criticality::Degradable,
                    Box::new(move |cancel| {
                        let line = line.clone();
                        Box::pin(async move {
                            tokio::select! {
                                biased;
                                () = cancel.cancelled() => {}
                                () = line.run() => {}
                            }
                            Ok(())
                        })
                    }),
                );
            }
        }
    }
    hearers
}

fn reader(source: &RatingSource) -> RatingReader {
    RatingReader {
        window: source.window.clone(),
        window_key: source.window_key.clone(),
        rating_key: source.rating_key.clone(),
        words: source.words.clone(),
        windows: source.windows.clone(),
    }
}
