// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The main function of all fuzz targets.

mod meter;

pub use libfuzzer_sys::fuzz_target;
use meter::Meter;
use std::path::Path;
use std::sync::LazyLock;
use vdso_fuzz::Seeds;
pub use vdso_fuzz::{Recipe, Target};

/// The good files, including those of this machine.
static SEEDS: LazyLock<Seeds> = LazyLock::new(|| {
    let products = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/vdso");
    Seeds::make().with_machine(&products)
});

#[global_allocator]
static METER: Meter = Meter::new();

/// Makes the good files.
pub fn prepare() {
    LazyLock::force(&SEEDS);
}

/// Runs a target with one input.
pub fn run(target: Target, input: &[u8]) {
    let seeds = &*SEEDS;
    METER.limit(|| target.run(seeds, &Recipe::of_bytes(input)));
}

/// Defines the program of a target.
#[macro_export]
macro_rules! fuzz {
    ($target:ident) => {
        // The good files are made first, so that they do not count towards the time limit of the first input.
        $crate::fuzz_target!(init: $crate::prepare(), |input: &[u8]| $crate::run($crate::Target::$target, input));
    };
}
