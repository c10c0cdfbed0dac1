// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel that runs the tests, where it has a vDSO that draws random bytes: `docs/injection.md` says what is known.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use vdso_inject::{Effort, Event, Options, Target, inject};

/// The known violations of the C implementation in 6.11 and later. Any other violation is new.
const KNOWN: [Event; 10] = [
    Event::WipeDraw,
    Event::WipeLaterDraw,
    Event::WipeNested,
    Event::GenerationWipeDraw,
    Event::ForkDraw,
    Event::DrawAbandoned,
    Event::WipeDrawAbandoned,
    Event::WipeDrawLaterAbandon,
    Event::WipeDrawLaterDraw,
    // The contract's own clause (M4): the kernel never promised to clear the buffer of a call that fails.
    Event::Refusal,
];

#[test]
fn running_kernel_violates_nothing_that_is_not_known() {
    let target = match Target::running_kernel() {
        Ok(target) => target,
        Err(reason) => return println!("no target: {reason}"),
    };
    let report = inject(&target, &Options::new(Effort::SHORT, 1), &mut |_, _| {}).expect("the target can be tested");
    println!("{report}");
    let unknown: BTreeSet<Event> = report.flagged_by().difference(&KNOWN.into()).copied().collect();
    assert!(unknown.is_empty(), "{unknown:?} are not in docs/injection.md\n{report}");
    assert!(report.total(Event::Draw).tried > 0, "{report}");
}

/// The program of `docs/upstream-reentrancy.md` compiles without a warning, and either runs an event or says why it cannot.
#[test]
fn reproducer_for_upstream_runs_each_event() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reentrancy");
    let mut compiler = Command::new("cc");
    compiler.args(["-O1", "-mno-red-zone", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
    let output = compiler.arg(tests.join("upstream/reentrancy.c")).output().expect("gcc is a need of the native tests");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let exported = Target::running_kernel().is_ok();
    for event in ["abandoned", "wipe-abandoned", "wipe-later-abandon", "fork"] {
        let output = Command::new(&program).arg(event).output().expect("the program was just made");
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{said}");
        let is_run = matches!(output.status.code(), Some(0 | 1)) && said.starts_with(&format!("{event}: "));
        assert!(is_run || !exported && output.status.code() == Some(2), "{event}: {:?} {said}", output.status);
    }
    assert_eq!(Command::new(&program).status().expect("as above").code(), Some(2), "an event is needed");
}
