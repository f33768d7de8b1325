//! The way of all boxes to the broker, which can be shut: as when a city's line is cut. Boxes notice nothing but the network.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Connections waiting to be taken: more boxes than this come back within one second.
const WAITING: u32 = 4_096;

/// Opens a gate on a port of 127.0.0.1 to `host:port`.
pub(crate) async fn open(
    host: String,
    port: u16,
    is_open: watch::Receiver<bool>,
) -> std::io::Result<(SocketAddr, impl Future<Output = ()>)> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(WAITING)?;
    let address = listener.local_addr()?;
    Ok((address, pass(listener, host, port, is_open)))
}

async fn pass(listener: TcpListener, host: String, port: u16, mut is_open: watch::Receiver<bool>) {
    let mut passing = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            changed = is_open.changed() => {
                if changed.is_err() {
                    return;
                }
                if !*is_open.borrow_and_update() {
                    // Sockets close at once, without an MQTT goodbye.
                    passing.abort_all();
                }
            }
            // Connections that ended need no more room.
            Some(_) = passing.join_next() => {}
            accepted = listener.accept() => {
                let (Ok((mut from, _)), true) = (accepted, *is_open.borrow()) else {
                    continue;
                };
                let host = host.clone();
                passing.spawn(async move {
                    if let Ok(mut to) = TcpStream::connect((host.as_str(), port)).await {
                        let _ = from.set_nodelay(true).and_then(|()| to.set_nodelay(true));
                        // How it ended is the boxes' and the broker's matter.
                        let _ = copy_bidirectional(&mut from, &mut to).await;
                    }
                });
            }
        }
    }
}
