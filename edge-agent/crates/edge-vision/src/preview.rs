//! The picture a person may see of a camera: made on demand, people pixelated, privacy masks burnt in, nothing kept
//! beyond the newest analysed frame. Knows no HTTP.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hall_core::HallTime;
use hall_core::detection::Detection;
use hall_core::ids::CameraId;

use crate::error::VisionError;
use crate::frame::{Frame, Mask};
use crate::letterbox::Letterbox;
use crate::manifest::InputSize;
use crate::picture::Picture;

/// Share of a box's width and height by which the pixelated area exceeds it: boxes end at the hairline.
const MARGIN: f32 = 0.15;
/// Cells across a pixelated person: far fewer than any face can be recognised by.
const CELLS: usize = 6;
/// No cell is smaller than this.
const SMALLEST_CELL_PX: usize = 8;
const JPEG_QUALITY: f32 = 75.0;

/// The newest analysed frame of every camera.
#[derive(Debug, Default)]
pub struct PreviewStore {
    latest: Mutex<HashMap<CameraId, Analysed>>,
}

/// An analysed frame with what was found in it.
#[derive(Debug, Clone)]
pub struct Analysed {
    /// The frame.
    pub frame: Frame,
    /// The people found.
    pub detections: Vec<Detection>,
    /// The camera's masks.
    pub masks: Arc<[Mask]>,
}

/// A picture ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// When it was captured.
    pub at: HallTime,
    /// JPEG file.
    pub jpeg: Vec<u8>,
}

