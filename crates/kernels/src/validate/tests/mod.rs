//! Broken programs: each kind is caught.
//!
//! Real programs are broken in one place at a time. A broken program that passes the checks is
//! run, which is sound because it passed, and must compute the same numbers: then the change
//! was none, such as one to padding that nothing reads.

mod mutate;
mod network;

use std::collections::BTreeMap;

use mutate::{mutants, narrow_layouts};
use network::{Case, cases};

use super::check;
use crate::plan::Program;

/// Counts of one kind of mutant.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    caught: usize,
    /// Passed, and computes the same numbers.
    equivalent: usize,
}

#[test]
fn legal_programs_pass() {
    for case in cases() {
        for program in &case.programs {
            let forward = case.forward_of(program);
            let result = check(program, &case.graph, &case.layout, forward);
            assert!(result.is_ok(), "{}: {:?}", case.name, result.err());
        }
    }
}

#[test]
fn every_kind_of_broken_program_is_caught() {
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let mut missed = Vec::new();
    // Miri and Valgrind see nothing new in further ones.
    let few = cfg!(miri) || std::env::var_os("ONEIRIC_SMALL_TESTS").is_some();
    for case in cases() {
        for program in &case.programs {
            let expected = case.run(program);
            let all = mutants(program, &case.layout);
            for mutant in all.into_iter().step_by(if few { 50 } else { 1 }) {
                let count = counts.entry(mutant.kind).or_default();
                let forward = case.forward_of(&mutant.program);
                match check(&mutant.program, &case.graph, &case.layout, forward) {
                    Err(_) => count.caught += 1,
                    Ok(_) => {
                        if case.run(&mutant.program) == expected {
                            count.equivalent += 1;
                        } else {
                            missed.push(format!("{}: {}", case.name, mutant.what));
                        }
                    }
                }
            }
        }
        narrow_halos(&case, counts.entry("halo").or_default());
    }
    println!("{counts:#?}");
    assert!(missed.is_empty(), "{missed:#?}");
    for (kind, count) in counts {
        assert!(few || count.caught > 20, "{kind}: {count:?}");
        // Halos are as wide as any program of any choice of gradients needs.
        assert!(kind == "halo" || count.equivalent == 0, "{kind}: {count:?}");
    }
}

/// Plans whose layout has one row or column of zeros too few.
fn narrow_halos(case: &Case, count: &mut Count) {
    for (what, layout) in narrow_layouts(&case.layout) {
        let broken = case.with_layout(layout);
        let caught = broken.programs.iter().any(|program| {
            let forward = broken.forward_of(program);
            check(program, &broken.graph, &broken.layout, forward).is_err()
        });
        if caught {
            count.caught += 1;
        } else {
            let results = |case: &Case| -> Vec<Vec<u32>> {
                let programs: &[Program] = &case.programs;
                programs.iter().map(|program| case.run(program)).collect()
            };
            assert!(
                results(&broken) == results(case),
                "{}: {what} passes",
                case.name
            );
            count.equivalent += 1;
        }
    }
}
