//! Scales a picture into a model's input: proportions kept, top-left on grey, privacy masks burnt in. The only place
//! that calls OpenCV for inference. Knows no model.

#![expect(unsafe_code, reason = "OpenCV takes foreign memory by pointer")]

use std::sync::Once;

use hall_core::geometry::Point;
use opencv::core::{self, CV_8UC1, CV_8UC3, Mat, Scalar, Size};
use opencv::imgproc;

use crate::error::VisionError;
use crate::manifest::{ColourOrder, InputSize, Normalisation};
use crate::picture::{Picture, Plane, Planes, Range};

/// Grey of the unused part, as YOLOX, NanoDet and our own training use it. In limited-range video luma 114 is, as it
/// happens, the same grey.
const FILL: u8 = 114;
const FILL_COLOUR: Scalar = Scalar::new(FILL as f64, FILL as f64, FILL as f64, 0.0);

/// Keeps OpenCV on the calling thread: by default it spreads over all cores and fights decoders and inference.
pub(crate) fn use_one_thread() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        if let Err(error) = core::set_num_threads(1) {
            tracing::warn!(%error, "OpenCV keeps its own thread count");
        }
    });
}

/// Where the picture lies in the input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placement {
    /// Input pixels per picture pixel.
    pub scale: f64,
    /// Columns the picture takes, from the left.
    pub width_px: u32,
    /// Rows the picture takes, from the top.
    pub height_px: u32,
}

impl Placement {
    /// The largest placement that keeps proportions; sides are cut to whole pixels, never below 1.
    #[must_use]
    pub fn of(width: u32, height: u32, input: InputSize) -> Placement {
        let scale = (f64::from(input.height) / f64::from(height))
            .min(f64::from(input.width) / f64::from(width));
        let side = |v: u32| ((f64::from(v) * scale) as u32).max(1);
        Placement {
            scale,
            width_px: side(width),
            height_px: side(height),
        }
    }
}

/// Buffers for one model input, used again for every frame.
pub(crate) struct Letterbox {
    input: InputSize,
    /// `input` rounded up to even sides, which I420 needs.
    canvas: InputSize,
    yuv: Vec<u8>,
    bgr: Vec<u8>,
    /// The part of `yuv` or `bgr` in use; the rest is grey.
    placed: Option<(Placement, Form)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bgr,
    I420,
}

impl Letterbox {
    pub(crate) fn new(input: InputSize) -> Letterbox {
        use_one_thread();
        let canvas = InputSize {
            width: input.width.next_multiple_of(2),
            height: input.height.next_multiple_of(2),
        };
        let pixels = canvas.width as usize * canvas.height as usize;
        Letterbox {
            input,
            canvas,
            yuv: vec![0; pixels / 2 * 3],
            bgr: vec![FILL; pixels * 3],
            placed: None,
        }
    }

    /// Scales `picture` into the canvas and burns `masks` (polygons normalised to the picture) in grey.
    pub(crate) fn place(
        &mut self,
        picture: &Picture,
        masks: &[Vec<Point>],
    ) -> Result<Placement, VisionError> {
        let placement = Placement::of(picture.width(), picture.height(), self.input);
        picture.with_planes(|planes| match planes {
            Planes::Bgr(bytes) => self.place_bgr(bytes, picture, placement),
            Planes::I420 { planes, range } => self.place_i420(&planes, range, placement),
        })?;
        if !masks.is_empty() {
            let (columns, rows) = (self.canvas.width as usize, self.canvas.height as usize);
            // SAFETY: bgr holds columns * rows * 3 bytes and outlives the header.
            let mut canvas =
                unsafe { header(self.bgr.as_mut_ptr(), columns, rows, CV_8UC3, columns * 3)? };
            burn(
                &mut canvas,
                masks,
                placement.width_px,
                placement.height_px,
                FILL_COLOUR,
            )?;
        }
        Ok(placement)
    }

    /// The canvas: blue, green, red, row by row; its sides are the input's, rounded up to even.
    pub(crate) fn into_bgr(self) -> (InputSize, Vec<u8>) {
        (self.canvas, self.bgr)
    }

    fn place_bgr(
        &mut self,
        bytes: &[u8],
        picture: &Picture,
        placement: Placement,
    ) -> Result<(), VisionError> {
        if self.placed != Some((placement, Form::Bgr)) {
            self.bgr.fill(FILL);
            self.placed = Some((placement, Form::Bgr));
        }
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let step = self.canvas.width as usize * 3;
        // SAFETY: Picture::bgr checked that bytes holds width * height * 3 values; resize only reads its source.
        let source =
            unsafe { header(bytes.as_ptr().cast_mut(), width, height, CV_8UC3, width * 3)? };
        let (columns, rows) = (placement.width_px as usize, placement.height_px as usize);
        // SAFETY: the placement fits into the canvas, whose rows are `step` bytes; the header dies in this function.
        let mut target = unsafe { header(self.bgr.as_mut_ptr(), columns, rows, CV_8UC3, step)? };
        resize(&source, &mut target, columns, rows)
    }

