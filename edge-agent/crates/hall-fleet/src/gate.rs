//! The way of boxes to the broker, which can be shut, as when a city's line is cut, or fall silent, as when the power of a hall goes.
//! Boxes notice nothing but the network.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections waiting to be taken: more boxes than this come back within one second.
const WAITING: u32 = 4_096;

/// What a gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Passes everything.
    Open,
    /// Connections close without an MQTT goodbye, new ones are turned away.
    Shut,
    /// Connections stay, but nothing passes any more, not even that an end has closed.
    Silent,
}

/// Opens a gate on a port of 127.0.0.1 to `host:port`; it passes while the future runs.
pub(crate) async fn open(
    host: String,
    port: u16,
    state: watch::Receiver<Gate>,
) -> std::io::Result<(SocketAddr, impl Future<Output = ()>)> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(WAITING)?;
    let address = listener.local_addr()?;
    Ok((address, accept(listener, host, port, state)))
}

async fn accept(listener: TcpListener, host: String, port: u16, mut state: watch::Receiver<Gate>) {
    let mut passing = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
                if *state.borrow_and_update() == Gate::Shut {
                    // Sockets close at once.
                    passing.abort_all();
                }
            }
            // Connections that ended need no more room.
            Some(_) = passing.join_next() => {}
            accepted = listener.accept() => {
                let (Ok((from, _)), Gate::Open) = (accepted, *state.borrow()) else {
                    continue;
                };
                passing.spawn(pass(from, host.clone(), port, state.clone()));
            }
        }
    }
}

async fn pass(mut from: TcpStream, host: String, port: u16, mut state: watch::Receiver<Gate>) {
    let Ok(mut to) = TcpStream::connect((host.as_str(), port)).await else {
        return;
    };
    let _ = from.set_nodelay(true).and_then(|()| to.set_nodelay(true));
    tokio::select! {
        // First, so that an end that closes in the silence is not passed on.
        biased;
        _ = state.wait_for(|s| *s == Gate::Silent) => {}
        // How it ended is the boxes' and the broker's matter.
        _ = copy_bidirectional(&mut from, &mut to) => return,
    }
    // Until the silence ends, or the broker has given up and nobody needs this connection any more.
    let _ = state.wait_for(|s| *s != Gate::Silent).await;
}
