// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the programs have in common.

mod meter;

pub use libfuzzer_sys::fuzz_target;
use meter::Meter;
use std::path::Path;
use std::sync::LazyLock;
use vdso_fuzz::Seeds;
pub use vdso_fuzz::{Recipe, Target};

/// The good files, those of this machine included.
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

/// One input.
pub fn run(target: Target, input: &[u8]) {
    let seeds = &*SEEDS;
    METER.limit(|| target.run(seeds, &Recipe::of_bytes(input)));
}

/// The program of a target.
#[macro_export]
macro_rules! fuzz {
    ($target:ident) => {
        // The good files are made before the clock of the first input runs.
        $crate::fuzz_target!(init: $crate::prepare(), |input: &[u8]| $crate::run($crate::Target::$target, input));
    };
}
