//! Modbus discrete inputs (function code 02; Modbus application protocol V1.1b3) over TCP and RTU: polls the units of one gateway,
//! debounces, and tells when the gateway or one of its units does not answer. Several windows may hang on one unit. Knows no rules.

use std::time::Duration;

use hall_core::HallTime;
use hall_core::backoff::Backoff;
use hall_core::ids::{GatewayId, SensorId};
use hall_core::observe::{FaultCause, Quality, SensorReading, SourceHealth, SourceId};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_modbus::client::{Context, rtu, tcp};
use tokio_modbus::slave::Slave;
use tokio_util::sync::CancellationToken;

use crate::debounce::Debounce;
use crate::mailbox::{Mailbox, SensorInput};
use crate::modbus_request::{Request, Silence};
use crate::mqtt::{LinkStatus, Now};
use crate::serial::SerialLine;

/// How a gateway is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModbusLine {
    /// Modbus TCP, usually port 502.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// Modbus RTU on RS-485.
    Serial(SerialLine),
}

/// One discrete input bound to a sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModbusInput {
    /// The sensor it is.
    pub sensor: SensorId,
    /// Unit (slave) address, 1-247; 255 or 1 for most TCP devices.
    pub unit: u8,
    /// Discrete input, from 0.
    pub input: u16,
    /// True for a contact that is closed when nobody is there.
    pub invert: bool,
}

/// One gateway with everything that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModbusGateway {
    /// Its id.
    pub id: GatewayId,
    /// How it is reached.
    pub line: ModbusLine,
    /// Time from one poll to the next.
    pub poll: Duration,
    /// A changed input counts once it has been read for this long.
    pub debounce: Duration,
    /// Inputs.
    pub inputs: Vec<ModbusInput>,
}