impl PreviewStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Arc<PreviewStore> {
        Arc::new(PreviewStore::default())
    }

    /// Keeps a frame in place of the camera's last one.
    pub fn keep(&self, frame: Frame, detections: &[Detection], masks: Arc<[Mask]>) {
        let analysed = Analysed {
            detections: detections.to_vec(),
            masks,
            frame,
        };
        let old = self.lock().insert(analysed.frame.camera.clone(), analysed);
        // The old frame's memory goes back to its pipeline outside the lock.
        drop(old);
    }

    /// Forgets a camera.
    pub fn forget(&self, camera: &CameraId) {
        self.lock().remove(camera);
    }

    /// The camera's newest analysed frame; cheap, the pixels are shared.
    #[must_use]
    pub fn latest(&self, camera: &CameraId) -> Option<Analysed> {
        self.lock().get(camera).cloned()
    }

    /// The camera's newest picture as a person may see it; `None` when there is none yet. Takes some milliseconds: call
    /// it where blocking is allowed.
    ///
    /// # Errors
    /// [`VisionError::Processing`] or [`VisionError::Picture`].
    pub fn jpeg(
        &self,
        camera: &CameraId,
        max_width_px: u32,
    ) -> Option<Result<Preview, VisionError>> {
        let analysed = self.latest(camera)?;
        let made = jpeg(
            &analysed.frame.picture,
            &analysed.detections,
            &analysed.masks,
            max_width_px,
        );
        Some(made.map(|jpeg| Preview {
            at: analysed.frame.at,
            jpeg,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CameraId, Analysed>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `picture` as a JPEG at most `max_width_px` wide, with the people in `detections` pixelated and `masks` painted grey.
///
/// # Errors
/// [`VisionError::Processing`] or [`VisionError::Picture`].
pub fn jpeg(
    picture: &Picture,
    detections: &[Detection],
    masks: &[Mask],
    max_width_px: u32,
) -> Result<Vec<u8>, VisionError> {
    let width = picture
        .width()
        .min(max_width_px.max(32))
        .next_multiple_of(2);
    let height =
        (u64::from(picture.height()) * u64::from(width) / u64::from(picture.width())).max(2) as u32;
    let mut canvas = Letterbox::new(InputSize { width, height });
    let placement = canvas.place(picture, masks)?;
    let (size, mut bgr) = canvas.into_bgr();
    let shown = (placement.width_px as usize, placement.height_px as usize);
    for detection in detections {
        pixelate(&mut bgr, size.width as usize, shown, detection);
    }
    catch_unwind(AssertUnwindSafe(|| encode(&bgr, size, shown)))
        .map_err(|_| "the encoder failed".to_owned())
        .and_then(|encoded| encoded.map_err(|e| e.to_string()))
        .map_err(|reason| VisionError::Processing {
            step: "JPEG",
            reason,
        })
}

fn encode(bgr: &[u8], size: InputSize, shown: (usize, usize)) -> std::io::Result<Vec<u8>> {
    let mut compress = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_EXT_BGR);
    compress.set_fastest_defaults();
    compress.set_size(shown.0, shown.1);
    compress.set_quality(JPEG_QUALITY);
    let mut started = compress.start_compress(Vec::new())?;
    for row in bgr.chunks_exact(size.width as usize * 3).take(shown.1) {
        started.write_scanlines(&row[..shown.0 * 3])?;
    }
    started.finish()
}

/// Replaces a person, with a margin, by cells of one colour each.
fn pixelate(
    bgr: &mut [u8],
    stride_px: usize,
    (width, height): (usize, usize),
    detection: &Detection,
) {
    let b = detection.bbox;
    let (mx, my) = (b.width() * MARGIN, b.height() * MARGIN);
    let low = |v: f32, side: usize| (v.clamp(0.0, 1.0) * side as f32).floor() as usize;
    let high = |v: f32, side: usize| ((v.clamp(0.0, 1.0) * side as f32).ceil() as usize).min(side);
    let (x1, x2) = (low(b.x1 - mx, width), high(b.x2 + mx, width));
    let (y1, y2) = (low(b.y1 - my, height), high(b.y2 + my, height));
    let cell = (x2.saturating_sub(x1) / CELLS).max(SMALLEST_CELL_PX);
    for top in (y1..y2).step_by(cell) {
        for left in (x1..x2).step_by(cell) {
            let (right, bottom) = ((left + cell).min(x2), (top + cell).min(y2));
            let mut sums = [0_u32; 3];
            for y in top..bottom {
                let row = &bgr[(y * stride_px + left) * 3..(y * stride_px + right) * 3];
                for pixel in row.chunks_exact(3) {
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += u32::from(*value);
                    }
                }
            }
            let count = ((right - left) * (bottom - top)) as u32;
            let mean = sums.map(|s| (s / count) as u8);
            for y in top..bottom {
                for pixel in
                    bgr[(y * stride_px + left) * 3..(y * stride_px + right) * 3].chunks_exact_mut(3)
                {
                    pixel.copy_from_slice(&mean);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hall_core::geometry::{BBox, Point};

    /// Stripes one pixel wide: any that survive inside a box are a leak.
    fn stripes(width: u32, height: u32) -> Picture {
        let row = (0..width).flat_map(|x| [if x % 2 == 0 { 0 } else { 255 }; 3]);
        Picture::bgr(
            width,
            height,
            row.collect::<Vec<u8>>().repeat(height as usize),
        )
        .unwrap()
    }

    fn decoded(jpeg: &[u8]) -> image::RgbImage {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), jpeg).unwrap();
        let picture = crate::still::read(file.path()).unwrap();
        let mut bytes = Vec::new();
        picture
            .with_planes(|planes| {
                if let crate::picture::Planes::Bgr(bgr) = planes {
                    bytes.extend_from_slice(bgr);
                }
                Ok(())
            })
            .unwrap();
        image::RgbImage::from_raw(picture.width(), picture.height(), bytes).unwrap()
    }

    fn contrast(image: &image::RgbImage, (x1, x2): (u32, u32), (y1, y2): (u32, u32)) -> u8 {
        let values = (y1..y2).flat_map(|y| (x1..x2).map(move |x| image.get_pixel(x, y)[0]));
        values.clone().max().unwrap() - values.min().unwrap()
    }

    #[test]
    fn people_are_pixelated_with_a_margin_and_masks_burnt_in() {
        let person = Detection {
            bbox: BBox {
                x1: 0.25,
                y1: 0.25,
                x2: 0.5,
                y2: 0.75,
            },
            score: 0.3,
        };
        let mask: Mask = [(0.75, 0.0), (1.0, 0.0), (1.0, 0.5), (0.75, 0.5)]
            .map(|(x, y)| Point { x, y })
            .to_vec();
        let shown = decoded(&jpeg(&stripes(320, 240), &[person], &[mask], 640).unwrap());
        assert_eq!(shown.dimensions(), (320, 240), "never enlarged");
        assert!(
            contrast(&shown, (72, 168), (48, 192)) < 40,
            "the person and the margin around the head"
        );
        assert!(contrast(&shown, (248, 320), (0, 112)) < 40, "the mask");
        assert!(
            contrast(&shown, (180, 230), (0, 240)) > 150,
            "the rest is left as it is"
        );
    }

    #[test]
    fn boxes_at_the_edges_and_odd_sizes_do_no_harm() {
        let person = |x1, y1, x2, y2| Detection {
            bbox: BBox { x1, y1, x2, y2 },
            score: 0.9,
        };
        let all = [
            person(0.0, 0.0, 1.0, 1.0),
            person(0.99, 0.99, 1.0, 1.0),
            person(0.5, 0.5, 0.5, 0.5),
        ];
        for (width, height, max) in [
            (33, 17, 640),
            (1281, 721, 640),
            (640, 360, 1),
            (31, 2000, 640),
        ] {
            let shown = decoded(&jpeg(&stripes(width, height), &all, &[], max).unwrap());
            assert!(
                shown.width() <= max.max(34) && shown.height() > 0,
                "{width}×{height} at {max}"
            );
        }
    }

    #[test]
    fn only_the_newest_frame_is_kept_and_can_be_forgotten() {
        let store = PreviewStore::new();
        let camera: CameraId = "a".into();
        assert!(store.jpeg(&camera, 640).is_none());
        for at in [1, 2] {
            let frame = Frame {
                camera: camera.clone(),
                seq: at,
                at: HallTime(at as i64),
                picture: stripes(64, 48),
            };
            store.keep(frame, &[], Arc::from([]));
        }
        assert_eq!(store.jpeg(&camera, 640).unwrap().unwrap().at, HallTime(2));
        store.forget(&camera);
        assert!(store.latest(&camera).is_none());
    }
}
