//! Home Assistant's link as the configuration describes it.

use std::sync::Arc;

use edge_config::Config;
use edge_sensors::LinkStatus;
use edge_uplink::LiveState;
use edge_uplink::clock::WallFn;
use edge_uplink::home_assistant::{Announcement, HomeAssistant, HomeAssistantConfig, Labels, Told};
use edge_uplink::topics::Topics;
use tokio::sync::watch;

use crate::links::login;
use crate::sensor_links::LinkStates;
use crate::supervise::{Criticality, Stage, Supervisor};

/// Begin of the topics of this link: not that of the centre's, which another broker holds, or the same one.
const PREFIX: &str = "hall/local";

/// Starts the link, if there is one to keep or to take back; its state joins the others.
///
/// # Errors
/// When an id cannot stand in a topic.
pub fn start(
    supervisor: &mut Supervisor,
    config: &Config,
    live: &watch::Receiver<Arc<LiveState>>,
    wall: &WallFn,
    states: &mut LinkStates,
) -> anyhow::Result<()> {
    let Some(section) = &config.home_assistant else {
        return Ok(());
    };
    let (hall, box_id) = (config.hall.id.as_str(), config.box_id.as_str());
    let topics = Topics::new(PREFIX, &config.hall.area, hall, box_id)?;
    let windows = config.windows.iter();
    let queues = config.queues.iter();
    let labels = Labels {
        hall: config.hall.name.zh.clone(),
        windows: windows
            .map(|w| (w.id.to_string(), w.name.zh.clone()))
            .collect(),
        queues: queues
            .map(|q| (q.id.to_string(), q.name.zh.clone()))
            .collect(),
        version: env!("CARGO_PKG_VERSION").into(),
    };
    let announcement = Announcement::new(&section.discovery_prefix, &topics, hall, box_id, labels);
    let (user, password) = login(&section.broker);
    let cfg = HomeAssistantConfig {
        host: section.broker.host.clone(),
        port: section.broker.port,
        login: user.map(|user| (user, password.unwrap_or_default())),
        client_id: format!("edge-agent-{hall}-{box_id}-home-assistant"),
        enabled: section.enabled,
    };
    let status = watch::Sender::new(LinkStatus::default());
    let told: Told = {
        let status = status.clone();
        Arc::new(move |trouble| {
            status.send_modify(|s| {
                s.connected = trouble.is_none();
                s.trouble = trouble.unwrap_or_default().to_owned();
            });
        })
    };
    if section.enabled {
        states.push(("home_assistant".into(), status.subscribe()));
    }
    let (live, wall) = (live.clone(), wall.clone());
    supervisor.start(
        "home_assistant",
        Stage::Uplink,
        Criticality::Degradable,
        Box::new(move |cancel| {
            let link = HomeAssistant::new(
                cfg.clone(),
                topics.clone(),
                announcement.clone(),
                live.clone(),
                wall.clone(),
                told.clone(),
            );
            Box::pin(async move {
                link.run(cancel).await;
                Ok(())
            })
        }),
    );
    Ok(())
}
