//! Ways to break a program.

use crate::{
    kernel::{GradientSource, Step},
    lanes::LANES,
    plan::{Buffer, Layout, Program},
    validate::lines::origin,
    view::{Dest, View},
};

/// A program that was broken in one place.
pub(super) struct Mutant {
    pub(super) kind: &'static str,
    pub(super) what: String,
    pub(super) program: Program,
}

/// A place in memory that a step has as a number.
enum Offset<'a> {
    Signed(&'a mut isize),
    Unsigned(&'a mut usize),
}

impl Offset<'_> {
    fn get(&self) -> isize {
        match self {
            Self::Signed(offset) => **offset,
            Self::Unsigned(offset) => **offset as isize,
        }
    }

    fn add(&mut self, by: isize) {
        match self {
            Self::Signed(offset) => **offset += by,
            Self::Unsigned(offset) => **offset = offset.wrapping_add_signed(by),
        }
    }
}

/// All offsets of a step in an arena; of the taps the first, one in the middle, and the last.
fn offsets(step: &mut Step) -> Vec<Offset<'_>> {
    fn view(view: &mut View) -> Offset<'_> {
        Offset::Unsigned(&mut view.offset)
    }
    fn dests(dests: &mut [Dest]) -> impl Iterator<Item = Offset<'_>> {
        dests
            .iter_mut()
            .map(|dest| Offset::Unsigned(&mut dest.offset))
    }
    match step {
        Step::Sweep(step) => {
            let last = step.taps.len().saturating_sub(1);
            let taps = step.taps.iter_mut().enumerate();
            let taps = taps.filter(|(number, _)| [0, last / 2, last].contains(number));
            let taps = taps.map(|(_, tap)| Offset::Signed(&mut tap.offset));
            let outs = step.groups.iter_mut().flat_map(|group| &mut group.outs);
            let outs = outs.map(|out| Offset::Unsigned(&mut out.dest.offset));
            taps.chain(outs).collect()
        }
        Step::Depthwise(step) => {
            let last = step.taps.len().saturating_sub(1);
            let taps = step.taps.iter_mut().enumerate();
            let taps = taps.filter(|(number, _)| [0, last / 2, last].contains(number));
            let taps = taps.map(|(_, tap)| Offset::Signed(&mut tap.offset));
            let outs = step.outs.iter_mut();
            let outs = outs.map(|out| Offset::Unsigned(&mut out.dest.offset));
            taps.chain(outs).collect()
        }
        Step::Winograd(step) => {
            let outs = step.groups.iter_mut().flat_map(|group| &mut group.outs);
            let outs = outs.map(|out| Offset::Unsigned(&mut out.dest.offset));
            [Offset::Signed(&mut step.offset)]
                .into_iter()
                .chain(outs)
                .collect()
        }
        Step::MaxPool(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::MaxPoolGradient(step) => [view(&mut step.input), view(&mut step.output)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::LrnForward(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::LrnGradient(step) => [view(&mut step.input), view(&mut step.gradient)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::Average(step) => {
            let source = if step.gradient {
                view(&mut step.mean)
            } else {
                view(&mut step.positions)
            };
            [source].into_iter().chain(dests(&mut step.dests)).collect()
        }
        Step::Pointwise(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::Gemm(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::GemmGradient(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::AveragePool(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::AveragePoolGradient(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::Sum(step) => {
            let terms = step.terms.iter_mut().map(|term| view(&mut term.from));
            terms.chain(dests(&mut step.dests)).collect()
        }
        Step::Apply(step) => [view(&mut step.from)]
            .into_iter()
            .chain(step.slope_at.iter_mut().map(view))
            .chain(dests(&mut step.dests))
            .collect(),
        Step::LayerNorm(step) => [view(&mut step.from)]
            .into_iter()
            .chain(step.known.iter_mut().flatten().map(view))
            .chain(dests(&mut step.dests))
            .collect(),
        Step::Product(step) => [view(&mut step.from), view(&mut step.factor)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::ProductSum(step) => [view(&mut step.from), view(&mut step.factor)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::Tokens(step) => [view(&mut step.from)]
            .into_iter()
            .chain(dests(&mut step.dests))
            .collect(),
        Step::Attention(step) => {
            let inputs = step.inputs.iter_mut().map(view);
            inputs.chain(dests(&mut step.dests)).collect()
        }
        Step::AttentionGradient(step) => {
            let inputs = step.inputs.iter_mut().chain([&mut step.from]).map(view);
            let all = step.dests.iter_mut().flatten();
            inputs.chain(all.flat_map(|own| dests(own))).collect()
        }
        Step::Redirect(step) => vec![view(&mut step.view)],
        Step::ToLanes(step) => dests(&mut step.dests).collect(),
        Step::ToCells(step) => vec![view(&mut step.cells.view)],
        Step::FromLanes(step) => vec![view(&mut step.view)],
        Step::InputGradient(step) => step
            .sources
            .iter_mut()
            .map(|source| match source {
                GradientSource::Blocks(blocks) => view(blocks),
                GradientSource::Cells(cells) => view(&mut cells.view),
            })
            .collect(),
    }
}

/// Every way to break a program in one place.
pub(super) fn mutants(program: &Program, layout: &Layout) -> Vec<Mutant> {
    let mut all = Vec::new();
    for (number, level) in program.levels.iter().enumerate() {
        for step in 0..level.steps.len() {
            let place = format!("level {number}, step {step} of node {}", level.nodes[step]);
            moved_offsets(program, layout, (number, step), &place, &mut all);
            same_block(program, (number, step), &place, &mut all);
            earlier_level(program, (number, step), &place, &mut all);
            weights_past_the_end(program, (number, step), &place, &mut all);
        }
    }
    for external in 0..program.footprint.external.len() {
        let mut broken = program.clone();
        broken.footprint.external[external] -= 1;
        all.push(Mutant {
            kind: "external",
            what: format!("external tensor {external} is short"),
            program: broken,
        });
    }
    if program.footprint.result > 0 {
        let mut broken = program.clone();
        broken.footprint.result -= 1;
        all.push(Mutant {
            kind: "external",
            what: "the result is short".to_owned(),
            program: broken,
        });
    }
    all
}

/// Offsets that are off by a row, or by a block; one at a time, and all taps together.
fn moved_offsets(
    program: &Program,
    layout: &Layout,
    (level, step): (usize, usize),
    place: &str,
    all: &mut Vec<Mutant>,
) {
    let mut original = program.levels[level].steps[step].clone();
    let count = offsets(&mut original).len();
    for at in 0..count {
        let offset = offsets(&mut original)[at].get();
        let buffer = buffer_of(layout, offset);
        for (kind, by) in [("row", buffer.row()), ("block", buffer.pitch())] {
            for by in [by as isize, -(by as isize)] {
                let mut broken = program.clone();
                offsets(&mut broken.levels[level].steps[step])[at].add(by);
                all.push(Mutant {
                    kind,
                    what: format!("{place}: offset {at} moved by {by}"),
                    program: broken,
                });
            }
        }
    }
    let Step::Sweep(sweep) = &original else {
        return;
    };
    let Some(first) = sweep.taps.first() else {
        return;
    };
    let buffer = buffer_of(layout, first.offset);
    for (kind, by) in [("row", buffer.row()), ("block", buffer.pitch())] {
        for by in [by as isize, -(by as isize)] {
            let mut broken = program.clone();
            if let Step::Sweep(sweep) = &mut broken.levels[level].steps[step] {
                for tap in &mut sweep.taps {
                    tap.offset += by;
                }
            }
            all.push(Mutant {
                kind,
                what: format!("{place}: all taps moved by {by}"),
                program: broken,
            });
        }
    }
}

/// A step that runs twice in its level, and one that writes a block of another step of its level.
fn same_block(
    program: &Program,
    (level, step): (usize, usize),
    place: &str,
    all: &mut Vec<Mutant>,
) {
    let kind = "same block";
    let mut broken = program.clone();
    let changed = &mut broken.levels[level];
    changed.steps.push(changed.steps[step].clone());
    changed.nodes.push(changed.nodes[step]);
    all.push(Mutant {
        kind,
        what: format!("{place} runs twice"),
        program: broken,
    });
    let mut original = program.levels[level].clone();
    for other in (0..original.steps.len()).filter(|&other| other != step) {
        let Some(target) = dest(&mut original.steps[other]).map(|offset| offset.get()) else {
            continue;
        };
        let mut broken = program.clone();
        if let Some(mut offset) = dest(&mut broken.levels[level].steps[step]) {
            let by = target - offset.get();
            offset.add(by);
            all.push(Mutant {
                kind,
                what: format!("{place} writes a block of step {other}"),
                program: broken,
            });
        }
    }
}

/// The last destination of a step.
fn dest(step: &mut Step) -> Option<Offset<'_>> {
    match step {
        Step::FromLanes(_) | Step::InputGradient(_) => None,
        _ => offsets(step).pop(),
    }
}

/// A step that moved to an earlier level.
fn earlier_level(
    program: &Program,
    (level, step): (usize, usize),
    place: &str,
    all: &mut Vec<Mutant>,
) {
    for to in (0..level).rev().take(2) {
        let mut broken = program.clone();
        let moved = broken.levels[level].steps.remove(step);
        let node = broken.levels[level].nodes.remove(step);
        broken.levels[to].steps.push(moved);
        broken.levels[to].nodes.push(node);
        all.push(Mutant {
            kind: "level",
            what: format!("{place} moved to level {to}"),
            program: broken,
        });
    }
}

/// Weights and biases that end one block behind all weights.
fn weights_past_the_end(
    program: &Program,
    (level, step): (usize, usize),
    place: &str,
    all: &mut Vec<Mutant>,
) {
    let mut push = |what: &str, change: &dyn Fn(&mut Step)| {
        let mut broken = program.clone();
        change(&mut broken.levels[level].steps[step]);
        all.push(Mutant {
            kind: "weights",
            what: format!("{place}: {what}"),
            program: broken,
        });
    };
    let len = program.footprint.weights;
    match &program.levels[level].steps[step] {
        Step::Sweep(sweep) if !sweep.taps.is_empty() => {
            for number in 0..sweep.groups.len() {
                push("weights of a group", &|step| {
                    if let Step::Sweep(sweep) = step {
                        let group = &mut sweep.groups[number];
                        let packed = group.outs.len() * LANES;
                        let ends = sweep.taps.iter().map(|tap| {
                            let first = tap.weights + group.first_block * tap.weights_block;
                            first + (tap.inner + tap.len) * packed
                        });
                        let end = ends.max().unwrap_or(0);
                        group.weights = len + LANES - end;
                    }
                });
            }
            push("bias", &|step| {
                if let Step::Sweep(sweep) = step {
                    sweep.groups[0].outs[0].bias = Some(len);
                }
            });
        }
        Step::Winograd(_) => {
            push("weights of the last group", &|step| {
                if let Step::Winograd(winograd) = step
                    && let Some(group) = winograd.groups.last_mut()
                {
                    group.weights += LANES;
                }
            });
            push("bias", &|step| {
                if let Step::Winograd(winograd) = step {
                    winograd.groups[0].outs[0].bias = Some(len);
                }
            });
        }
        Step::Gemm(_) => {
            push("matrix", &|step| {
                if let Step::Gemm(gemm) = step {
                    let outputs: usize = gemm.outputs.iter().map(|part| part.count).sum();
                    gemm.matrix.start = len + LANES - outputs * gemm.matrix.row;
                }
            });
            push("bias", &|step| {
                if let Step::Gemm(gemm) = step {
                    gemm.matrix.bias = Some(len);
                }
            });
        }
        Step::GemmGradient(_) => {
            push("matrix", &|step| {
                if let Step::GemmGradient(gemm) = step {
                    let outputs: usize = gemm.outputs.iter().map(|part| part.count).sum();
                    gemm.matrix.start = len + LANES - outputs * gemm.matrix.row;
                }
            });
        }
        _ => {}
    }
}

/// Layouts with one row or column of zeros less around the tensors of one buffer.
pub(super) fn narrow_layouts(layout: &Layout) -> Vec<(String, Layout)> {
    type Side = (&'static str, fn(&mut Buffer) -> &mut usize);
    let sides: [Side; 3] = [
        ("top", |buffer| &mut buffer.top),
        ("bottom", |buffer| &mut buffer.bottom),
        ("side", |buffer| &mut buffer.side),
    ];
    let mut all = Vec::new();
    for number in 0..layout.buffers.len() {
        for (name, side) in sides {
            let mut buffers = layout.buffers.clone();
            let zeros = side(&mut buffers[number]);
            if *zeros == 0 {
                continue;
            }
            *zeros -= 1;
            let mut broken = layout.clone();
            broken.len = 0;
            for buffer in &mut buffers {
                broken.len = buffer.place(broken.len).expect("it fits");
            }
            let moved = |view: View| {
                let old = layout
                    .buffers
                    .iter()
                    .position(|buffer| (buffer.start..buffer.end).contains(&view.offset));
                let old = old.expect("a buffer");
                let from = &layout.buffers[old];
                let first = (view.offset - origin(from) as usize) / from.pitch();
                buffers[old].view(first, view.blocks)
            };
            broken.views = layout.views.iter().map(|view| view.map(moved)).collect();
            broken.input_gradient = moved(layout.input_gradient);
            broken.cells = layout
                .cells
                .iter()
                .map(|(&node, &view)| (node, moved(view)))
                .collect();
            broken.buffers = buffers;
            all.push((format!("{name} of buffer {number}"), broken));
        }
    }
    all
}

/// The buffer that an offset is in, or before.
fn buffer_of(layout: &Layout, offset: isize) -> &Buffer {
    let mut buffers = layout.buffers.iter();
    let found = buffers.find(|buffer| (offset as usize) < buffer.end);
    found.expect("a buffer")
}
