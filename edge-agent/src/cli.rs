//! The command line: what can be asked of the binary. Knows no implementation.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hall_metrics::{Month, PeriodKind};
use hall_report::{Format, Lang};

use crate::figures;

mod central;
mod fleet;
mod sensors;

pub use central::{BrokerArgs, BrokerUrl, CentralArgs, Tolerance};
pub use fleet::FleetArgs;
pub use sensors::{IdentifyArgs, ListenArgs, LoginArgs, SearchArgs, SensorsCommand};

/// One edge box in a public service hall.
#[derive(Debug, Parser)]
#[command(name = "edge-agent", version, about, long_about = None, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a hall: cameras and sensors in, events, page and MQTT out; runs until stopped.
    Run(RunArgs),
    /// Read a configuration and report all its mistakes at once (exit code 2 when there are any).
    #[command(visible_alias = "check-config")]
    Check(ConfigArg),
    /// Look for missing pieces of the installation and say how to mend each (exit code 1 when one is missing).
    Doctor(DoctorArgs),
    /// Replay recorded observations through the rules; events as JSON lines on standard output.
    Replay(ReplayArgs),
    /// Write a month's report (月报): what the box has kept, also while it runs, or recorded observations.
    Report(ReportArgs),
    /// Find people in pictures, folders of pictures and clips; one JSON line per picture.
    Detect(DetectArgs),
    /// Write stored events as JSON lines, exactly as they were sealed.
    #[command(visible_alias = "export-events")]
    Export(ExportArgs),
    /// Verify the hash chain of an export of events or of the access log, or an evidence pack; names the first line that does not fit
    /// (exit code 1).
    Verify(VerifyArgs),
    /// Follow what boxes publish: a board of the fleet, checks of numbers, chains, clocks and forms; JSON lines, PostgreSQL (exit
    /// code 3 when something was wrong).
    Central(CentralArgs),
    /// Run simulated boxes against a broker: the real engine on scripted days, the real uplink (exit code 3 when records did not
    /// arrive).
    Fleet(FleetArgs),
    /// Set window sensors up.
    #[command(subcommand)]
    Sensors(SensorsCommand),
    /// Make a one-time code for the page: with it a further account is made that manages the others. Works while the box runs.
    SetupCode(ConfigArg),
    /// Print the JSON Schema of hall.toml, for editors.
    Schema,
}

/// The configuration file.
#[derive(Debug, Args)]
pub struct ConfigArg {
    /// The hall's configuration, for example hall-config/township/hall.toml.
    #[arg(long, short, value_name = "HALL_TOML", env = "EDGE_CONFIG")]
    pub config: PathBuf,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Log for people or for machines, on standard error. The level is set by RUST_LOG (default info).
    #[arg(long, value_enum, default_value = "text")]
    pub log: LogFormat,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Also check what this configuration needs.
    #[arg(long, short, value_name = "HALL_TOML", env = "EDGE_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Configuration.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Observations as JSON lines (edge-agent/docs/replay.md); `-` for standard input.
    #[arg(
        long,
        short,
        value_name = "OBSERVATIONS_JSONL",
        required_unless_present = "archive"
    )]
    pub input: Option<PathBuf>,
    /// Observations that the box itself kept: its storage folder's `observations`.
    #[arg(long, value_name = "DIR", conflicts_with = "input")]
    pub archive: Option<PathBuf>,
    /// A local day of the archive, for example 2026-11-22.
    #[arg(long, value_name = "DAY", requires = "archive", conflicts_with_all = ["from", "to"])]
    pub day: Option<String>,
    /// Events of the archive from this RFC 3339 time on; the replay begins with that day.
    #[arg(long, value_name = "TIME", requires_all = ["archive", "to"])]
    pub from: Option<String>,
    /// End of what is replayed of the archive, RFC 3339.
    #[arg(long, value_name = "TIME", requires_all = ["archive", "from"])]
    pub to: Option<String>,
    /// Go on judging until this RFC 3339 time after the last line.
    #[arg(long, value_name = "TIME", conflicts_with = "archive")]
    pub until: Option<String>,
    /// Also print the minute summaries.
    #[arg(long)]
    pub summaries: bool,
    /// Also print how every window's time counts (staffed, unstaffed, excused, unknown and so on).
    #[arg(long)]
    pub intervals: bool,
    /// Also print roll-ups, when they are due and again when late data changed them; those of running periods at the end.
    /// Without a list: 15min,hour,day,month.
    #[arg(long, value_name = "PERIODS", value_delimiter = ',', num_args = 0..=1, require_equals = true,
        value_parser = period, default_missing_value = "15min,hour,day,month")]
    pub rollups: Vec<PeriodKind>,
    /// Also print the answers to orders that were carried out (refusals are always printed).
    #[arg(long)]
    pub answers: bool,
    /// Judge by these rules too (keys of [rules]; what is not named stays as in the configuration), and print what each would have
    /// raised instead of the events.
    #[arg(long, value_name = "RULES_TOML", conflicts_with_all = ["summaries", "intervals", "rollups", "answers"])]
    pub shadow: Option<PathBuf>,
    /// How the comparison with --shadow is printed.
    #[arg(long, value_enum, default_value = "table", requires = "shadow")]
    pub format: ShadowFormat,
}

