//! Turns a model's raw outputs into scored boxes in input pixels: recognises the family by the outputs' shapes.
//! Pure arithmetic; knows no inference library and no picture.

mod boxes_scores;
mod nanodet;
mod nms;
mod yolox;

use serde::Deserialize;

pub use nms::suppress;

use crate::manifest::{ColourOrder, InputSize, Normalisation};

/// How a model encodes its boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// YOLOX without decoding in the graph: one output `[1, n, 5 + classes]`, `(xy + grid) * stride`,
    /// `exp(wh) * stride`, objectness and classes already 0–1.
    Yolox,
    /// NanoDet: per stride class scores `[n, classes]` and box distributions `[n, 4 * bins]`.
    Nanodet,
    /// Decoded in the graph: boxes `[n, 4]` as x1, y1, x2, y2 in input pixels and scores `[n]` or `[n, classes]`.
    BoxesScores,
}

impl Family {
    /// Colour order the family's public models are trained with.
    #[must_use]
    pub fn colour_order(self) -> ColourOrder {
        ColourOrder::Bgr
    }

    /// Normalisation the family's public models are trained with.
    #[must_use]
    pub fn normalisation(self) -> Normalisation {
        match self {
            Family::Nanodet => Normalisation {
                mean: [103.53, 116.28, 123.675],
                std: [57.375, 57.12, 58.395],
            },
            Family::Yolox | Family::BoxesScores => Normalisation::NONE,
        }
    }

    /// Operating threshold when nothing else is said.
    #[must_use]
    pub fn score_threshold(self) -> f32 {
        match self {
            Family::Yolox | Family::Nanodet => 0.3,
            Family::BoxesScores => 0.5,
        }
    }

    /// Overlap for non-maximum suppression when nothing else is said.
    #[must_use]
    pub fn nms_iou(self) -> f32 {
        match self {
            Family::Yolox | Family::Nanodet => 0.45,
            Family::BoxesScores => 0.6,
        }
    }

    /// Input size for models that leave it open.
    #[must_use]
    pub fn input(self) -> InputSize {
        match self {
            Family::Yolox | Family::Nanodet => InputSize {
                width: 416,
                height: 416,
            },
            Family::BoxesScores => InputSize {
                width: 448,
                height: 256,
            },
        }
    }
}

/// One output tensor: its shape and its values, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    /// Name in the graph.
    pub name: &'a str,
    /// Shape.
    pub shape: &'a [i64],
    /// Values; as many as the shape says.
    pub values: &'a [f32],
}

impl Tensor<'_> {
    /// Rows and columns after dropping leading dimensions of 1; `None` for other ranks.
    fn rows_cols(&self) -> Option<(usize, usize)> {
        rows_cols(self.shape)
    }
}

fn rows_cols(shape: &[i64]) -> Option<(usize, usize)> {
    let tail = match shape {
        [r, c] => [*r, *c],
        [1, r, c] => [*r, *c],
        _ => return None,
    };
    let [r, c] = tail.map(|v| usize::try_from(v).ok());
    Some((r?, c?))
}

/// A box in input pixels with its score, before suppression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Left, top, right, bottom in input pixels.
    pub corners: [f32; 4],
    /// Score 0–1.
    pub score: f32,
}

/// One level of a detection grid: cells of `stride` pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    stride: u32,
    columns: usize,
    rows: usize,
}

impl Level {
    fn cells(self) -> usize {
        self.columns * self.rows
    }
}

const STRIDES: [u32; 4] = [8, 16, 32, 64];

/// The grid levels of the first `count` strides from 8; partial cells at the edges count.
fn levels(input: InputSize, count: usize) -> Vec<Level> {
    STRIDES[..count]
        .iter()
        .map(|&stride| Level {
            stride,
            columns: input.width.div_ceil(stride) as usize,
            rows: input.height.div_ceil(stride) as usize,
        })
        .collect()
}

/// How to read the outputs of one model; made once from a trial run, so that every frame only reads numbers.
#[derive(Debug, Clone)]
pub struct Decoder {
    layout: Layout,
    person_class: usize,
}

