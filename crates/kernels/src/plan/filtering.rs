//! Planning of convolutions that use Winograd's filtering.

use crate::{
    kernel::{Group, Out, Tap, Winograd},
    lanes::LANES,
    pack::groups,
    transformed::{Transformed, Way},
    tuning::{LARGE_TILE_SIDE, TRANSFORMED_INPUTS, WINOGRAD_TASKS},
    view::View,
    winograd::Form,
};

/// The form for a result of that size. Larger tiles need more weights, and so pay only where there
/// are many of them.
pub(super) fn form(kernel: usize, [height, width]: [usize; 2]) -> Form {
    if kernel == 5 {
        Form::Five
    } else if kernel == 4 {
        Form::Three
    } else if height.min(width) >= LARGE_TILE_SIDE {
        Form::Four
    } else {
        Form::Two
    }
}

/// Rows and columns beyond the end of a result that its last tiles cover.
pub(crate) fn beyond(kernel: usize, size: [usize; 2]) -> [usize; 2] {
    let outputs = form(kernel, size).outputs();
    size.map(|n| n.next_multiple_of(outputs) - n)
}

/// A convolution by Winograd's filtering, from a tensor to a result of that size. `before` is the
/// padding in rows and columns.
pub(crate) fn filtering(
    transformed: &Transformed,
    way: Way,
    before: [usize; 2],
    from: &View,
    outs: &[Out],
    size: [usize; 2],
    threads: usize,
) -> Winograd {
    let form = form(transformed.kernel, size);
    let before = before.map(|before| match way {
        Way::Forward => -(before as isize),
        Way::Backward => before as isize - (transformed.kernel as isize - 1),
    });
    let points = form.points() * form.points();
    let source = transformed.source(way);
    let [rows, columns] = size.map(|n| n.div_ceil(form.outputs()));
    let per_row = points * source.len() * LANES * columns;
    let inner: usize = source.iter().sum();
    let groups: Vec<Group> = groups(outs.len())
        .into_iter()
        .map(|(first, count)| Group {
            weights: first * LANES * points * inner,
            first_block: first,
            outs: outs[first..first + count].to_vec(),
        })
        .collect();
    // Chunks of at least three groups, so that the inputs are not transformed too often, and more
    // bands than the cache asks for where that leaves threads without work.
    let most_chunks = groups.len().div_ceil(3);
    let bands = rows.div_ceil((TRANSFORMED_INPUTS / per_row).max(1));
    let bands = bands.max(threads.div_ceil(most_chunks).min(rows));
    let band = rows.div_ceil(bands);
    let bands = rows.div_ceil(band);
    let most = band * columns;
    let wanted = (WINOGRAD_TASKS * threads).div_ceil(bands);
    let chunks = wanted.clamp(1, most_chunks);
    let mut inner = 0;
    let taps = source.iter().enumerate().map(|(block, &len)| {
        inner += len;
        Tap {
            offset: (block * most * LANES) as isize,
            row: 0,
            len,
            weights: 0,
            weights_block: 0,
            inner: inner - len,
        }
    });
    Winograd {
        form,
        weights: transformed.get(way, form),
        offset: from.offset as isize + before[0] * from.row as isize + before[1] * LANES as isize,
        row: from.row,
        block: from.block,
        taps: taps.collect(),
        groups,
        height: size[0],
        width: size[1],
        band,
        chunks,
    }
}
