//! Connections with bounds: how many, how long one may stall or take to ask, and an end to all of them at the stop. With or without TLS.
//! Knows no HTTP.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::limits::Limits;

/// Accepts while a permit is free; otherwise clients wait in the kernel's accept queue.
pub(super) struct BoundedListener {
    inner: TcpListener,
    tls: Option<TlsAcceptor>,
    permits: Arc<Semaphore>,
    stall: Duration,
    end: CancellationToken,
}

impl BoundedListener {
    pub fn new(
        inner: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        limits: &Limits,
        end: CancellationToken,
    ) -> Self {
        BoundedListener {
            inner,
            tls: tls.map(TlsAcceptor::from),
            permits: Arc::new(Semaphore::new(limits.max_connections)),
            stall: limits.stall,
            end,
        }
    }
}

impl Listener for BoundedListener {
    type Io = Transport;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Transport, SocketAddr) {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("invariant: the semaphore is never closed");
        // axum's own accept waits out resource errors such as "too many open files".
        let (stream, addr) = Listener::accept(&mut self.inner).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY refused");
        }
        let connection = Connection {
            stream,
            stall: self.stall,
            deadline: Box::pin(tokio::time::sleep(self.stall)),
            asking: false,
            end: Box::pin(self.end.clone().cancelled_owned()),
            _permit: permit,
        };
        // The handshake is done by whoever serves the connection, so that a slow one keeps nobody else waiting.
        let transport = match &self.tls {
            None => Transport::Plain(connection),
            Some(acceptor) => Transport::Greeting(Box::new(acceptor.accept(connection))),
        };
        (transport, addr)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// Whom a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, BoundedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BoundedListener>) -> Self {
        Peer(*stream.remote_addr())
    }
}

/// A connection in clear text or under TLS.
pub(super) enum Transport {
    Plain(Connection),
    /// The handshake is under way.
    Greeting(Box<Accept<Connection>>),
    Tls(Box<TlsStream<Connection>>),
}

impl Transport {
    /// Goes on with the handshake until there is a stream.
    fn stream(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn ReadWrite>>> {
        if let Transport::Greeting(accept) = self {
            let stream = ready!(Pin::new(accept.as_mut()).poll(cx))?;
            *self = Transport::Tls(Box::new(stream));
        }
        Poll::Ready(Ok(match self {
            Transport::Plain(connection) => Pin::new(connection),
            Transport::Tls(stream) => Pin::new(stream.as_mut()),
            Transport::Greeting(_) => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }))
    }
}

/// Both directions.
trait ReadWrite: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> ReadWrite for T {}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.stream(cx))?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.stream(cx))?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream(cx))?.poll_shutdown(cx)
    }
}

/// A TCP stream that fails when no byte moves for the stall time, when a request takes longer than that to come in, or when the server has
/// ended.
pub(super) struct Connection {
    stream: TcpStream,
    stall: Duration,
    deadline: Pin<Box<Sleep>>,
    /// Something was read since the last write: a request is coming in. Further reads do not prolong it, so that a client that sends a
    /// byte now and then does not hold a connection for ever.
    asking: bool,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Passes on `moved`; while pending, watches for the stall and the end. `prolongs`: what moved begins a new wait.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        moved: Poll<io::Result<T>>,
        prolongs: bool,
    ) -> Poll<io::Result<T>> {
        if self.end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if moved.is_ready() && prolongs {
            self.deadline.set(tokio::time::sleep(self.stall));
        }
        // Polled in both cases, so that the task is woken by the new deadline too.
        if self.deadline.as_mut().poll(cx).is_ready() && moved.is_pending() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        moved
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let moved = Pin::new(&mut self.stream).poll_read(cx, buf);
        let begins = moved.is_ready() && !self.asking;
        self.asking |= moved.is_ready();
        self.watch(cx, moved, begins)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.asking &= moved.is_pending();
        self.watch(cx, moved, true)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TCP has nothing to flush: always ready, and no sign of progress.
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.asking &= moved.is_pending();
        self.watch(cx, moved, true)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
