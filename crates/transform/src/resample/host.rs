//! The resampling as loops over planes and blocks of pixels, in parallel.

use burn::tensor::Tensor;
use oneiric_core::map_host;
use rayon::prelude::*;

use super::{Direction, Place, Resampling};

/// Pixels that a thread processes at a time.
const BLOCK: usize = 8192;

pub(super) fn map(x: Tensor<4>, map: &Resampling, direction: Direction) -> Tensor<4> {
    let [n, c, _, _] = x.dims();
    let [height, width] = map.size(direction);
    map_host(x, [n, c, height, width], |x| match direction {
        Direction::Forward => forward(x, map),
        Direction::Transpose => transpose(x, map),
    })
}

fn forward(planes: &[f32], map: &Resampling) -> Vec<f32> {
    let [step_y, step_x] = map.steps();
    let (pixels, read_pixels) = (map.places.len(), map.input[0] * map.input[1]);
    let mut mapped = vec![0.0; planes.len() / read_pixels * pixels];
    let read_block = |plane: &[f32], values: &mut [f32], places: &[Place]| {
        for (value, place) in values.iter_mut().zip(places) {
            let at = place.index as usize;
            let ([top, bottom], [left, right]) = (place.rows, place.columns);
            let upper = left * plane[at] + right * plane[at + step_x];
            let lower = left * plane[at + step_y] + right * plane[at + step_y + step_x];
            let inside = (top + bottom) * (left + right);
            *value = top * upper + bottom * lower + (1.0 - inside) * map.outside;
        }
    };
    let pairs = planes.par_chunks_exact(read_pixels);
    pairs
        .zip(mapped.par_chunks_exact_mut(pixels))
        .for_each(|(plane, mapped)| {
            let blocks = mapped.par_chunks_mut(BLOCK);
            blocks
                .zip(map.places.par_chunks(BLOCK))
                .for_each(|(values, places)| read_block(plane, values, places));
        });
    mapped
}

fn transpose(planes: &[f32], map: &Resampling) -> Vec<f32> {
    let [step_y, step_x] = map.steps();
    let (pixels, read_pixels) = (map.places.len(), map.input[0] * map.input[1]);
    let mut mapped = vec![0.0; planes.len() / pixels * read_pixels];
    let pairs = planes.par_chunks_exact(pixels);
    pairs
        .zip(mapped.par_chunks_exact_mut(read_pixels))
        .for_each(|(values, plane)| {
            for (value, place) in values.iter().zip(&map.places) {
                let at = place.index as usize;
                let [upper, lower] = place.rows.map(|weight| weight * value);
                let [left, right] = place.columns;
                plane[at] += upper * left;
                plane[at + step_x] += upper * right;
                plane[at + step_y] += lower * left;
                plane[at + step_y + step_x] += lower * right;
            }
        });
    mapped
}