#[derive(Debug, Clone)]
enum Layout {
    Yolox(yolox::Layout),
    Nanodet(nanodet::Layout),
    BoxesScores(boxes_scores::Layout),
}

impl Decoder {
    /// Recognises how to read these outputs; `family` insists on one.
    ///
    /// # Errors
    /// A sentence that says what was found and what would be accepted.
    pub fn recognise(
        outputs: &[Tensor<'_>],
        input: InputSize,
        family: Option<Family>,
        person_class: usize,
    ) -> Result<Decoder, String> {
        let wanted = |f: Family| family.is_none_or(|named| named == f);
        let (layout, classes) = None
            .or_else(|| {
                let found = wanted(Family::Yolox)
                    .then(|| yolox::Layout::recognise(outputs, input))
                    .flatten()?;
                let classes = found.classes;
                Some((Layout::Yolox(found), classes))
            })
            .or_else(|| {
                let found = wanted(Family::Nanodet)
                    .then(|| nanodet::Layout::recognise(outputs, input))
                    .flatten()?;
                let classes = found.classes;
                Some((Layout::Nanodet(found), classes))
            })
            .or_else(|| {
                let found = wanted(Family::BoxesScores)
                    .then(|| boxes_scores::Layout::recognise(outputs))
                    .flatten()?;
                let classes = found.classes;
                Some((Layout::BoxesScores(found), classes))
            })
            .ok_or_else(|| unrecognised(outputs, input, family))?;
        if person_class >= classes {
            return Err(format!(
                "it scores {classes} class(es), so person_class = {person_class} does not exist (the first is 0)"
            ));
        }
        Ok(Decoder {
            layout,
            person_class,
        })
    }

    /// The family recognised.
    #[must_use]
    pub fn family(&self) -> Family {
        match self.layout {
            Layout::Yolox(_) => Family::Yolox,
            Layout::Nanodet(_) => Family::Nanodet,
            Layout::BoxesScores(_) => Family::BoxesScores,
        }
    }

    /// Replaces `into` with every candidate of the person class of at least `threshold`. Boxes that are not finite, or
    /// inside out, are left out.
    ///
    /// # Errors
    /// A sentence, when the outputs no longer have the shapes of the trial run.
    pub fn decode(
        &self,
        outputs: &[Tensor<'_>],
        threshold: f32,
        into: &mut Vec<Candidate>,
    ) -> Result<(), String> {
        into.clear();
        let complete = match &self.layout {
            Layout::Yolox(layout) => layout.decode(outputs, self.person_class, threshold, into),
            Layout::Nanodet(layout) => layout.decode(outputs, self.person_class, threshold, into),
            Layout::BoxesScores(layout) => {
                layout.decode(outputs, self.person_class, threshold, into)
            }
        };
        complete.ok_or_else(|| {
            format!(
                "the outputs changed their shape between runs ({})",
                shapes(outputs)
            )
        })?;
        into.retain(|c| {
            let [x1, y1, x2, y2] = c.corners;
            c.corners.iter().all(|v| v.is_finite()) && x2 > x1 && y2 > y1
        });
        Ok(())
    }
}

fn shapes(outputs: &[Tensor<'_>]) -> String {
    outputs
        .iter()
        .map(|o| format!("{} {:?}", o.name, o.shape))
        .collect::<Vec<_>>()
        .join(", ")
}

fn unrecognised(outputs: &[Tensor<'_>], input: InputSize, family: Option<Family>) -> String {
    let found = shapes(outputs);
    let InputSize { width, height } = input;
    match family {
        Some(family) => format!(
            "its outputs ({found}) for input {width}×{height} are not those of family {family:?}"
        ),
        None => format!(
            "its outputs ({found}) for input {width}×{height} are those of no known family; accepted are YOLOX \
             (one output [1, n, 5 + classes], n = cells of strides 8, 16, 32), NanoDet (per stride [n, classes] and \
             [n, 4 × bins]) and decoded boxes [n, 4] with scores [n]"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: InputSize = InputSize {
        width: 64,
        height: 32,
    };

    /// Names and shapes only: the values are zero.
    fn recognise(
        rows: &[(&str, &[i64])],
        family: Option<Family>,
        person_class: usize,
    ) -> Result<Family, String> {
        let values: Vec<Vec<f32>> = rows
            .iter()
            .map(|(_, s)| vec![0.0; s.iter().product::<i64>().max(0) as usize])
            .collect();
        let outputs: Vec<Tensor<'_>> = rows
            .iter()
            .zip(&values)
            .map(|((name, shape), values)| Tensor {
                name,
                shape,
                values,
            })
            .collect();
        Decoder::recognise(&outputs, INPUT, family, person_class).map(|d| d.family())
    }

    #[test]
    fn families_are_recognised_by_shape_and_strangers_refused() {
        let check = |rows: &[(&str, &[i64])], expected: Result<Family, &str>| match (
            recognise(rows, None, 0),
            expected,
        ) {
            (Ok(got), Ok(want)) => assert_eq!(got, want, "{rows:?}"),
            (Err(got), Err(want)) => assert!(got.contains(want), "{rows:?}: {got}"),
            (got, want) => panic!("{rows:?}: {got:?}, wanted {want:?}"),
        };
        // 64×32: 8·4 + 4·2 + 2·1 = 42 cells.
        check(&[("output", &[1, 42, 85])], Ok(Family::Yolox));
        check(&[("output", &[1, 42, 6])], Ok(Family::Yolox));
        check(
            &[
                ("a", &[1, 2, 80]),
                ("b", &[1, 32, 32]),
                ("c", &[8, 80]),
                ("d", &[8, 32]),
                ("e", &[32, 80]),
                ("f", &[2, 32]),
            ],
            Ok(Family::Nanodet),
        );
        check(
            &[("boxes", &[42, 4]), ("scores", &[42])],
            Ok(Family::BoxesScores),
        );
        check(
            &[("scores", &[1, 42]), ("boxes", &[1, 42, 4])],
            Ok(Family::BoxesScores),
        );
        check(
            &[("boxes", &[42, 4]), ("scores", &[42, 80])],
            Ok(Family::BoxesScores),
        );
        check(&[("output", &[1, 84, 42])], Err("no known family"));
        check(&[("output", &[1, 41, 85])], Err("[1, 41, 85]"));
        check(&[("output", &[1, 42, 4])], Err("no known family"));
        check(&[("758", &[1, 85, 22, 22])], Err("no known family"));
        check(&[("prob", &[1, 1000])], Err("no known family"));
        check(
            &[("boxes", &[42, 4]), ("scores", &[41])],
            Err("no known family"),
        );
        check(
            &[("boxes", &[42, 4]), ("other", &[42, 4])],
            Ok(Family::BoxesScores),
        );
        check(&[], Err("no known family"));
    }

    #[test]
    fn a_named_family_is_insisted_on_and_the_person_class_must_exist() {
        let yolox: &[(&str, &[i64])] = &[("output", &[1, 42, 85])];
        assert!(
            recognise(yolox, Some(Family::Nanodet), 0)
                .unwrap_err()
                .contains("Nanodet")
        );
        assert_eq!(recognise(yolox, Some(Family::Yolox), 79), Ok(Family::Yolox));
        assert!(
            recognise(yolox, None, 80)
                .unwrap_err()
                .contains("person_class = 80")
        );
    }

    #[test]
    fn boxes_that_are_not_finite_or_inside_out_are_left_out() {
        let boxes = [
            0.0,
            0.0,
            10.0,
            10.0,
            f32::NAN,
            0.0,
            1.0,
            1.0,
            5.0,
            5.0,
            4.0,
            9.0,
            0.0,
            0.0,
            f32::INFINITY,
            2.0,
        ];
        let outputs = [
            Tensor {
                name: "boxes",
                shape: &[4, 4],
                values: &boxes,
            },
            Tensor {
                name: "scores",
                shape: &[4],
                values: &[0.9, 0.9, 0.9, f32::NAN],
            },
        ];
        let decoder = Decoder::recognise(&outputs, INPUT, None, 0).unwrap();
        let mut found = Vec::new();
        decoder.decode(&outputs, 0.5, &mut found).unwrap();
        assert_eq!(
            found,
            [Candidate {
                corners: [0.0, 0.0, 10.0, 10.0],
                score: 0.9
            }]
        );
    }
}