/// A unit that did not answer twice running is asked again after this long: waiting for it slows the others down.
const REST: Duration = Duration::from_secs(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// An unchanged input is repeated this often, so that silence means something.
const REPEAT_MS: i64 = 1_000;
/// Most inputs one request may ask for (Modbus application protocol, 6.2).
const INPUTS_MAX: u16 = 2_000;

/// One unit's inputs as one request.
#[derive(Debug)]
struct Unit {
    address: u8,
    first: u16,
    count: u16,
    inputs: Vec<Input>,
    answering: bool,
    /// It did not answer in this round.
    missed: bool,
    /// When it is asked again.
    rests_until: Option<Instant>,
}

#[derive(Debug)]
struct Input {
    of: ModbusInput,
    debounce: Debounce,
    told: Option<(bool, HallTime)>,
}

impl Unit {
    fn request(&self) -> Request {
        Request {
            unit: self.address,
            first: self.first,
            count: self.count,
        }
    }
}

/// Polls one gateway.
pub struct ModbusPoller {
    gateway: ModbusGateway,
    now: Now,
    out: mpsc::Sender<SensorInput>,
    status: watch::Sender<LinkStatus>,
}

impl ModbusPoller {
    /// Does no IO. `out` is the hall's bounded channel; when it is full readings merge per sensor in a [`Mailbox`].
    #[must_use]
    pub fn new(
        gateway: ModbusGateway,
        now: Now,
        out: mpsc::Sender<SensorInput>,
        status: watch::Sender<LinkStatus>,
    ) -> Self {
        ModbusPoller {
            gateway,
            now,
            out,
            status,
        }
    }

    /// Runs until cancelled or the hall is gone.
    pub async fn run(self, cancel: CancellationToken) {
        let mailbox = Mailbox::default();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.connections(&mailbox) => {}
            () = mailbox.forward(self.out.clone()) => {}
        }
    }

    async fn connections(&self, mailbox: &Mailbox) {
        let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
        let mut down = false;
        loop {
            let mut answered = false;
            let trouble = match self.connect().await {
                Ok(context) => self.poll(context, mailbox, &mut answered, &mut down).await,
                Err(trouble) => trouble,
            };
            if answered {
                backoff.reset();
            }
            if answered || !down {
                self.tell(mailbox, SourceId::Gateway(self.gateway.id.clone()), true);
                down = true;
            }
            self.status.send_modify(|s| {
                s.connected = false;
                s.trouble.clone_from(&trouble);
                s.coalesced = mailbox.coalesced();
            });
            let pause = backoff.next(rand::random());
            tracing::warn!(gateway = %self.gateway.id, %trouble, retry_ms = pause.as_millis() as u64,
                "Modbus gateway does not answer; its sensors are ignored.");
            tokio::time::sleep(pause).await;
        }
    }

    async fn connect(&self) -> Result<Context, String> {
        match &self.gateway.line {
            ModbusLine::Tcp { host, port } => {
                let stream = timeout(CONNECT_WITHIN, TcpStream::connect((host.as_str(), *port)))
                    .await
                    .map_err(|_| format!("{host}:{port} does not answer"))?
                    .map_err(|e| format!("cannot connect to {host}:{port}: {e}"))?;
                Ok(tcp::attach_slave(stream, Slave(1)))
            }
            ModbusLine::Serial(line) => Ok(rtu::attach_slave(line.open()?, Slave(1))),
        }
    }

    /// Polls until the whole gateway is silent; returns why it ended.
    async fn poll(
        &self,
        mut context: Context,
        mailbox: &Mailbox,
        answered: &mut bool,
        down: &mut bool,
    ) -> String {
        let mut units = units(&self.gateway.inputs);
        // What was last said of a unit that does not answer, while there is one.
        let mut silent_unit = String::new();
        let mut tick = tokio::time::interval_at(Instant::now(), self.gateway.poll);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let mut trouble = None;
            let mut any = false;
            for unit in &mut units {
                unit.missed = false;
                if unit.rests_until.is_some_and(|until| Instant::now() < until) {
                    continue;
                }
                match unit.request().read(&mut context).await {
                    Ok(bits) => {
                        any = true;
                        unit.rests_until = None;
                        if std::mem::take(down) {
                            self.tell(mailbox, SourceId::Gateway(self.gateway.id.clone()), false);
                        }
                        self.take(mailbox, unit, &bits);
                    }
                    Err(Silence { lost, reason }) => {
                        if lost {
                            return reason;
                        }
                        trouble.get_or_insert(reason);
                        unit.missed = true;
                        if !unit.answering {
                            unit.rests_until = Some(Instant::now() + REST);
                        }
                    }
                }
            }
            if any {
                *answered = true;
                // Only now is it known that not the whole gateway is silent.
                for unit in units.iter_mut().filter(|unit| unit.missed) {
                    self.silent(mailbox, unit);
                }
                let (late, tcp) = (
                    units.iter().any(|unit| unit.missed),
                    matches!(self.gateway.line, ModbusLine::Tcp { .. }),
                );
                if late && tcp {
                    // Gateways answer for a silent unit when their own patience is over: on this connection that would be taken for
                    // the answer to a later request.
                    drop(context);
                    context = match self.connect().await {
                        Ok(context) => context,
                        Err(trouble) => return trouble,
                    };
                }
                if units.iter().all(|unit| unit.answering) {
                    silent_unit.clear();
                } else if let Some(trouble) = trouble {
                    silent_unit = trouble;
                }
                self.status.send_modify(|s| {
                    s.connected = true;
                    s.trouble.clone_from(&silent_unit);
                });
            } else if let Some(trouble) = trouble {
                return trouble;
            }
        }
    }

    fn take(&self, mailbox: &Mailbox, unit: &mut Unit, bits: &[bool]) {
        let at = (self.now)().0;
        if !std::mem::replace(&mut unit.answering, true) {
            for input in &unit.inputs {
                self.tell(mailbox, SourceId::Sensor(input.of.sensor.clone()), false);
            }
        }
        let hold_ms = self.gateway.debounce.as_millis() as i64;
        for input in &mut unit.inputs {
            let Some(bit) = bits.get(usize::from(input.of.input - unit.first)) else {
                continue;
            };
            let value = *bit != input.of.invert;
            let Some((value, since)) = input.debounce.read(value, at, hold_ms) else {
                continue;
            };
            let news = match input.told {
                Some((told, told_at)) => told != value || at.since_ms(told_at) >= REPEAT_MS,
                None => true,
            };
            if news {
                input.told = Some((value, at));
                mailbox.reading(SensorReading {
                    sensor: input.of.sensor.clone(),
                    at: since,
                    value,
                    quality: Quality::Good,
                });
            }
        }
    }

    /// One unit of several does not answer: its sensors are down, the gateway is not.
    fn silent(&self, mailbox: &Mailbox, unit: &mut Unit) {
        if !std::mem::replace(&mut unit.answering, false) {
            return;
        }
        for input in &mut unit.inputs {
            input.debounce.forget();
            input.told = None;
            self.tell(mailbox, SourceId::Sensor(input.of.sensor.clone()), true);
        }
    }

    fn tell(&self, mailbox: &Mailbox, source: SourceId, down: bool) {
        mailbox.health(SourceHealth {
            source,
            at: (self.now)().0,
            down: down.then_some(FaultCause::Offline),
        });
    }
}

/// Inputs by unit; inputs far apart are still one request, since a request costs more than its bits.
fn units(inputs: &[ModbusInput]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut sorted = inputs.to_vec();
    sorted.sort_by_key(|i| (i.unit, i.input));
    for input in sorted {
        let (address, number) = (input.unit, input.input);
        let open = units
            .last_mut()
            .filter(|unit| unit.address == address && number - unit.first < INPUTS_MAX);
        let input = Input {
            of: input,
            debounce: Debounce::default(),
            told: None,
        };
        match open {
            Some(unit) => {
                unit.count = number - unit.first + 1;
                unit.inputs.push(input);
            }
            None => units.push(Unit {
                address,
                first: number,
                count: 1,
                inputs: vec![input],
                answering: true,
                missed: false,
                rests_until: None,
            }),
        }
    }
    units
}
