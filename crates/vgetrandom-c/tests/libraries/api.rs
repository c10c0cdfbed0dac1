// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Programs that link the library, or open it.

use crate::build::{LIBRARIES, Linking, program};
use object::{Object, ObjectSymbol};
use std::os::unix::process::CommandExt;
use std::process::Command;
use vdso_fixtures::child::exit;
use vdso_fixtures::trace::{self, count};

/// Runs every function of the header; counts the system calls of 1,000 draws.
fn exercise(linking: Linking) {
    let program = program("api", linking);
    let status = Command::new(&program).status().expect("it starts");
    // 0: the vDSO serves it; 10: the kernel has no function for it.
    let code = status.code().expect("the program ends by itself");
    assert!([0, 10].contains(&code), "{}: {status}", program.display());
    let calls = trace::record(|| run_in_place(&mut Command::new(&program), code));
    let draws = count(&calls, trace::Call::is_draw);
    if code == 0 {
        assert!(draws <= 2 && draws == calls.len(), "{calls:?}");
    } else {
        assert_eq!(draws, 1000);
    }
}

/// Runs a program in the traced child, and gives its code `good` as a success.
fn run_in_place(command: &mut Command, good: i32) {
    if good == 0 {
        panic!("exec: {}", command.exec());
    }
    let status = command.status().expect("it starts");
    exit(if status.code() == Some(good) { 0 } else { 1 });
}

#[test]
fn a_program_with_the_shared_library() {
    exercise(Linking::Shared);
}

#[test]
fn a_program_with_the_archive() {
    exercise(Linking::Archive);
}

#[test]
fn a_static_program_with_the_archive() {
    exercise(Linking::Static);
}

#[test]
fn c12_a_static_program_returns_states_at_thread_exit() {
    // The archive pulls the functions for thread keys into the program: without them there would be no hook.
    let program = program("api", Linking::Static);
    let data = std::fs::read(program).expect("the program was just linked");
    let file = object::File::parse(&*data).expect("an ELF file");
    for name in ["pthread_key_create", "pthread_setspecific"] {
        assert!(file.symbols().any(|symbol| symbol.name() == Ok(name) && symbol.is_definition()), "{name}");
    }
}

#[test]
fn c14_the_library_stays_after_dlclose() {
    let mut program = Command::new(program("unload", Linking::Plain));
    let status = program.arg(LIBRARIES.join("lib/libvgetrandom.so")).status().expect("it starts");
    assert!(status.success(), "{status}");
}
