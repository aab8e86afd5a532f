//! A long run needs no more memory than a short one.

#![cfg(all(target_os = "linux", feature = "flex", feature = "bundled"))]

use oneiric::{Backend, Fourier, InceptionV1, Objectives, Visualizer};

/// How much a run may leave behind that is not its picture, in KiB.
const SLACK: usize = 8 * 1024;

/// Resident memory of this process, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse().ok()).expect("a number")
}

#[test]
fn memory_does_not_grow_with_the_number_of_steps() {
    let device = Backend::Flex.device().expect("flex is compiled in");
    let net = InceptionV1::bundled(&device).expect("it ships with the crate");
    let mut after = Vec::new();
    let run = Visualizer::new().steps(400).observer(|progress| {
        // All sizes of views have come up by then.
        if [150, 400].contains(&progress.step) {
            after.push(resident());
        }
    });
    let objective = net.channel("mixed4d", 3).expect("a channel");
    run.run(objective, Fourier::new(96, 96)).expect("a run");
    assert!(after[1] < after[0] + SLACK, "{after:?} KiB");
}
