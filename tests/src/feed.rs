//! Encoded pictures for test cameras: the access units of a clip, read once, with the times at which they show. Knows no RTSP.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

/// Video coding of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// H.264.
    H264,
    /// H.265.
    H265,
}

/// One access unit (one encoded picture).
#[derive(Debug, Clone)]
pub struct AccessUnit {
    /// Byte-stream data; key frames carry their parameter sets.
    pub data: gst::Buffer,
    /// When it shows, from the start of the clip.
    pub shown_at: Duration,
    /// When it must be on its way so that later pictures that depend on it arrive in time.
    pub sent_at: Duration,
    /// Decodable without earlier pictures.
    pub key_frame: bool,
}

/// A whole clip in memory, in decoding order. It loops without a seam because each round begins with a key frame.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Coding.
    pub codec: Codec,
    /// Caps of the access units.
    pub caps: gst::Caps,
    /// Pictures in decoding order.
    pub units: Vec<AccessUnit>,
    /// Length of one round.
    pub period: Duration,
}

impl Feed {
    /// Reads an H.264 MP4 file without transcoding.
    ///
    /// # Errors
    /// When the file is missing or has no H.264 track.
    pub fn from_mp4(path: &Path) -> Result<Feed> {
        Feed::collect(
            Codec::H264,
            "filesrc name=file ! qtdemux ! queue",
            Some(path),
        )
        .with_context(|| format!("reading {}", path.display()))
    }

    /// Encodes a moving test picture, `seconds` long at `fps`, with a key frame every two seconds.
    ///
    /// # Errors
    /// When the encoder is not installed (`gstreamer1.0-plugins-ugly` for H.264, `-bad` for H.265).
    pub fn test_picture(
        codec: Codec,
        width: i32,
        height: i32,
        fps: i32,
        seconds: i32,
    ) -> Result<Feed> {
        let encoder = match codec {
            Codec::H264 => format!(
                "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={} bitrate=400",
                fps * 2
            ),
            Codec::H265 => format!(
                "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={} bitrate=400",
                fps * 2
            ),
        };
        let head = format!(
            "videotestsrc pattern=ball num-buffers={} ! video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 \
             ! {encoder}",
            fps * seconds
        );
        Feed::collect(codec, &head, None)
    }

    fn collect(codec: Codec, head: &str, file: Option<&Path>) -> Result<Feed> {
        let (parser, media) = match codec {
            Codec::H264 => ("h264parse", "video/x-h264"),
            Codec::H265 => ("h265parse", "video/x-h265"),
        };
        let pipeline = gst::parse::launch(&format!(
            "{head} ! {parser} config-interval=-1 ! {media},stream-format=byte-stream,alignment=au ! \
             appsink name=units sync=false max-buffers=0"
        ))?
        .downcast::<gst::Pipeline>()
        .map_err(|_| anyhow!("the description is no pipeline"))?;
        if let Some(file) = file {
            pipeline
                .by_name("file")
                .context("the pipeline reads no file")?
                .set_property("location", file);
        }
        let sink = pipeline
            .by_name("units")
            .and_then(|e| e.downcast::<gst_app::AppSink>().ok())
            .context("the pipeline has no appsink")?;
        pipeline.set_state(gst::State::Playing)?;

        let mut caps = None;
        let mut units = Vec::new();
        let mut frame = Duration::ZERO;
        // Pulling ends with EOS or an error; both show as an error here, and the bus says which.
        while let Ok(sample) = sink.pull_sample() {
            let buffer = sample.buffer().context("a sample without buffer")?;
            caps = caps.or_else(|| sample.caps().map(ToOwned::to_owned));
            frame = buffer.duration().map_or(frame, Into::into);
            units.push(AccessUnit {
                shown_at: buffer.pts().context("a picture without time")?.into(),
                sent_at: Duration::ZERO,
                key_frame: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
                data: buffer.copy_deep()?,
            });
        }
        let failed = pipeline
            .bus()
            .and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        pipeline.set_state(gst::State::Null)?;
        if let Some(gst::MessageView::Error(e)) = failed.as_ref().map(|m| m.view()) {
            bail!("{}", e.error());
        }
        let caps = caps.context("no video in the source")?;
        Feed::new(codec, caps, units, frame)
    }

    fn new(
        codec: Codec,
        caps: gst::Caps,
        mut units: Vec<AccessUnit>,
        frame: Duration,
    ) -> Result<Feed> {
        // Encoders start their clock anywhere; a clip starts at zero.
        let start = units
            .iter()
            .map(|u| u.shown_at)
            .min()
            .context("an empty clip")?;
        for unit in &mut units {
            unit.shown_at -= start;
        }
        // A picture is sent when it shows, or earlier if one that shows earlier is decoded after it.
        let mut soonest = Duration::MAX;
        for unit in units.iter_mut().rev() {
            soonest = soonest.min(unit.shown_at);
            unit.sent_at = soonest;
        }
        if !units[0].key_frame {
            bail!("the clip does not begin with a key frame");
        }
        let last = units
            .iter()
            .map(|u| u.shown_at)
            .max()
            .context("an empty clip")?;
        Ok(Feed {
            codec,
            caps,
            period: last + frame,
            units,
        })
    }
}
