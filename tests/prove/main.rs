// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The proof of the cipher's machine code: that it holds for what was built, and that what it trusts can be trusted.

mod mutants;
mod processor;

use vdso_abi::routines::CIPHER_ROUTINES;
use vdso_abi::state::BATCH_LEN;
use vdso_prove::hot_path::{self, Paths};
use vdso_prove::load::load;
use vdso_prove::program::Program;
use vdso_prove::routine::prove;
use vdso_tests::vdso::Vdso;

fn program(name: &str) -> Program {
    let path = Vdso::products().join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    load(&path, bytes).expect("an ELF file")
}

#[test]
fn built_object_and_images_compute_chacha20() {
    // The last two have no symbols of the routines.
    for file in ["vgetrandom.o", "vdso64.so.dbg", "vdso64.so", "spliced.so"] {
        let program = program(file);
        for routine in CIPHER_ROUTINES {
            prove(&program, &routine).unwrap_or_else(|finding| panic!("{file}: {finding}"));
        }
    }
}

#[test]
fn evaluator_agrees_with_the_processor_on_every_instruction() {
    let outcome = processor::compare(&program("vgetrandom.o"));
    println!("{} instructions compared; skipped: {:?}", outcome.compared, outcome.skipped);
    assert!(outcome.differences.is_empty(), "{:#?}", outcome.differences);
}

#[test]
fn planted_faults_are_found_for_their_reasons() {
    let wrong = mutants::wrong_verdicts(&program("vgetrandom.o"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Lengths around each arm of the copy, with batches that just suffice, just do not, and more.
fn small_draws() -> impl Iterator<Item = (usize, usize)> {
    let lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 18, 31, 32, 33, 34, 47, 63, 64];
    lengths.into_iter().flat_map(|len| [0, len - 1, len, len + 1, BATCH_LEN - 1, BATCH_LEN].map(|fill| (len, fill)))
}

#[test]
fn small_draws_hand_out_the_end_of_the_batch_and_leave_for_known_reasons() {
    let program = program("vgetrandom.o");
    let mut all = Paths::default();
    for (len, fill) in small_draws() {
        for name in ["__vdso_vgetrandom", "__vdso_getrandom"] {
            let paths = hot_path::prove(&program, name, len, fill).unwrap_or_else(|finding| panic!("{finding}"));
            all.add(&paths);
        }
    }
    assert_eq!(all.left.len(), 10, "every reason is seen: {:?}", all.left);
}
