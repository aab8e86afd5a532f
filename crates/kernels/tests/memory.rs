//! How much memory is held, and kept for later. One test, as all threads' memory is counted.

mod net;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use net::{INPUT, Net, same};

/// Counts what is held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Relaxed) + layout.size();
        MOST.fetch_max(held, Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn memory_of_runs_is_given_back() {
    // Too large for Miri, which does not change how much is held.
    if cfg!(miri) {
        return;
    }
    let mut net = Net::new(16, 1);
    let x = net.relu(INPUT);
    let x = net.conv(x, 16, 3, 1, same);
    let network = net.frozen();
    let [middle, large, small] = [256, 300, 64].map(|size| vec![0.5; 16 * size * size]);
    let run = |input: &[f32]| {
        let size = (input.len() / 16).isqrt();
        let run = network.forward(input, [1, 16, size, size], &[x]);
        drop(run.expect("it fits"));
    };
    let before = HELD.load(Relaxed);
    run(&middle);
    // Three tensors of 4 MiB with their halos.
    let kept = HELD.load(Relaxed) - before;
    assert!(kept > 12 << 20, "{kept}");
    MOST.store(0, Relaxed);
    run(&large);
    let most = MOST.load(Relaxed) - before;
    assert!(most < 2 * kept, "the old memory and the new: {most}");
    run(&small);
    let kept = HELD.load(Relaxed) - before;
    assert!(kept < 4 << 20, "a small image keeps {kept}");
}