    /// Scales the planes first and converts the small picture: ten times less work than the other way round.
    fn place_i420(
        &mut self,
        planes: &[Plane<'_>; 3],
        range: Range,
        placement: Placement,
    ) -> Result<(), VisionError> {
        let (columns, rows) = (self.canvas.width as usize, self.canvas.height as usize);
        let luma = columns * rows;
        let chroma = luma / 4;
        if self.placed != Some((placement, Form::I420)) {
            self.yuv[..luma].fill(FILL);
            self.yuv[luma..].fill(128);
            self.placed = Some((placement, Form::I420));
        }
        let (w, h) = (placement.width_px as usize, placement.height_px as usize);
        let (half_w, half_h) = (w.div_ceil(2), h.div_ceil(2));
        let parts = [
            (0, columns, w, h),
            (luma, columns / 2, half_w, half_h),
            (luma + chroma, columns / 2, half_w, half_h),
        ];
        for (plane, (offset, stride, w, h)) in planes.iter().zip(parts) {
            // SAFETY: Picture::with_planes checked that data holds height rows of stride bytes; resize only reads it.
            let source = unsafe {
                header(
                    plane.data.as_ptr().cast_mut(),
                    plane.width,
                    plane.height,
                    CV_8UC1,
                    plane.stride,
                )?
            };
            let target_rows = &mut self.yuv[offset..offset + stride * h];
            // SAFETY: target_rows holds h rows of stride >= w bytes; the header dies in this iteration.
            let mut target = unsafe { header(target_rows.as_mut_ptr(), w, h, CV_8UC1, stride)? };
            resize(&source, &mut target, w, h)?;
            if range == Range::Full {
                let (scale, low) = if offset == 0 { (219, 16) } else { (224, 16) };
                for row in target_rows.chunks_exact_mut(stride) {
                    for value in &mut row[..w] {
                        *value = (u32::from(*value) * scale / 255 + low) as u8;
                    }
                }
            }
        }
        // SAFETY: yuv holds rows * 3 / 2 rows of `columns` bytes; bgr holds rows * columns * 3; both outlive the headers.
        let (source, mut target) = unsafe {
            (
                header(
                    self.yuv.as_mut_ptr(),
                    columns,
                    rows / 2 * 3,
                    CV_8UC1,
                    columns,
                )?,
                header(self.bgr.as_mut_ptr(), columns, rows, CV_8UC3, columns * 3)?,
            )
        };
        imgproc::cvt_color_def(&source, &mut target, imgproc::COLOR_YUV2BGR_I420)
            .map_err(VisionError::opencv("colour conversion"))
    }

    /// Writes the canvas as three planes of `f32`, normalised, in the model's colour order.
    pub(crate) fn write_planes(
        &self,
        order: ColourOrder,
        normalisation: Normalisation,
        tensor: &mut [f32],
    ) {
        let (width, height) = (self.input.width as usize, self.input.height as usize);
        let (first, rest) = tensor.split_at_mut(width * height);
        let (second, third) = rest.split_at_mut(width * height);
        let planes = match order {
            ColourOrder::Bgr => [first, second, third],
            ColourOrder::Rgb => [third, second, first],
        };
        // Multiply and add per value; the model's plane i lies in planes[i] for BGR and planes[2 - i] for RGB.
        let at = |i: usize| match order {
            ColourOrder::Bgr => i,
            ColourOrder::Rgb => 2 - i,
        };
        let factor = [0, 1, 2].map(|i| 1.0 / normalisation.std[at(i)]);
        let offset = [0, 1, 2].map(|i| -normalisation.mean[at(i)] / normalisation.std[at(i)]);
        let step = self.canvas.width as usize * 3;
        let [blue, green, red] = planes;
        let rows = blue
            .chunks_exact_mut(width)
            .zip(green.chunks_exact_mut(width))
            .zip(red.chunks_exact_mut(width));
        for (((blue, green), red), pixels) in rows.zip(self.bgr.chunks_exact(step)) {
            for (((b, g), r), pixel) in blue
                .iter_mut()
                .zip(green)
                .zip(red)
                .zip(pixels.chunks_exact(3))
            {
                *b = f32::from(pixel[0]) * factor[0] + offset[0];
                *g = f32::from(pixel[1]) * factor[1] + offset[1];
                *r = f32::from(pixel[2]) * factor[2] + offset[2];
            }
        }
    }
}

/// Fills polygons (normalised to a picture that takes `width_px` × `height_px` of `canvas`) with one colour.
pub(crate) fn burn(
    canvas: &mut Mat,
    masks: &[Vec<Point>],
    width_px: u32,
    height_px: u32,
    colour: Scalar,
) -> Result<(), VisionError> {
    let at = |p: &Point| {
        // Rounded outwards is not possible per point; the nearest pixel is within half a pixel of the drawn line.
        let scaled = |v: f32, side: u32| (v.clamp(0.0, 1.0) * side as f32).round() as i32;
        core::Point::new(scaled(p.x, width_px), scaled(p.y, height_px))
    };
    for mask in masks.iter().filter(|m| m.len() >= 3) {
        let points: core::Vector<core::Point> = mask.iter().map(at).collect();
        imgproc::fill_poly_def(canvas, &points, colour)
            .map_err(VisionError::opencv("privacy mask"))?;
    }
    Ok(())
}

fn resize(source: &Mat, target: &mut Mat, columns: usize, rows: usize) -> Result<(), VisionError> {
    let size = Size::new(columns as i32, rows as i32);
    imgproc::resize(source, target, size, 0.0, 0.0, imgproc::INTER_LINEAR)
        .map_err(VisionError::opencv("scaling"))
}

/// A header over foreign memory; OpenCV neither frees nor moves it as long as the output size stays that of the header.
///
/// # Safety
/// `data` must hold `rows` rows of `step` bytes (the last may end after its pixels), live longer than the header, and be
/// writable when the header is used as an output.
pub(crate) unsafe fn header(
    data: *mut u8,
    columns: usize,
    rows: usize,
    kind: i32,
    step: usize,
) -> Result<Mat, VisionError> {
    // SAFETY: passed on to the caller by this function's contract.
    unsafe {
        Mat::new_rows_cols_with_data_unsafe(rows as i32, columns as i32, kind, data.cast(), step)
    }
    .map_err(VisionError::opencv("picture header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_placed_top_left_with_its_proportions() {
        let check = |(w, h): (u32, u32), (iw, ih): (u32, u32), expected: (u32, u32)| {
            let got = Placement::of(
                w,
                h,
                InputSize {
                    width: iw,
                    height: ih,
                },
            );
            assert_eq!(
                (got.width_px, got.height_px),
                expected,
                "{w}×{h} into {iw}×{ih}"
            );
        };
        check((640, 480), (416, 416), (416, 312));
        check((768, 432), (448, 256), (448, 252));
        check((480, 640), (448, 256), (192, 256));
        check((100, 100), (416, 416), (416, 416));
        check((16_000, 4), (416, 416), (416, 1));
        check((1, 1), (32, 32), (32, 32));
    }

    #[test]
    fn planes_are_normalised_in_the_models_colour_order() {
        let mut letterbox = Letterbox::new(InputSize {
            width: 33,
            height: 35,
        });
        let picture = Picture::bgr(2, 1, vec![10, 20, 30, 10, 20, 30]).unwrap();
        let placement = letterbox.place(&picture, &[]).unwrap();
        assert_eq!((placement.width_px, placement.height_px), (33, 16));
        let mut tensor = vec![0.0; 33 * 35 * 3];
        let normalisation = Normalisation {
            mean: [1.0, 2.0, 3.0],
            std: [2.0, 4.0, 5.0],
        };
        let mut check = |order: ColourOrder, inside: [f32; 3], outside: [f32; 3]| {
            letterbox.write_planes(order, normalisation, &mut tensor);
            for plane in 0..3 {
                let base = plane * 33 * 35;
                assert!(
                    (tensor[base + 5] - inside[plane]).abs() < 1e-4,
                    "{order:?} plane {plane}: {}",
                    tensor[base + 5]
                );
                assert!(
                    (tensor[base + 33 * 20] - outside[plane]).abs() < 1e-4,
                    "{order:?} plane {plane} outside"
                );
            }
        };
        check(ColourOrder::Bgr, [4.5, 4.5, 5.4], [56.5, 28.0, 22.2]);
        check(ColourOrder::Rgb, [14.5, 4.5, 1.4], [56.5, 28.0, 22.2]);
    }

    #[test]
    fn masked_pixels_never_reach_the_model() {
        let mut letterbox = Letterbox::new(InputSize {
            width: 64,
            height: 64,
        });
        let picture = Picture::bgr(64, 32, vec![255; 64 * 32 * 3]).unwrap();
        let left_half = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
            .map(|(x, y)| Point { x, y })
            .to_vec();
        letterbox.place(&picture, &[left_half]).unwrap();
        let mut tensor = vec![0.0; 64 * 64 * 3];
        letterbox.write_planes(ColourOrder::Bgr, Normalisation::NONE, &mut tensor);
        assert!((0..32).all(|y| (0..32).all(|x| tensor[y * 64 + x] == f32::from(FILL))));
        assert!((0..32).all(|y| (34..64).all(|x| tensor[y * 64 + x] == 255.0)));
        // The mask of one frame does not stay in the next.
        letterbox.place(&picture, &[]).unwrap();
        letterbox.write_planes(ColourOrder::Bgr, Normalisation::NONE, &mut tensor);
        assert_eq!(tensor[0], 255.0);
    }
}
