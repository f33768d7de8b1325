//! What a camera reports of itself, and what GStreamer's errors mean to a person. Never holds an address's secrets:
//! GStreamer's own texts are not passed on, because they quote addresses.

use std::time::Duration;

use gstreamer::glib;
use hall_core::HallTime;
use hall_core::ids::CameraId;

/// Why a camera delivers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DownCause {
    /// Nothing answers at its address.
    Unreachable,
    /// The login was refused, or is missing.
    Unauthorised,
    /// The camera answers but has no such stream, or the file or device is absent.
    NotFound,
    /// It stopped sending without closing the connection.
    Silent,
    /// It closed the stream.
    Closed,
    /// The stream cannot be decoded.
    Undecodable,
    /// The file has ended.
    Ended,
    /// Something else inside the pipeline failed.
    Failed,
}

impl DownCause {
    /// What to tell a person, and what to look at.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            DownCause::Unreachable => {
                "the camera does not answer; check its power, its network and the address"
            }
            DownCause::Unauthorised => "the camera refuses the login; check user and password",
            DownCause::NotFound => {
                "there is no such stream, file or device; check the path of the address"
            }
            DownCause::Silent => "the camera is connected but sends no pictures",
            DownCause::Closed => "the camera closed the stream",
            DownCause::Undecodable => {
                "the stream cannot be decoded; set the camera to H.264 or H.265"
            }
            DownCause::Ended => "the file has ended",
            DownCause::Failed => "the stream failed",
        }
    }

    /// The meaning of an error message of a pipeline.
    pub(crate) fn of(error: &glib::Error) -> DownCause {
        use gstreamer::{ResourceError as R, StreamError as S};
        match error.kind::<R>() {
            Some(R::NotAuthorized) => return DownCause::Unauthorised,
            Some(R::NotFound) => return DownCause::NotFound,
            Some(R::OpenRead | R::OpenReadWrite | R::OpenWrite) => return DownCause::Unreachable,
            Some(R::Read | R::Write | R::Close) => return DownCause::Closed,
            Some(_) => return DownCause::Failed,
            None => {}
        }
        match error.kind::<S>() {
            Some(
                S::CodecNotFound
                | S::WrongType
                | S::Decode
                | S::TypeNotFound
                | S::Demux
                | S::Format,
            ) => DownCause::Undecodable,
            _ => DownCause::Failed,
        }
    }
}

/// Something a camera reports.
#[derive(Debug, Clone, PartialEq)]
pub enum CameraEvent {
    /// Its first frame arrived.
    Up {
        /// Width of the stream in pixels, before scaling down.
        width: u32,
        /// Height of the stream.
        height: u32,
        /// `H.264`, `H.265`, or the format's name.
        codec: String,
        /// The rate the stream says it has; `None` where it says none.
        nominal_fps: Option<f32>,
    },
    /// It delivers nothing. Sent when it goes down and whenever the cause changes, not at every attempt.
    Down {
        /// Why.
        cause: DownCause,
        /// The pause before the next attempt; `None` when there will be none.
        retry_in: Option<Duration>,
    },
    /// Sent every 10 s while it is up; may be left out when nobody listens.
    Stats {
        /// Encoded pictures received per second.
        received_per_s: f32,
        /// Pictures handed on for analysis per second.
        analysed_per_s: f32,
        /// Encoded pictures skipped per second because the box cannot keep up; 0 on a box that can.
        late_per_s: f32,
        /// Encoded data received, in kilobits per second.
        received_kbit_per_s: f32,
        /// Capture time of the newest frame.
        last_frame_at: HallTime,
        /// Age that frame had when it was handed on.
        last_delay: Duration,
    },
}

/// A camera's event with its origin and time.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraReport {
    /// The camera.
    pub camera: CameraId,
    /// When it happened.
    pub at: HallTime,
    /// What happened.
    pub event: CameraEvent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_by_their_code() {
        let check =
            |error: glib::Error, expected: DownCause| assert_eq!(DownCause::of(&error), expected);
        check(
            glib::Error::new(gstreamer::ResourceError::NotAuthorized, ""),
            DownCause::Unauthorised,
        );
        check(
            glib::Error::new(gstreamer::ResourceError::NotFound, ""),
            DownCause::NotFound,
        );
        check(
            glib::Error::new(gstreamer::ResourceError::OpenRead, ""),
            DownCause::Unreachable,
        );
        check(
            glib::Error::new(gstreamer::ResourceError::Read, ""),
            DownCause::Closed,
        );
        check(
            glib::Error::new(gstreamer::StreamError::CodecNotFound, ""),
            DownCause::Undecodable,
        );
        check(
            glib::Error::new(gstreamer::CoreError::Negotiation, ""),
            DownCause::Failed,
        );
    }
}
