//! The agent's HTTP interface as a stranger sees it.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A small client for one port of 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Http {
    port: u16,
    agent: ureq::Agent,
}

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Content type, empty if none.
    pub content_type: String,
    /// All headers, in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| self.text())
    }
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentEvent {
    /// `event:` name.
    pub name: String,
    /// `id:`, empty if none.
    pub id: String,
    /// `data:` lines.
    pub data: String,
}

impl Http {
    /// A client for 127.0.0.1:`port`.
    #[must_use]
    pub fn new(port: u16) -> Http {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(2)));
        Http {
            port,
            agent: config.build().into(),
        }
    }

    /// Port asked.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `GET path`, within 5 s.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn get(&self, path: &str) -> Result<Answer> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = self
            .agent
            .get(&url)
            .config()
            .timeout_global(Some(Duration::from_secs(5)))
            .build();
        let answer = request.call().with_context(|| url.clone())?;
        read(answer).context(url)
    }

    /// `POST path` with a device's token, within 5 s.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn post(&self, path: &str, token: &str, body: &str) -> Result<Answer> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = (self.agent.post(&url))
            .header("authorization", format!("Bearer {token}"))
            .config()
            .timeout_global(Some(Duration::from_secs(5)))
            .build();
        let answer = request.send(body).with_context(|| url.clone())?;
        read(answer).context(url)
    }

    /// Any request with these headers, within 20 s: a password takes a while to check on a busy machine.
    ///
    /// # Errors
    /// When nobody answers, or method or headers are none.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = self
            .agent
            .configure_request(request.body(body.to_owned())?)
            .timeout_global(Some(Duration::from_secs(20)))
            .allow_non_standard_methods(true)
            .build();
        read(self.agent.run(request).with_context(|| url.clone())?).context(url)
    }

    /// `GET path` as JSON, status 200 expected.
    ///
    /// # Errors
    /// When the answer is another.
    pub fn json(&self, path: &str) -> Result<Value> {
        let answer = self.get(path)?;
        if answer.status != 200 {
            bail!("GET {path}: {} {}", answer.status, answer.text());
        }
        answer.json()
    }

    /// Reads server-sent events from `path`, continuing after `last_id` if given, until `enough` says so; ends after 30 s at most.
    ///
    /// # Errors
    /// When the stream ends or the time is up before that.
    pub fn listen(
        &self,
        path: &str,
        last_id: Option<&str>,
        mut enough: impl FnMut(&SentEvent) -> bool,
    ) -> Result<Vec<SentEvent>> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.agent.get(&url).header("accept", "text/event-stream");
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let answer = request
            .config()
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .call()
            .with_context(|| url.clone())?;
        if answer.status() != 200 {
            bail!("GET {path}: {}", answer.status());
        }
        let mut events = Vec::new();
        let mut current = SentEvent::default();
        for line in BufReader::new(answer.into_body().into_reader()).lines() {
            let line = line.with_context(|| format!("{url} after {} events", events.len()))?;
            match line.split_once(':') {
                _ if line.is_empty() => {
                    let event = std::mem::take(&mut current);
                    if event == SentEvent::default() {
                        continue;
                    }
                    let stop = enough(&event);
                    events.push(event);
                    if stop {
                        return Ok(events);
                    }
                }
                Some(("event", value)) => current.name = value.trim_start().into(),
                Some(("id", value)) => current.id = value.trim_start().into(),
                Some(("data", value)) => current.data.push_str(value.trim_start()),
                _ => {}
            }
        }
        bail!("{url} ended after {} events", events.len())
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let content_type = header(&answer, "content-type");
    let text = |value: &ureq::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let mut body = Vec::new();
    answer.body_mut().as_reader().read_to_end(&mut body)?;
    Ok(Answer {
        status: answer.status().as_u16(),
        content_type,
        headers,
        body,
    })
}

fn header(answer: &ureq::http::Response<ureq::Body>, name: &str) -> String {
    answer
        .headers()
        .get(name)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .into()
}
