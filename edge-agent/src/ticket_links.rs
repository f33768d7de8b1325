//! Ticket machines as the configuration describes them: a component each, and the way its words come.

use std::sync::Arc;

use edge_config::{Config, TicketAdapter, TicketSource};
use edge_sensors::mqtt::{Now, TopicHearer};
use edge_sensors::ticket::{
    TicketDesk, TicketFields, TicketFolder, TicketPush, TicketReader, TicketTopic,
};
use edge_sensors::{LinkStatus, SensorInput};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::push::PushDoors;
use crate::sensor_links::LinkStates;
use crate::supervise::{Criticality, Stage, Supervisor};

/// Starts every ticket machine's component. Gives what is to be heard on the sensors' broker. `out` full: each machine's words wait, up
/// to 4,096.
pub fn start(
    supervisor: &mut Supervisor,
    config: &Config,
    clock: &Arc<Clock>,
    out: &mpsc::Sender<SensorInput>,
    states: &mut LinkStates,
    push: &mut PushDoors,
) -> Vec<Arc<dyn TopicHearer>> {
    let mut hearers: Vec<Arc<dyn TopicHearer>> = Vec::new();
    for source in &config.tickets {
        let status = watch::Sender::new(LinkStatus::default());
        let name = format!("tickets:{}", source.id);
        states.push((name.clone(), status.subscribe()));
        let desk = desk(source, config, clock, status);
        let mut folder = None;
        match &source.adapter {
            TicketAdapter::Http { token } => {
                let token = token.expose().to_owned();
                push.add_tickets(TicketPush::new(token, desk.clone()));
            }
            TicketAdapter::Mqtt {
                topic,
                availability_topic,
            } => hearers.push(Arc::new(TicketTopic {
                desk: desk.clone(),
                topic: topic.clone(),
                availability_topic: availability_topic.clone(),
            })),
            TicketAdapter::Csv {
                folder: path,
                keep_days,
            } => {
                let seen = config.storage.dir.join("tickets");
                let seen = seen.join(format!("{}.seen", source.id));
                let (desk, path) = (desk.clone(), path.clone());
                folder = Some(Arc::new(TicketFolder::new(desk, path, *keep_days, seen)));
            }
        }
        let out = out.clone();
        supervisor.start(
            name,
            Stage::Sources,
            Criticality::Degradable,
            Box::new(move |cancel| {
                let (desk, folder, out) = (desk.clone(), folder.clone(), out.clone());
                Box::pin(async move {
                    match folder {
                        Some(folder) => folder.run(out, cancel).await?,
                        None => desk.run(out, cancel).await,
                    }
                    Ok(())
                })
            }),
        );
    }
    hearers
}

fn desk(
    source: &TicketSource,
    config: &Config,
    clock: &Arc<Clock>,
    status: watch::Sender<LinkStatus>,
) -> Arc<TicketDesk> {
    let names = source.names.clone();
    let reader = TicketReader {
        fields: TicketFields {
            queue: names.queue,
            ticket: names.ticket,
            window: names.window,
            state: names.state,
            taken_at: names.taken_at,
            called_at: names.called_at,
            start_at: names.start_at,
            end_at: names.end_at,
            party: names.party,
        },
        states: source.states.clone(),
        queues: source.queues.clone(),
        windows: source.windows.clone(),
        utc_offset_s: config.utc_offset_s,
    };
    let (both, wall) = (clock.clone(), clock.clone());
    let now: Now = Arc::new(move || both.now_with_unix_ms());
    let wall = Arc::new(move || wall.wall());
    TicketDesk::new(&source.id, reader, source.stale_s, now, wall, status)
}
