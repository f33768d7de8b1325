//! A plain HTTP/1.1 client: sends exactly what a test says and reads answers and event streams byte by byte.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::fixture::SOON;

/// An answer read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let wanted = format!("{name}: ");
        self.head
            .lines()
            .find_map(|l| l.strip_prefix(wanted.as_str()))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// GET with `Host: localhost`.
pub async fn get(addr: SocketAddr, path: &str) -> Answer {
    request(addr, "GET", path, &[("host", "localhost")]).await
}

/// Any request without a body, on a connection of its own.
pub async fn request(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    send(addr, method, path, headers, b"").await
}

/// Any request with this body after its headers, on a connection of its own.
pub async fn send(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = open(addr, method, path, headers, "close").await;
    // A server that refuses early may have closed already; its answer is still there.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    timeout(SOON, stream.read_to_end(&mut bytes))
        .await
        .expect("an answer")
        .unwrap();
    let split = bytes
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a header block");
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    Answer {
        status: status(&head),
        body: bytes[split + 4..].to_vec(),
        head,
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn open(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    connection: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: {connection}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// One server-sent event.
#[derive(Debug)]
pub struct Message {
    pub name: String,
    pub id: Option<String>,
    pub data: Value,
}

/// An open live stream.
pub struct Live {
    stream: TcpStream,
    buffer: Vec<u8>,
    chunks: Vec<u8>,
    ended: bool,
}

impl Live {
    pub async fn open(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Live {
        let mut all = vec![("host", "localhost"), ("accept", "text/event-stream")];
        all.extend_from_slice(headers);
        let stream = open(addr, "GET", path, &all, "keep-alive").await;
        let mut live = Live {
            stream,
            buffer: Vec::new(),
            chunks: Vec::new(),
            ended: false,
        };
        let head = loop {
            if let Some(at) = live.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break String::from_utf8(live.buffer.drain(..at + 4).collect()).unwrap();
            }
            assert!(live.fill().await, "the stream ended in its header");
        };
        assert_eq!(status(&head), 200, "{head}");
        assert!(head.contains("text/event-stream"), "{head}");
        live
    }

    /// False at the end of the connection.
    async fn fill(&mut self) -> bool {
        let mut piece = [0; 4096];
        match timeout(SOON, self.stream.read(&mut piece))
            .await
            .expect("something on the stream in time")
        {
            Ok(0) | Err(_) => false,
            Ok(n) => {
                self.buffer.extend_from_slice(&piece[..n]);
                true
            }
        }
    }

    /// Moves whole chunks of the chunked body to the text; false when there is none yet.
    fn dechunk(&mut self) -> bool {
        let Some(line) = self.buffer.windows(2).position(|w| w == b"\r\n") else {
            return false;
        };
        let size =
            usize::from_str_radix(std::str::from_utf8(&self.buffer[..line]).unwrap(), 16).unwrap();
        if self.buffer.len() < line + 2 + size + 2 {
            return false;
        }
        // The last chunk is empty.
        self.ended |= size == 0;
        self.chunks
            .extend_from_slice(&self.buffer[line + 2..line + 2 + size]);
        self.buffer.drain(..line + 2 + size + 2);
        true
    }

    /// The next event; comments are passed over. `None` when the server ended the stream.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(at) = self.chunks.windows(2).position(|w| w == b"\n\n") {
                let text = String::from_utf8(self.chunks.drain(..at + 2).collect()).unwrap();
                let field = |name: &str| {
                    text.lines()
                        .find_map(|l| l.strip_prefix(name))
                        .map(|v| v.trim().to_owned())
                };
                if let (Some(name), Some(data)) = (field("event:"), field("data:")) {
                    return Some(Message {
                        name,
                        id: field("id:"),
                        data: serde_json::from_str(&data).unwrap(),
                    });
                }
                continue;
            }
            if self.ended || (!self.dechunk() && !self.fill().await) {
                return None;
            }
        }
    }

    /// The next event of this name.
    pub async fn next_named(&mut self, name: &str) -> Message {
        loop {
            let message = self
                .next()
                .await
                .unwrap_or_else(|| panic!("the stream ended before a '{name}'"));
            if message.name == name {
                return message;
            }
        }
    }
}
