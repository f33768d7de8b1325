//! What was passed on, into PostgreSQL: events once by their id, states as the newest. The tables are docs/mqtt/central.sql.

use serde_json::Value;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Transaction};

use crate::CentralError;
use crate::message::{Arrived, Message};
use crate::watch::Passed;

/// The tables; every statement may be repeated.
pub const SCHEMA: &str = include_str!("../../../docs/mqtt/central.sql");

/// A database, connected when it can be.
pub struct Database {
    url: String,
    client: Option<Client>,
    /// Drives the connection; ends with this.
    driver: JoinSet<()>,
}

impl Database {
    /// Connects and applies the schema.
    ///
    /// # Errors
    /// When the address is none, or the tables cannot be made.
    pub async fn open(url: &str) -> Result<Self, CentralError> {
        let mut database = Database {
            url: url.into(),
            client: None,
            driver: JoinSet::new(),
        };
        database.connect().await?;
        Ok(database)
    }

    async fn connect(&mut self) -> Result<(), CentralError> {
        let fail = |e: tokio_postgres::Error| CentralError::Database(words(&e));
        self.driver.abort_all();
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls)
            .await
            .map_err(fail)?;
        self.driver.spawn(async move {
            // Its error is also that of the next query.
            let _ = connection.await;
        });
        client.batch_execute(SCHEMA).await.map_err(fail)?;
        self.client = Some(client);
        Ok(())
    }

    /// Writes a batch as one transaction; it may be given again. A record the database refuses for what it holds is left out and
    /// logged: it must not keep all others waiting.
    ///
    /// # Errors
    /// When the batch is not written.
    pub async fn write(&mut self, batch: &[(Arrived, Passed)]) -> Result<(), CentralError> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.connect().await?;
        }
        let Some(client) = self.client.as_mut() else {
            return Ok(());
        };
        let fail = |e: tokio_postgres::Error| CentralError::Database(words(&e));
        match together(client, batch).await {
            Err(error) if refuses_content(&error) => {}
            other => return other.map_err(fail),
        }
        for single in batch.chunks(1) {
            match together(client, single).await {
                Err(error) if refuses_content(&error) => {
                    tracing::error!(topic = %single[0].0.topic, reason = %words(&error), "The database refuses a record.");
                }
                other => other.map_err(fail)?,
            }
        }
        Ok(())
    }
}

async fn together(
    client: &mut Client,
    batch: &[(Arrived, Passed)],
) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    for (arrived, passed) in batch {
        one(&transaction, arrived, passed).await?;
    }
    transaction.commit().await
}

/// SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation): trying again does not help.
fn refuses_content(error: &tokio_postgres::Error) -> bool {
    let code = error.code().map(tokio_postgres::error::SqlState::code);
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

async fn one(
    to: &Transaction<'_>,
    arrived: &Arrived,
    passed: &Passed,
) -> Result<(), tokio_postgres::Error> {
    let source = &passed.source;
    let payload: Value = serde_json::from_str(&arrived.payload).unwrap_or(Value::Null);
    let at = arrived.at_unix_ms;
    match &passed.message {
        Message::Event(event) => {
            let r = &event.record.record;
            let seq = event.record.seq as i64;
            let rev = i64::from(r.rev);
            to.execute(
                "INSERT INTO hall_event (id, source, seq, event_id, rev, subject_kind, subject, code, level, state, phase, review, onset, updated, late, received, hash, data) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13::text::timestamptz,$14::text::timestamptz,$15,to_timestamp($16::bigint::float8/1000),$17,$18) ON CONFLICT (id) DO NOTHING",
                &[&event.id, source, &seq, &r.event_id, &rev, &r.subject_kind, &r.subject, &r.code, &r.level, &r.state, &r.phase,
                  &r.review, &r.onset, &r.updated, &event.late, &at, &event.record.hash, &payload["data"]],
            )
            .await?;
        }
        Message::Gap(id, gap, _) => {
            let (from, until) = (gap.from as i64, gap.to as i64);
            to.execute(
                "INSERT INTO hall_gap (id, source, seq_from, seq_to, data) VALUES ($1,$2,$3,$4,$5) ON CONFLICT (id) DO NOTHING",
                &[id, source, &from, &until, &payload["data"]],
            )
            .await?;
        }
        Message::Rollup(rollup) => {
            let (rev, part) = (i64::from(rollup.rev), i64::from(rollup.part));
            // The whole of a lower revision goes: a higher one can have fewer parts.
            to.execute(
                "DELETE FROM hall_rollup WHERE id = $1 AND rev < $2",
                &[&rollup.id, &rev],
            )
            .await?;
            to.execute(
                "INSERT INTO hall_rollup (id, part, rev, source, period, data) SELECT $1::text,$2::bigint,$3::bigint,$4::text,$5::text,$6::jsonb \
                 WHERE NOT EXISTS (SELECT 1 FROM hall_rollup WHERE id = $1 AND rev > $3) ON CONFLICT (id, part) DO NOTHING",
                &[&rollup.id, &part, &rev, source, &rollup.period, &payload],
            )
            .await?;
        }
        Message::Cleared => {
            to.execute("DELETE FROM hall_state WHERE topic = $1", &[&arrived.topic])
                .await?;
        }
        _ => {
            to.execute(
                "INSERT INTO hall_state (topic, source, received, data) VALUES ($1,$2,to_timestamp($3::bigint::float8/1000),$4) \
                 ON CONFLICT (topic) DO UPDATE SET received = excluded.received, data = excluded.data WHERE hall_state.received <= excluded.received",
                &[&arrived.topic, source, &at, &payload],
            )
            .await?;
        }
    }
    Ok(())
}

/// The server's own words, which the error alone hides.
fn words(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |e| format!("{error}: {}", e.message()),
    )
}
