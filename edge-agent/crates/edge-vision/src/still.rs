//! Reads picture files (JPEG, PNG, BMP) to the same bytes as OpenCV's `imread`: eight bits, blue-green-red, upright, no
//! alpha. Knows no detector.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, RgbImage};
use mozjpeg::{Decompress, Marker};

use crate::error::VisionError;
use crate::picture::Picture;

/// File name endings taken as stills when a folder is read.
pub const STILL_ENDINGS: [&str; 4] = ["jpg", "jpeg", "png", "bmp"];

/// Pictures beyond this many pixels are refused before memory is taken for them.
const MOST_PIXELS: u64 = 1 << 28;

/// Decodes one picture file; the contents decide the format, not the name.
///
/// # Errors
/// [`VisionError::Picture`] naming the file.
pub fn read(path: &Path) -> Result<Picture, VisionError> {
    let wrong = |reason: String| VisionError::Picture {
        what: path.display().to_string(),
        reason,
    };
    let file = std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let image = if file.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg(&file)
    } else {
        other(&file)
    }
    .map_err(&wrong)?;
    let rgb = image.into_rgb8();
    let (width, height) = rgb.dimensions();
    let mut bytes = rgb.into_raw();
    for pixel in bytes.chunks_exact_mut(3) {
        pixel.swap(0, 2);
    }
    Picture::bgr(width, height, bytes).map_err(|e| match e {
        VisionError::Picture { reason, .. } => wrong(reason),
        other => other,
    })
}

fn jpeg(file: &[u8]) -> Result<DynamicImage, String> {
    // A transfer that broke off lacks the end marker; the decoder would fill up with grey and say nothing.
    if !file
        .windows(2)
        .rev()
        .take(1 << 16)
        .any(|w| w == [0xff, 0xd9])
    {
        return Err("the JPEG ends too early: the file is damaged".into());
    }
    // The C decoder reports errors by unwinding.
    catch_unwind(AssertUnwindSafe(|| decode_jpeg(file)))
        .unwrap_or_else(|_| Err("the JPEG cannot be decoded".into()))
        .map_err(|reason| format!("the picture is damaged: {reason}"))
}

fn decode_jpeg(file: &[u8]) -> Result<DynamicImage, String> {
    let decoder = Decompress::with_markers(&[Marker::APP(1)])
        .from_mem(file)
        .map_err(|e| e.to_string())?;
    let orientation = decoder
        .markers()
        .find_map(|m| {
            m.data
                .strip_prefix(b"Exif\0\0")
                .and_then(Orientation::from_exif_chunk)
        })
        .unwrap_or(Orientation::NoTransforms);
    let (width, height) = decoder.size();
    if width as u64 * height as u64 > MOST_PIXELS {
        return Err(format!("{width}×{height} pixels are too many"));
    }
    let mut rows = decoder.rgb().map_err(|e| e.to_string())?;
    let bytes: Vec<u8> = rows.read_scanlines().map_err(|e| e.to_string())?;
    rows.finish().map_err(|e| e.to_string())?;
    let rgb = RgbImage::from_raw(width as u32, height as u32, bytes)
        .ok_or("its rows do not fit its size")?;
    let mut image = DynamicImage::ImageRgb8(rgb);
    image.apply_orientation(orientation);
    Ok(image)
}

fn other(file: &[u8]) -> Result<DynamicImage, String> {
    let decoder = ImageReader::new(std::io::Cursor::new(file))
        .with_guessed_format()
        .map_err(|e| e.to_string())?
        .into_decoder()
        .map_err(|e| format!("not a readable picture: {e}"))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("{width}×{height} pixels are too many"));
    }
    DynamicImage::from_decoder(decoder).map_err(|e| format!("the picture is damaged: {e}"))
}
