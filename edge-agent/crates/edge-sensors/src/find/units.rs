//! Searches a Modbus gateway or line for units, and reads the discrete inputs (function code 02) of those that answer.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_modbus::ExceptionCode;
use tokio_modbus::client::{Context, Reader, rtu, tcp};
use tokio_modbus::prelude::SlaveContext;
use tokio_modbus::slave::Slave;

use super::{Heard, holder};
use crate::modbus::ModbusLine;

/// What is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSearch {
    /// Id of the gateway.
    pub gateway: String,
    /// How it is reached.
    pub line: ModbusLine,
    /// Unit addresses to ask.
    pub units: Vec<u8>,
}

/// A unit that is there answers within this time; RTU at 9600 Bd needs about 20 ms, a gateway that passes it on twice that.
const ANSWER_WITHIN: Duration = Duration::from_millis(250);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_secs(2);
/// Units that were found are read this often.
const POLL: Duration = Duration::from_millis(200);
/// Numbers of inputs to ask for; a unit that has fewer refuses the request.
const COUNTS: [u16; 5] = [16, 8, 4, 2, 1];
/// So many units with the same inputs are one device that does not look at the address.
const ALIKE: usize = 8;

/// Searches and reads until the receiver is gone. `out` full: the line waits.
pub async fn search_units(search: UnitSearch, out: mpsc::Sender<Heard>) {
    let about = match &search.line {
        ModbusLine::Tcp { host, port } => format!("{} tcp://{host}:{port}", search.gateway),
        ModbusLine::Serial(line) => format!("{} {}", search.gateway, line.path),
    };
    if let ModbusLine::Serial(line) = &search.line
        && let Some(holder) = holder(&line.path)
    {
        let text = format!("in use by {holder}; left alone");
        // Gone: nobody wants to know.
        let _ = out.send(Heard::Note { about, text }).await;
        return;
    }
    let mut found = BTreeMap::new();
    loop {
        let trouble = attempt(&search, &about, &mut found, &out).await;
        let note = Heard::Note {
            about: about.clone(),
            text: trouble,
        };
        if out.send(note).await.is_err() {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// One connection; returns why it ended. `found` keeps the units and their number of inputs.
async fn attempt(
    search: &UnitSearch,
    about: &str,
    found: &mut BTreeMap<u8, u16>,
    out: &mpsc::Sender<Heard>,
) -> String {
    let mut context = match connect(&search.line).await {
        Ok(context) => context,
        Err(trouble) => return trouble,
    };
    let say = |text: String| {
        out.send(Heard::Note {
            about: about.to_owned(),
            text,
        })
    };
    if found.is_empty() {
        let mut heard = BTreeMap::new();
        for (n, unit) in search.units.iter().enumerate() {
            if n % 16 == 0
                && say(format!(
                    "searching, {n} of {} units asked",
                    search.units.len()
                ))
                .await
                .is_err()
            {
                return String::new();
            }
            match inputs(&mut context, *unit).await {
                Ok(Some(bits)) => drop(heard.insert(*unit, bits)),
                Ok(None) => {}
                // Its late answer would be taken for the next unit's: a new connection.
                Err(_) => match connect(&search.line).await {
                    Ok(fresh) => context = fresh,
                    Err(trouble) => return trouble,
                },
            }
        }
        let first = heard
            .first_key_value()
            .map(|(unit, bits)| (*unit, bits.clone()));
        let Some((unit, bits)) = first else {
            return format!("none of {} units answers", search.units.len());
        };
        let alike = heard.len() >= ALIKE
            && heard.len() == search.units.len()
            && heard.values().all(|b| *b == bits);
        let text = if alike {
            heard.retain(|other, _| *other == unit);
            format!("connected; answers to every address, so it is one unit: {unit}")
        } else {
            format!("connected, {} units answer", heard.len())
        };
        if say(text).await.is_err() {
            return String::new();
        }
        *found = heard
            .iter()
            .map(|(unit, bits)| (*unit, bits.len() as u16))
            .collect();
    }
    let mut tick = tokio::time::interval(POLL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        for (unit, count) in &*found {
            match read(&mut context, *unit, *count).await {
                Ok(Ok(inputs)) => {
                    let heard = Heard::Unit {
                        gateway: search.gateway.clone(),
                        unit: *unit,
                        inputs,
                    };
                    if out.send(heard).await.is_err() {
                        return String::new();
                    }
                }
                Ok(Err(exception)) => {
                    return format!("unit {unit} refuses its inputs now: {exception}");
                }
                Err(trouble) => return format!("unit {unit}: {trouble}"),
            }
        }
    }
}

async fn connect(line: &ModbusLine) -> Result<Context, String> {
    match line {
        ModbusLine::Tcp { host, port } => {
            let stream = timeout(CONNECT_WITHIN, TcpStream::connect((host.as_str(), *port)))
                .await
                .map_err(|_| "does not answer".to_owned())?
                .map_err(|e| format!("cannot connect: {e}"))?;
            Ok(tcp::attach_slave(stream, Slave(1)))
        }
        ModbusLine::Serial(line) => Ok(rtu::attach_slave(line.open()?, Slave(1))),
    }
}

/// As many of a unit's inputs as it has, up to 16; `None` when it is not there or has none.
async fn inputs(context: &mut Context, unit: u8) -> Result<Option<Vec<bool>>, String> {
    for count in COUNTS {
        match read(context, unit, count).await? {
            Ok(bits) => return Ok(Some(bits)),
            Err(ExceptionCode::IllegalDataAddress | ExceptionCode::IllegalDataValue) => {}
            // A gateway's word that the unit is silent, or a unit without discrete inputs.
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

async fn read(
    context: &mut Context,
    unit: u8,
    count: u16,
) -> Result<Result<Vec<bool>, ExceptionCode>, String> {
    context.set_slave(Slave(unit));
    match timeout(ANSWER_WITHIN, context.read_discrete_inputs(0, count)).await {
        Ok(Ok(answer)) => Ok(answer.map(|mut bits| {
            bits.truncate(usize::from(count));
            bits
        })),
        Ok(Err(e)) => Err(format!("the line is gone: {e}")),
        Err(_) => Err("does not answer".into()),
    }
}
