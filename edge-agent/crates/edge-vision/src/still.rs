//! Reads picture files (JPEG, PNG, BMP) as OpenCV's `imread` would: eight bits, blue-green-red, upright, no alpha.

use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageReader};

use crate::error::VisionError;
use crate::picture::Picture;

/// File name endings taken as stills when a folder is read.
pub const STILL_ENDINGS: [&str; 4] = ["jpg", "jpeg", "png", "bmp"];

/// Decodes one picture file; the contents decide the format, not the name.
///
/// # Errors
/// [`VisionError::Picture`] naming the file.
pub fn read(path: &Path) -> Result<Picture, VisionError> {
    let wrong = |reason: String| VisionError::Picture {
        what: path.display().to_string(),
        reason,
    };
    let reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|e| wrong(format!("cannot be read: {e}")))?;
    let mut decoder = reader
        .into_decoder()
        .map_err(|e| wrong(format!("not a readable picture: {e}")))?;
    let orientation = decoder.orientation().map_err(|e| wrong(e.to_string()))?;
    let mut image = DynamicImage::from_decoder(decoder)
        .map_err(|e| wrong(format!("the picture is damaged: {e}")))?;
    image.apply_orientation(orientation);
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
