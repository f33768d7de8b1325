//! `sensors identify`: press it twice, and it is bound.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use edge_config::Config;
use edge_sensors::find::{Board, Found, Heard, Press, State, Step};
use tokio::time::Instant;

use super::bind::bind;
use super::ears::Ears;
use super::entry::{Entry, bound, fresh_id};
use super::{Exit, complain, load_config};
use crate::cli::{IdentifyArgs, SearchArgs};
use crate::commands::central::say;
use crate::signals::StopSignals;

/// How often time is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Listeners are given so long to connect before the trial begins, and no longer than the second to search.
const SETTLE: Duration = Duration::from_secs(2);
const SEARCH_WITHIN: Duration = Duration::from_secs(90);

/// Finds the sensor that is pressed, and writes it into hall.toml.
///
/// # Errors
/// When it was not found, is bound already, or the file would not be right with it.
pub(super) fn identify(args: &IdentifyArgs) -> anyhow::Result<Exit> {
    let path = &args.search.config.config;
    let config = match load_config(path) {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    if !config.windows.iter().any(|w| w.id.as_str() == args.window) {
        let known: Vec<&str> = config.windows.iter().map(|w| w.id.as_str()).collect();
        bail!(
            "there is no window '{}'; known: {}",
            args.window,
            known.join(", ")
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let Some(found) = runtime.block_on(press(&config, &args.search))? else {
        complain("Ended; nothing was changed.");
        return Ok(Exit::Failed);
    };
    if let Some(sensor) = bound(&config, &found.place) {
        let what = format!(
            "it is {} ({}), already bound to window {}",
            sensor.id, found.place, sensor.window
        );
        if sensor.window.as_str() == args.window {
            say(&format!("{what}; nothing to do.\n"));
            return Ok(Exit::Ok);
        }
        bail!(
            "{what}; to move it, change its window in {}",
            path.display()
        );
    }
    let kind = args.kind.as_str();
    let id = (args.id.clone())
        .unwrap_or_else(|| fresh_id(&config, &BTreeSet::new(), &args.window, kind));
    let words = match (&found.pressed, &found.rest) {
        (State::Word(on), State::Word(off)) => Some((on.clone(), off.clone())),
        (State::Word(_), _) | (_, State::Word(_)) => bail!(
            "{} says {} when pressed and {} at rest; bind it by hand, with on and off (edge-agent/docs/sensors.md)",
            found.place,
            found.pressed,
            found.rest
        ),
        _ => None,
    };
    let entry = Entry {
        id,
        window: args.window.clone(),
        kind,
        place: found.place,
        invert: found.pressed == State::Off,
        words,
    };
    let difference = bind(path, &entry)?;
    say(&format!(
        "{}: {} is bound to window {}.\n{difference}Restart the box to use it: systemctl restart edge-agent\n",
        path.display(),
        entry.id,
        entry.window
    ));
    Ok(Exit::Ok)
}

/// Leads through the two presses; `None` when the person ended it.
async fn press(config: &Arc<Config>, args: &SearchArgs) -> anyhow::Result<Option<Found>> {
    let mut signals = StopSignals::listen()?;
    let mut ears = Ears::open(config, args);
    let mut board = Board::default();
    let began = Instant::now();
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut trial: Option<Press> = None;
    complain("Listening; touch nothing.");
    let outcome = loop {
        let at_ms = began.elapsed().as_millis() as i64;
        tokio::select! {
            biased;
            _ = signals.next() => break Ok(None),
            _ = look.tick() => {
                let Some(trial) = &mut trial else {
                    if is_ready(&board, began.elapsed()) {
                        let mut first = Press::new(at_ms);
                        for (place, signal) in &board.signals {
                            first.said(at_ms, place, &signal.state, true);
                        }
                        trial = Some(first);
                    }
                    continue;
                };
                match trial.tick(at_ms) {
                    None => {}
                    Some(Step::Press) => {
                        for place in trial.restless() {
                            complain(&format!("left out, it changes by itself: {place}"));
                        }
                        complain(&format!("{} signals are watched. Press the sensor now, or walk past it.", board.signals.len()));
                    }
                    Some(Step::Release(places)) => {
                        let names: Vec<String> = places.iter().map(ToString::to_string).collect();
                        complain(&format!("Changed: {}. Let go, switch it back, or step out of its sight.", names.join(", ")));
                    }
                    Some(Step::PressAgain) => complain("Once more, to be sure: press it now."),
                    Some(Step::Found(found)) => break Ok(Some(found)),
                    Some(Step::Failed(why)) => break Err(anyhow::anyhow!("{why}; nothing was changed")),
                }
            }
            heard = ears.next() => {
                let Some(heard) = heard else {
                    break Err(anyhow::anyhow!(
                        "there is nowhere to listen: hall.toml has no [sensor_broker] and no [[gateways]], and no serial device is plugged in"
                    ));
                };
                // Only a message is news at its first time; a contact that is read has always had its state.
                let kept = !matches!(heard, Heard::Message { kept: false, .. });
                for (place, state) in board.take(heard) {
                    if let Some(trial) = &mut trial {
                        trial.said(at_ms, &place, &state, kept);
                    }
                }
            }
        }
    };
    ears.close().await;
    for (about, note) in board.notes.iter().filter(|_| outcome.is_err()) {
        complain(&format!("{about}: {note}"));
    }
    outcome
}

/// Every listener has had time to connect, and Modbus units have been searched.
fn is_ready(board: &Board, elapsed: Duration) -> bool {
    let searching = board
        .notes
        .values()
        .any(|note| note.starts_with("searching"));
    elapsed >= SETTLE && (!searching || elapsed >= SEARCH_WITHIN)
}
