//! Padding of convolutions and poolings.

use oneiric_graph::Window;

/// Returns the padding before and after the rows and the columns of an input of that size, with
/// which burn, which leaves partial windows out, has exactly the windows of the graph.
///
/// # Panics
///
/// Panics if no window fits.
pub(super) fn pads(window: &Window, kernel: [usize; 2], input: [usize; 2]) -> [(usize, usize); 2] {
    let axes = window.axes(kernel, input);
    let axes = axes.unwrap_or_else(|error| panic!("{error}"));
    [0, 1].map(|at| {
        let axis = axes[at];
        let extent = (kernel[at] - 1) * window.dilation[at] + 1;
        let without_end = input[at] + axis.before;
        let windows = |after| (without_end + after - extent) / window.stride[at] + 1;
        // A rule that leaves out a window in the padding alone declares padding that burn would
        // put it into.
        let after = if windows(axis.after) == axis.count {
            axis.after
        } else {
            let reach = (axis.count - 1) * window.stride[at] + extent;
            reach.saturating_sub(without_end)
        };
        (axis.before, after)
    })
}
