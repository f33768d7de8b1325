//! One picture to look at: blue-green-red bytes of a still, or the planes of a decoded video frame, never copied.
//! Knows neither models nor cameras.

use std::sync::Arc;

use gstreamer_video::prelude::*;

use crate::error::VisionError;

/// Largest side accepted, in pixels: beyond it a picture is damaged or not from a camera.
const LONGEST_SIDE_PX: u32 = 16_384;

/// A picture in one of the two forms pictures arrive in. Cloning shares the pixels.
#[derive(Clone)]
pub struct Picture {
    width: u32,
    height: u32,
    pixels: Pixels,
}

#[derive(Clone)]
enum Pixels {
    Bgr(Arc<Vec<u8>>),
    Video(gstreamer::Buffer, gstreamer_video::VideoInfo),
}

/// The planes of a picture, borrowed.
pub(crate) enum Planes<'a> {
    /// Interleaved blue, green, red; `width * 3` bytes a row.
    Bgr(&'a [u8]),
    /// Luma and the two half-size chroma planes with their strides in bytes.
    I420 {
        planes: [Plane<'a>; 3],
        range: Range,
    },
}

/// One plane of 8-bit values.
pub(crate) struct Plane<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) stride: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// What the luma values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    /// 16–235, as broadcast video and most cameras.
    Limited,
    /// 0–255, as some cameras and all JPEG pictures.
    Full,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = match self.pixels {
            Pixels::Bgr(_) => "BGR",
            Pixels::Video(..) => "I420",
        };
        write!(f, "Picture({}×{} {form})", self.width, self.height)
    }
}

impl Picture {
    /// A still of `width * height * 3` bytes: blue, green, red, row by row.
    ///
    /// # Errors
    /// [`VisionError::Picture`] when the size is 0, absurd or does not fit the bytes.
    pub fn bgr(width: u32, height: u32, bytes: Vec<u8>) -> Result<Picture, VisionError> {
        check_size(width, height)?;
        if bytes.len() != width as usize * height as usize * 3 {
            return Err(wrong(format!(
                "{} bytes are not {width}×{height} in three colours",
                bytes.len()
            )));
        }
        Ok(Picture {
            width,
            height,
            pixels: Pixels::Bgr(Arc::new(bytes)),
        })
    }

    /// A decoded video frame in I420.
    ///
    /// # Errors
    /// [`VisionError::Picture`] for a sample without buffer, or in another format.
    pub fn video(sample: &gstreamer::Sample) -> Result<Picture, VisionError> {
        let caps = sample
            .caps()
            .ok_or_else(|| wrong("a frame without a format".into()))?;
        let info = gstreamer_video::VideoInfo::from_caps(caps).map_err(|e| wrong(e.to_string()))?;
        let buffer = sample
            .buffer_owned()
            .ok_or_else(|| wrong("a frame without data".into()))?;
        if info.format() != gstreamer_video::VideoFormat::I420 {
            return Err(wrong(format!(
                "frames arrive as {}, expected I420",
                info.format()
            )));
        }
        check_size(info.width(), info.height())?;
        Ok(Picture {
            width: info.width(),
            height: info.height(),
            pixels: Pixels::Video(buffer, info),
        })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Runs `look` on the planes.
    pub(crate) fn with_planes<T>(
        &self,
        look: impl FnOnce(Planes<'_>) -> Result<T, VisionError>,
    ) -> Result<T, VisionError> {
        match &self.pixels {
            Pixels::Bgr(bytes) => look(Planes::Bgr(bytes)),
            Pixels::Video(buffer, info) => {
                let frame =
                    gstreamer_video::VideoFrameRef::from_buffer_ref_readable(buffer.as_ref(), info)
                        .map_err(|_| wrong("the frame's memory cannot be read".into()))?;
                let plane = |i: u32| -> Result<Plane<'_>, VisionError> {
                    let data = frame
                        .plane_data(i)
                        .map_err(|_| wrong(format!("the frame has no plane {i}")))?;
                    let stride = usize::try_from(frame.plane_stride()[i as usize])
                        .map_err(|_| wrong("frames stored bottom-up are not supported".into()))?;
                    let (width, height) =
                        (frame.comp_width(i) as usize, frame.comp_height(i) as usize);
                    if stride < width || data.len() < stride * (height - 1) + width {
                        return Err(wrong(format!("plane {i} is shorter than its size says")));
                    }
                    Ok(Plane {
                        data,
                        stride,
                        width,
                        height,
                    })
                };
                let range = match info.colorimetry().range() {
                    gstreamer_video::VideoColorRange::Range0_255 => Range::Full,
                    _ => Range::Limited,
                };
                look(Planes::I420 {
                    planes: [plane(0)?, plane(1)?, plane(2)?],
                    range,
                })
            }
        }
    }
}

fn check_size(width: u32, height: u32) -> Result<(), VisionError> {
    if width == 0 || height == 0 || width > LONGEST_SIDE_PX || height > LONGEST_SIDE_PX {
        return Err(wrong(format!(
            "{width}×{height} pixels is no usable size (1 to {LONGEST_SIDE_PX})"
        )));
    }
    Ok(())
}

fn wrong(reason: String) -> VisionError {
    VisionError::Picture {
        what: "picture".into(),
        reason,
    }
}
