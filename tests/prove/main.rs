// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The proof of the cipher's machine code: that it holds for what was built, and that what it trusts can be trusted.

mod mutants;
mod processor;

use vdso_abi::routines::CIPHER_ROUTINES;
use vdso_prove::load::load;
use vdso_prove::program::Program;
use vdso_prove::routine::prove;
use vdso_tests::vdso::Vdso;

fn program(name: &str) -> Program {
    let path = Vdso::products().join(name);
    load(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).expect("an ELF file")
}

#[test]
fn built_object_and_image_compute_chacha20() {
    for file in ["vgetrandom.o", "vdso64.so.dbg"] {
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
