#!/usr/bin/env bash
# Runs the tests of the kernels under AddressSanitizer (all instruction sets of this CPU) and under
# Valgrind's memcheck (AVX2 and portable: Valgrind has no AVX-512). See docs/memory-tools.md.
#
# Needs the stable toolchain, and Valgrind, which is installed where apt-get is and it is missing.
# `ONEIRIC_SMALL_TESTS` makes the tests leave out the larger sizes.
set -euo pipefail
cd "$(dirname "$0")/.."

export ONEIRIC_SMALL_TESTS=1
target=x86_64-unknown-linux-gnu
part=$SECONDS
finished() {
    printf '== %s: %s s\n' "$1" "$((SECONDS - part))"
    part=$SECONDS
}

if ! command -v valgrind >/dev/null; then
    apt-get update
    apt-get install -y valgrind
    finished 'installing Valgrind'
fi

# Debug assertions are on, so that every plan is checked and every debug_assert of the kernels holds.
# The sanitizer is unstable, but its runtime comes with the stable toolchain.
profile=(--release --config profile.release.opt-level=1 --config profile.release.debug-assertions=true
    --config profile.release.debug='"line-tables-only"')

export RUSTC_BOOTSTRAP=1
RUSTFLAGS='-Zsanitizer=address' cargo test "${profile[@]}" --target "$target" --target-dir target/asan \
    -p oneiric-kernels --lib --tests --no-run
finished 'building for AddressSanitizer'
RUSTFLAGS='-Zsanitizer=address' cargo test "${profile[@]}" --target "$target" --target-dir target/asan \
    -p oneiric-kernels --lib --tests
finished 'AddressSanitizer'
unset RUSTC_BOOTSTRAP

# Valgrind runs one thread at a time, and some 50 times slower, so it gets the unit tests, what is
# not a number, the errors, and a part of the operations, of today's networks and of transformers.
export RAYON_NUM_THREADS=2
runner='valgrind --quiet --error-exitcode=99 --leak-check=no'
under_valgrind() {
    cargo test "${profile[@]}" --target "$target" --target-dir target/valgrind -p oneiric-kernels \
        --config "target.$target.runner='$runner'" "$@"
}
under_valgrind --lib --tests --no-run
finished 'building for Valgrind'
under_valgrind --lib --test errors --test not_numbers -- --test-threads=1
under_valgrind --test operations -- --test-threads=1 average convolutions_of_every_width normalization \
    poolings ties
under_valgrind --test networks_of_today -- --test-threads=1 odd_widths padded vectors last
under_valgrind --test transformers -- --test-threads=1 tokens shuffles
finished 'Valgrind'
