//! `sensors listen`: what is heard, with live values and suggested entries.

use std::io::IsTerminal;
use std::time::Duration;

use edge_sensors::find::Board;
use tokio::time::Instant;

use super::ears::Ears;
use super::{Exit, load_config, table};
use crate::cli::ListenArgs;
use crate::commands::central::say;
use crate::signals::StopSignals;

/// How long is listened where nobody watches.
const UNWATCHED: Duration = Duration::from_secs(30);
/// The table on a terminal is drawn anew this often.
const DRAW_EVERY: Duration = Duration::from_secs(1);

/// Listens, shows, and ends at Ctrl-C or when the time is up.
///
/// # Errors
/// When the system refuses a runtime or signals.
pub(super) fn listen(args: &ListenArgs) -> anyhow::Result<Exit> {
    let config = match load_config(&args.search.config.config) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let is_watched = std::io::stdout().is_terminal() && !args.json;
    let duration = args.duration.or((!is_watched).then_some(UNWATCHED));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let board = runtime.block_on(async {
        let mut signals = StopSignals::listen()?;
        let mut ears = Ears::open(&config, &args.search);
        let mut board = Board::default();
        let mut draw = tokio::time::interval(DRAW_EVERY);
        let end = duration.map(|d| Instant::now() + d);
        let ended = async {
            match end {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(ended);
        loop {
            tokio::select! {
                biased;
                () = &mut ended => break,
                _ = signals.next() => break,
                _ = draw.tick() => {
                    if is_watched {
                        // Home, the table, and what was below it wiped.
                        say(&format!("\x1b[H\x1b[2J{}", table::text(&config, &board, false)));
                    }
                }
                heard = ears.next() => match heard {
                    Some(heard) => drop(board.take(heard)),
                    None => break,
                },
            }
        }
        ears.close().await;
        anyhow::Ok(board)
    })?;
    if args.json {
        say(&format!("{}\n", table::json(&config, &board)));
    } else {
        if is_watched {
            say("\x1b[H\x1b[2J");
        }
        say(&table::text(&config, &board, true));
    }
    Ok(Exit::Ok)
}
