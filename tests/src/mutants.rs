// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The mutants of the object: for each clause that injection and the native tests check, the object with that clause broken.

mod calls;
mod keys;
mod memory;
mod reentrancy;

use vdso_fixtures::mutant::Mutant;
use vdso_inject::Event;

/// A mutant of the object.
pub type ObjectMutant = Mutant<FlaggedBy>;

/// The event or the test that flags a mutant.
#[derive(Clone, Copy, Debug)]
pub enum FlaggedBy {
    /// An event of the injection.
    Event(Event),
    /// A test of the native tier.
    Test(&'static str),
}

const GETRANDOM: &str = "crates/vdso-getrandom/src/getrandom.rs";
const STATE: &str = "crates/vdso-getrandom/src/state.rs";
const OUTPUT: &str = "crates/vdso-getrandom/src/output.rs";
const DATA_PAGE: &str = "crates/vdso-getrandom/src/data_page.rs";
const REFILL_SSE2: &str = "crates/vdso-getrandom/src/arch/x86_64/chacha20/refill_sse2.s";

/// All of them, by family of clauses.
pub fn all() -> impl Iterator<Item = &'static ObjectMutant> {
    [calls::MUTANTS, keys::MUTANTS, memory::MUTANTS, reentrancy::MUTANTS].into_iter().flatten()
}
