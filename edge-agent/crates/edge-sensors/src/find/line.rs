//! Serial lines: which there are, who has one open, and which radar talks on one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::{Heard, RadarFamily};
use crate::ld2410::Ld2410Decoder;
use crate::ld2450::Ld2450Decoder;
use crate::serial::{LineParity, SerialLine};

/// A radar sends ten frames a second; so long one speed is tried, then the next.
const TRY: Duration = Duration::from_millis(1_500);
/// Frames of one kind before it is believed.
const FRAMES: usize = 3;
/// LD2410 and LD2450 as delivered, LD2412.
const SPEEDS: [u32; 2] = [256_000, 115_200];
/// Where Linux names serial devices so that the name survives replugging.
const BY_ID: &str = "/dev/serial/by-id";

/// Serial devices that are plugged in.
#[must_use]
pub fn serial_devices() -> Vec<String> {
    let entries = std::fs::read_dir(BY_ID).into_iter().flatten().flatten();
    let mut devices: Vec<String> = entries
        .map(|entry| entry.path().display().to_string())
        .collect();
    devices.sort();
    devices
}

/// Another process that has the device open: its name and number, as far as this user may see. Asked before a line is opened: what is
/// read here would be missing there.
#[must_use]
pub fn holder(device: &str) -> Option<String> {
    let device = std::fs::canonicalize(device).ok()?;
    let own = std::process::id();
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = pids.find(|pid| *pid != own && has_open(*pid, &device))?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (process {pid})", name.trim()))
}

/// Whether a process uses the device. Whoever plays a pseudo-terminal's far end holds both ends open, and is the line, not its user.
fn has_open(pid: u32, device: &Path) -> bool {
    let files = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let links = files.into_iter().flatten().flatten();
    let open: Vec<PathBuf> = links
        .filter_map(|file| std::fs::read_link(file.path()).ok())
        .collect();
    let is_far_end =
        device.starts_with("/dev/pts") && open.iter().any(|path| path.ends_with("ptmx"));
    !is_far_end && open.iter().any(|path| path == device)
}

/// Listens on a line until the receiver is gone: says which radar talks there and what it sees, or that none does.
pub async fn recognise_line(device: String, out: mpsc::Sender<Heard>) {
    let note = |text: String| Heard::Note {
        about: device.clone(),
        text,
    };
    if let Some(holder) = holder(&device) {
        // Gone: nobody wants to know.
        let _ = out
            .send(note(format!("in use by {holder}; left alone")))
            .await;
        return;
    }
    loop {
        for baud in SPEEDS {
            let text = match listen(&device, baud, &out).await {
                Ok(bytes) => format!("no radar heard ({bytes} bytes at {baud} baud)"),
                Err(trouble) => trouble,
            };
            if out.send(note(text)).await.is_err() {
                return;
            }
        }
    }
}

/// Listens at one speed; returns the bytes that were no frame once nothing known comes any more.
async fn listen(device: &str, baud: u32, out: &mpsc::Sender<Heard>) -> Result<u64, String> {
    let line = SerialLine {
        path: device.to_owned(),
        baud,
        parity: LineParity::None,
    };
    let mut until = Instant::now() + TRY;
    let mut line = match line.open() {
        Ok(line) => line,
        Err(trouble) => {
            tokio::time::sleep_until(until).await;
            return Err(trouble);
        }
    };
    let (mut ld2410, mut ld2450) = (Ld2410Decoder::default(), Ld2450Decoder::default());
    let (mut near, mut places) = (Vec::new(), Vec::new());
    let (mut bytes, mut frames) = (0, [0; 2]);
    let mut buffer = [0; 512];
    loop {
        let count = match timeout_at(until, line.read(&mut buffer)).await {
            Err(_) => return Ok(bytes),
            Ok(Ok(0)) => return Err("the line was closed".into()),
            Ok(Ok(count)) => count,
            Ok(Err(e)) => {
                tokio::time::sleep_until(until).await;
                return Err(format!("cannot read: {e}"));
            }
        };
        bytes += count as u64;
        ld2410.push(&buffer[..count], &mut near);
        ld2450.push(&buffer[..count], &mut places);
        let seen = [
            near.drain(..)
                .map(|r| r.present_within(u16::MAX))
                .map(|p| (RadarFamily::Ld2410, p))
                .collect::<Vec<_>>(),
            places
                .drain(..)
                .map(|targets| (RadarFamily::Ld2450, !targets.is_empty()))
                .collect(),
        ];
        for (count, seen) in frames.iter_mut().zip(seen) {
            *count += seen.len();
            let Some((family, present)) = seen.last().copied().filter(|_| *count >= FRAMES) else {
                continue;
            };
            until = Instant::now() + TRY;
            let heard = Heard::Radar {
                device: device.to_owned(),
                family,
                baud,
                present,
            };
            if out.send(heard).await.is_err() {
                return Ok(bytes);
            }
        }
    }
}
