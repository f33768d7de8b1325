//! Modbus units of pymodbus, a library the box does not use, on TCP or on a serial line; unplugged by ending the process.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::agent::workspace;
use crate::child::owned;
use crate::wait;

/// Units behind one address, all inputs off at first. Ended when dropped.
pub struct ModbusUnits {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl ModbusUnits {
    /// Units on a port of 127.0.0.1.
    ///
    /// # Errors
    /// When python3-pymodbus is not installed (`make setup-test`) or the port is taken.
    pub fn tcp(port: u16, units: &[u8]) -> Result<ModbusUnits> {
        let units = ModbusUnits::start("tcp", &port.to_string(), units)?;
        wait::until_true("the Modbus server", Duration::from_secs(20), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        })?;
        Ok(units)
    }

    /// Units on a serial line, 9600 Bd without parity.
    ///
    /// # Errors
    /// When python3-pymodbus is not installed (`make setup-test`).
    pub fn rtu(device: &Path, units: &[u8]) -> Result<ModbusUnits> {
        ModbusUnits::start("rtu", &device.display().to_string(), units)
    }

    fn start(kind: &str, place: &str, units: &[u8]) -> Result<ModbusUnits> {
        // Debian's own Python: its packages are not another's.
        let mut child = owned("/usr/bin/python3")
            .arg(workspace().join("tests/parts/modbus_units.py"))
            .args([kind, place])
            .args(units.iter().map(u8::to_string))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("python3 does not start; what to do: make setup-test")?;
        let commands = child.stdin.take().context("stdin")?;
        let answers = BufReader::new(child.stdout.take().context("stdout")?);
        Ok(ModbusUnits {
            child,
            commands,
            answers,
        })
    }

    /// An input goes on or off.
    ///
    /// # Errors
    /// When the units are gone.
    pub fn set(&mut self, unit: u8, input: u16, on: bool) -> Result<()> {
        self.command(&format!("set {unit} {input} {}", u8::from(on)))
    }

    /// A unit answers no more.
    ///
    /// # Errors
    /// When the units are gone.
    pub fn mute(&mut self, unit: u8) -> Result<()> {
        self.command(&format!("mute {unit}"))
    }

    /// It answers again.
    ///
    /// # Errors
    /// When the units are gone.
    pub fn speak(&mut self, unit: u8) -> Result<()> {
        self.command(&format!("speak {unit}"))
    }

    fn command(&mut self, line: &str) -> Result<()> {
        writeln!(self.commands, "{line}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        ensure!(answer.trim() == "done", "{line}: {answer:?}");
        Ok(())
    }
}

impl Drop for ModbusUnits {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
