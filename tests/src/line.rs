//! The line between a box and its broker, in the test's hands: open, cut, silent, or passing everything but the broker's receipts.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

/// How long a change of state takes to reach a quiet connection.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// MQTT control packet type of PUBACK, in the upper half of a packet's first byte.
const PUBACK: u8 = 4;

/// What the line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Passes everything.
    Open,
    /// Connections end, new ones wait, as at a port whose far end is away, too.
    Cut,
    /// Connections stay and nothing passes: a power cut, a cable pulled out.
    Silent,
    /// PUBACKs from the broker do not pass, everything else does. Only on a line that reads packets.
    NoReceipts,
}

/// A TCP proxy in front of a port. Ends, with its connections, when dropped.
pub struct Line {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    reads_packets: bool,
    state: Mutex<State>,
    ended: AtomicBool,
    withheld: AtomicUsize,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection may go on.
    fn holds(&self) -> bool {
        !self.ended.load(Ordering::SeqCst) && *self.state() != State::Cut
    }
}

impl Line {
    /// An open line to `port` of 127.0.0.1, whatever is spoken there.
    ///
    /// # Errors
    /// When no port or thread is to be had.
    pub fn start(port: u16) -> Result<Line> {
        Line::open(port, false)
    }

    /// An open line that reads what the broker sends, MQTT in clear text, and can withhold its receipts.
    ///
    /// # Errors
    /// As [`Line::start`].
    pub fn reading(port: u16) -> Result<Line> {
        Line::open(port, true)
    }

    fn open(port: u16, reads_packets: bool) -> Result<Line> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let own_port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            reads_packets,
            state: Mutex::new(State::Open),
            ended: AtomicBool::new(false),
            withheld: AtomicUsize::new(0),
        });
        let for_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("line".into())
            .spawn(move || accept(&listener, port, &for_thread))?;
        Ok(Line {
            port: own_port,
            shared,
            thread: Some(thread),
        })
    }

    /// The box's end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// The same as a port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub fn set(&self, state: State) {
        *self.shared.state() = state;
    }

    /// Receipts that did not pass so far.
    #[must_use]
    pub fn withheld(&self) -> usize {
        self.shared.withheld.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, port: u16, shared: &Arc<Shared>) {
    std::thread::scope(|scope| {
        while let Ok((near, _)) = listener.accept() {
            if shared.ended.load(Ordering::SeqCst) {
                return;
            }
            scope.spawn(move || {
                let Some(far) = reach(port, shared) else {
                    return;
                };
                let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) else {
                    return;
                };
                scope.spawn(move || pass(near_too, far_too, shared, false));
                pass(far, near, shared, true);
            });
        }
    });
}

/// The far end, as soon as there is one; `None`: the line is gone for good.
fn reach(port: u16, shared: &Shared) -> Option<TcpStream> {
    while !shared.ended.load(Ordering::SeqCst) {
        if shared.holds()
            && let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        {
            return Some(far);
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
    None
}

/// Passes packets one way until either end closes or the line is cut.
fn pass(mut from: TcpStream, mut to: TcpStream, shared: &Shared, from_broker: bool) {
    let _ = from.set_read_timeout(Some(LOOK_EVERY));
    let _ = to.set_nodelay(true);
    let (mut waiting, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    while shared.holds() {
        if *shared.state() == State::Silent {
            std::thread::park_timeout(LOOK_EVERY);
            continue;
        }
        match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => waiting.extend_from_slice(&chunk[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(_) => break,
        }
        let reads = from_broker && shared.reads_packets;
        while let Some(length) = if reads {
            packet(&waiting)
        } else {
            all(&waiting)
        } {
            let packet: Vec<u8> = waiting.drain(..length).collect();
            // The state may have changed since these bytes were read.
            let withhold =
                reads && packet[0] >> 4 == PUBACK && *shared.state() == State::NoReceipts;
            if withhold {
                shared.withheld.fetch_add(1, Ordering::SeqCst);
            } else if to.write_all(&packet).is_err() {
                break;
            }
        }
    }
    // Either may be closed already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Bytes there are; `None`: none.
fn all(bytes: &[u8]) -> Option<usize> {
    (!bytes.is_empty()).then_some(bytes.len())
}

/// Bytes of the first MQTT packet in `bytes`; `None` while it is not complete.
fn packet(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (n, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * n);
        if byte & 0x80 == 0 {
            let whole = 2 + n + length;
            return (bytes.len() >= whole).then_some(whole);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::packet;

    #[test]
    fn packets_are_told_apart_by_their_lengths() {
        assert_eq!(packet(&[0x40, 2, 0, 1, 0x40]), Some(4));
        assert_eq!(packet(&[0x40, 2, 0]), None);
        assert_eq!(packet(&[0x30]), None);
        let mut long = vec![0x30, 0x80 | 0x10, 0x02];
        assert_eq!(packet(&long), None);
        long.resize(3 + 0x110, 0);
        assert_eq!(packet(&long), Some(3 + 0x110));
    }
}
