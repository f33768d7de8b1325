//! One request for the discrete inputs of one unit, and what its answer, or the lack of one, means. Knows no gateway and no sensor.

use std::time::Duration;

use tokio::time::timeout;
use tokio_modbus::client::{Client, Context};
use tokio_modbus::prelude::SlaveContext;
use tokio_modbus::slave::Slave;
use tokio_modbus::{Request as Call, Response};

/// A unit answers within this time or not at all; RTU at 9600 Bd needs about 20 ms.
const ANSWER_WITHIN: Duration = Duration::from_millis(1000);

/// Which inputs of which unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Unit address.
    pub unit: u8,
    /// First input.
    pub first: u16,
    /// How many, 1 to 2,000.
    pub count: u16,
}

/// A request without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// The line itself is gone, not only one unit.
    pub lost: bool,
    /// In words for a person.
    pub reason: String,
}

impl Request {
    /// The inputs, as many as were asked for.
    ///
    /// # Errors
    /// When the unit does not answer, refuses, or answers with fewer.
    pub async fn read(&self, context: &mut Context) -> Result<Vec<bool>, Silence> {
        let Request { unit, first, count } = *self;
        context.set_slave(Slave(unit));
        let silence = |lost, reason| Silence { lost, reason };
        let range = format!("inputs {first} to {}", first.saturating_add(count) - 1);
        let call = context.call(Call::ReadDiscreteInputs(first, count));
        match timeout(ANSWER_WITHIN, call).await {
            // The last byte of an answer is filled up with zeros.
            Ok(Ok(Ok(Response::ReadDiscreteInputs(mut bits)))) if bits.len() >= count.into() => {
                bits.truncate(count.into());
                Ok(bits)
            }
            Ok(Ok(Ok(_))) => Err(silence(
                false,
                format!("unit {unit} does not tell all {range}; compare with its manual"),
            )),
            Ok(Ok(Err(exception))) => Err(silence(
                false,
                format!("unit {unit} refuses {range}: {exception}; compare with its manual"),
            )),
            Ok(Err(error)) => Err(silence(true, format!("the line is gone: {error}"))),
            Err(_) => Err(silence(false, format!("unit {unit} does not answer"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_modbus::client::tcp;

    /// What a request for nine inputs comes to when the unit answers `reply`.
    async fn told(reply: &[u8]) -> Result<Vec<bool>, Silence> {
        let (near, mut far) = tokio::io::duplex(256);
        let mut context = tcp::attach_slave(near, Slave(1));
        let request = Request {
            unit: 1,
            first: 4,
            count: 9,
        };
        let unit = async {
            let mut asked = [0; 12];
            far.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked[8..], [0, 4, 0, 9]);
            let header = [asked[0], asked[1], 0, 0, 0, reply.len() as u8 + 1, 1];
            far.write_all(&[&header, reply].concat()).await.unwrap();
        };
        tokio::join!(request.read(&mut context), unit).0
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_answer_means_is_told_in_words() {
        let read = told(&[2, 2, 0b101, 1]).await.unwrap();
        assert_eq!(read.iter().filter(|on| **on).count(), 3);
        assert_eq!(read.len(), 9);
        for (reply, expected) in [
            (&[2, 1, 0xFF][..], "unit 1 does not tell all inputs 4 to 12"),
            (&[2, 0], "unit 1 does not tell all inputs 4 to 12"),
            (&[0x82, 2], "unit 1 refuses inputs 4 to 12"),
        ] {
            let silence = told(reply).await.unwrap_err();
            assert!(
                !silence.lost && silence.reason.starts_with(expected),
                "{silence:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_says_nothing_is_silent_and_the_line_is_not_gone() {
        let (near, _far) = tokio::io::duplex(256);
        let mut context = tcp::attach_slave(near, Slave(1));
        let request = Request {
            unit: 7,
            first: 0,
            count: 8,
        };
        let silence = request.read(&mut context).await.unwrap_err();
        assert_eq!(
            (silence.lost, silence.reason.as_str()),
            (false, "unit 7 does not answer")
        );
    }
}