/// How a comparison of rules is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShadowFormat {
    /// For people.
    Table,
    /// JSON lines.
    Json,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Configuration; the figures are in its storage directory. The agent may be running on it.
    #[command(flatten)]
    pub config: ConfigArg,
    /// The month, for example 2026-09.
    #[arg(long, value_name = "MONTH", value_parser = |text: &str| figures::month(text))]
    pub month: Month,
    /// The form: json (one object), csv, xlsx (a workbook), html (a page to print).
    #[arg(long, value_name = "FORM", default_value = "json", value_parser = report_format)]
    pub format: Format,
    /// The language of csv, xlsx and html; json has both.
    #[arg(long, value_name = "LANG", default_value = "zh", value_parser = report_lang)]
    pub lang: Lang,
    /// File to write; standard output without it.
    #[arg(long, short, visible_alias = "output", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Instead of the kept figures: observations as JSON lines (edge-agent/docs/replay.md), judged anew; `-` for standard input.
    #[arg(
        long,
        short,
        value_name = "OBSERVATIONS_JSONL",
        conflicts_with = "archive"
    )]
    pub input: Option<PathBuf>,
    /// Instead of the kept figures: observations that the box itself kept (its storage folder's `observations`), judged anew.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
}

fn report_format(name: &str) -> Result<Format, String> {
    Format::parse(name).ok_or_else(|| "it is one of json, csv, xlsx, html".into())
}

fn report_lang(name: &str) -> Result<Lang, String> {
    Lang::parse(name).ok_or_else(|| "it is zh or en".into())
}

/// A period as it is named on the wire.
fn period(name: &str) -> Result<PeriodKind, String> {
    hall_wire::rollup::parse_period(name)
        .ok_or_else(|| "it is one of 1min, 15min, hour, day, month".into())
}

/// Arguments of `detect`.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// The model: an ONNX file, or a name from the manifest.
    #[arg(long, value_name = "FILE")]
    pub model: Option<String>,
    /// Manifest to look the model up in.
    #[arg(long, value_name = "MODELS_TOML", default_value = "models/models.toml")]
    pub manifest: PathBuf,
    /// One JSON line per picture (the only form there is; kept explicit so that others may come).
    #[arg(long)]
    pub json: bool,
    /// Smallest score to report, 0–1; default: the model's own.
    #[arg(long, value_name = "T")]
    pub threshold: Option<f32>,
    /// Threads of one inference.
    #[arg(long, default_value = "1", value_name = "N")]
    pub threads: NonZeroUsize,
    /// Of a clip, analyse every Nth picture.
    #[arg(long, default_value = "1", value_name = "N")]
    pub every: NonZeroU32,
    /// Pictures, folders, clips.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Configuration; its storage directory is read. The agent must not be running on it.
    #[command(flatten)]
    pub config: ConfigArg,
    /// First sequence number.
    #[arg(long, default_value_t = 1, value_name = "SEQ")]
    pub from_seq: u64,
    /// File to write; standard output without it.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Exported events; `-` for standard input.
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
