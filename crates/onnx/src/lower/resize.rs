//! Resizing.

use oneiric_graph::{Coordinates, Fit, Halves, Interpolation, Number, Resize};

use crate::{
    arguments::{Arguments, Reason},
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Input>, Reason> {
    let is_upsample = match arguments.node.op_type.as_str() {
        "Upsample" => true,
        "Resize" => false,
        _ => return Ok(None),
    };
    let x = arguments.input(0)?;
    let is_old = is_upsample || arguments.opset < 11;
    let interpolation = match arguments.text("mode", "nearest") {
        "nearest" if is_old => Interpolation::Nearest(Halves::Floor),
        "nearest" => {
            Interpolation::Nearest(match arguments.text("nearest_mode", "round_prefer_floor") {
                "round_prefer_floor" => Halves::Down,
                "round_prefer_ceil" => Halves::Up,
                "floor" => Halves::Floor,
                "ceil" => Halves::Ceil,
                other => return Err(format!("the rule {other:?} for the nearest is not known")),
            })
        }
        "linear" | "bilinear" => Interpolation::Linear,
        "cubic" => Interpolation::Cubic(Number(arguments.float("cubic_coeff_a", -0.75))),
        other => return Err(format!("the mode {other:?} is not known")),
    };
    let coordinates = if is_old {
        Coordinates::Asymmetric
    } else {
        match arguments.text("coordinate_transformation_mode", "half_pixel") {
            "half_pixel" => Coordinates::HalfPixel,
            "pytorch_half_pixel" => Coordinates::PytorchHalfPixel,
            "half_pixel_symmetric" => Coordinates::HalfPixelSymmetric,
            "align_corners" => Coordinates::AlignCorners,
            "asymmetric" => Coordinates::Asymmetric,
            other => return Err(format!("the coordinates {other:?} are not computed")),
        }
    };
    let fit = match arguments.text("keep_aspect_ratio_policy", "stretch") {
        "stretch" => Fit::Stretch,
        "not_larger" => Fit::NotLarger,
        "not_smaller" => Fit::NotSmaller,
        other => {
            return Err(format!(
                "the rule {other:?} for the ratio of sides is not known"
            ));
        }
    };
    let axes = arguments.ints("axes");
    let is_there = |at: usize| {
        arguments.optional(at).is_some_and(|input| match input {
            Input::Constant(constant) => constant.shape.count() > 0,
            Input::Node(_) => true,
        })
    };
    let (at, to_lengths) = match is_old {
        true if arguments.opset < 9 && is_upsample => {
            return Err("Upsample of operator set 7 has its scales in an attribute".to_owned());
        }
        true => (1, false),
        false if is_there(3) => (3, true),
        false => (2, false),
    };
    let resize = Resize {
        interpolation,
        coordinates,
        to_lengths,
        fit,
        axes: axes.map(|axes| axes.iter().map(|axis| *axis as isize).collect()),
        antialias: arguments.flag("antialias"),
        exclude_outside: arguments.flag("exclude_outside"),
    };
    importer.add(resize, &[x, arguments.input(at)?]).map(Some)
}
