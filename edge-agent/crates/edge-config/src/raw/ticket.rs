//! Ticket machines, as written in `hall.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

/// A ticket machine (叫号机), heard by HTTP, MQTT or files it drops into a folder. What it says and how it fails is in sensors.md.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTickets {
    /// Stable id of the machine, for example "tickets".
    pub id: String,
    /// How the box hears it.
    #[serde(rename = "type")]
    pub adapter: RawTicketAdapter,
    /// Silence in seconds after which it counts as down and video counts the line again. A message without tickets, or a file with
    /// nothing but its header, is a sign of life.
    #[serde(default = "default_ticket_stale_s")]
    #[schemars(range(min = 10, max = 86_400))]
    pub stale_s: u32,
    /// Type http: file whose first line is the token it sends as "Authorization: Bearer ...", at least 16 characters.
    pub token_file: Option<String>,
    /// Type http: environment variable that holds the token.
    pub token_env: Option<String>,
    /// Type mqtt: topic on the sensor broker.
    pub topic: Option<String>,
    /// Type mqtt: topic that says online or offline, if the machine has one.
    pub availability_topic: Option<String>,
    /// Type csv: folder into which the machine puts its files. They are moved to "done" and "rejected" inside it.
    pub folder: Option<String>,
    /// Type csv: files in "done" and "rejected" are kept this many days. Default 7.
    #[schemars(range(min = 0, max = 366))]
    pub keep_days: Option<u32>,
    /// What the machine calls the fields: JSON keys or column headers.
    pub names: Option<RawTicketNames>,
    /// Words for the states, besides the English ones and 等待, 已叫, 办理, 完成, 过号.
    pub states: Option<RawTicketStates>,
    /// Queues it feeds, by its own names for them. Left out: every queue with tickets = true, by its id.
    #[serde(default)]
    pub queues: Vec<RawTicketQueue>,
    /// Its own names of windows. A window that is not listed is named by its id.
    #[serde(default)]
    pub windows: Vec<RawNamedWindow>,
}

fn default_ticket_stale_s() -> u32 {
    600
}

/// How a ticket machine is heard.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RawTicketAdapter {
    /// It sends what happens: POST /api/tickets/ID.
    Http,
    /// It publishes what happens on the sensor broker.
    Mqtt,
    /// It puts CSV files into a folder.
    Csv,
}

/// The machine's names of the fields.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTicketNames {
    /// Default: queue. Without the field everything is of the machine's only queue.
    pub queue: Option<String>,
    /// The number as printed. Default: ticket.
    pub ticket: Option<String>,
    /// Default: window.
    pub window: Option<String>,
    /// Default: state. Without the field the times tell it.
    pub state: Option<String>,
    /// Default: taken_at.
    pub taken_at: Option<String>,
    /// Default: called_at.
    pub called_at: Option<String>,
    /// Default: start_at.
    pub start_at: Option<String>,
    /// Default: end_at.
    pub end_at: Option<String>,
    /// People who came with it. Default: party.
    pub party: Option<String>,
}

/// The machine's words for the states.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTicketStates {
    /// Taken, not called yet.
    pub waiting: Vec<String>,
    /// Called to a window.
    pub called: Vec<String>,
    /// Being served.
    pub serving: Vec<String>,
    /// Served.
    pub done: Vec<String>,
    /// Called and nobody came.
    pub no_show: Vec<String>,
    /// Called again.
    pub recalled: Vec<String>,
    /// Sent to another queue or window.
    pub transferred: Vec<String>,
    /// Given back.
    pub cancelled: Vec<String>,
}

/// A queue and what the machine calls it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTicketQueue {
    /// The machine's name of it, for example "社保".
    pub name: String,
    /// Id of the queue; it needs tickets = true.
    pub queue: String,
}

/// A window and what a machine calls it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawNamedWindow {
    /// The machine's name of it, for example "3".
    pub name: String,
    /// Id of the window.
    pub window: String,
}
