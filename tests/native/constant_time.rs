// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Time does not depend on secrets: by valgrind, which follows every secret bit; by comparison of the instructions that are
//! executed, also where valgrind cannot follow; and by the rules of vdso-link, which see the bytes of all paths.

use std::arch::naked_asm;
use std::ops::Range;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use vdso_abi::state::{BATCH_LEN, GROUP_BLOCKS, KEY_LEN};
use vdso_fixtures::object::{GOOD, assemble, verdict};
use vdso_tests::child::in_child;
use vdso_tests::model::keystream;
use vdso_tests::state::{Snapshot, StatePage, idle};
use vdso_tests::stepping::{at_each_instruction, stepped};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels};

/// Exit code of valgrind where memcheck has found something; the program's own are smaller.
const ERRORS: i32 = 9;

/// Runs the program of `tests/constant_time` under valgrind.
fn memcheck(argument: &str) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = Command::new("valgrind")
        .args(["--quiet", "--leak-check=no", &format!("--error-exitcode={ERRORS}")])
        .args([env!("CARGO_BIN_EXE_constant-time"), argument])
        .output()
        .unwrap_or_else(|error| panic!("valgrind: {error}; on Debian, as root: apt-get install valgrind"));
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[test]
fn memcheck_finds_no_branch_and_no_address_that_depends_on_a_secret() {
    let (code, said) = memcheck("calls");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("sse2: 721 calls, ") && said.contains("\n0 errors"), "{said}");
    // Valgrind emulates no more, and for wider ciphers the two other proofs remain.
    let has_avx2 = cpu_levels().iter().any(|cipher| cipher.suffix == "avx2");
    assert!(!has_avx2 || said.contains("avx2: 721 calls, "), "{said}");
}

#[test]
fn memcheck_finds_planted_violations() {
    for (argument, words) in [("branch", "Conditional jump or move depends"), ("index", "Use of uninitialised value")] {
        let (code, said) = memcheck(argument);
        assert_eq!(code, Some(ERRORS), "{said}");
        assert!(said.contains(words) && said.contains(&format!("planted_{argument}")), "{said}");
    }
}

/// Without valgrind the same program would find nothing, and must not say so.
#[test]
fn memcheck_is_not_imagined() {
    let output = Command::new(env!("CARGO_BIN_EXE_constant-time")).arg("calls").output().expect("it was built");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

/// The start of the smallest cipher routine of the good object, where rdi points to the state.
const ROUTINE: &str = "chacha20_refill_sse2:\n\t.cfi_startproc\n";

/// Ids of the rules that the good object breaks with `planted` in a cipher routine.
fn broken_rules(planted: &str) -> Vec<&'static str> {
    let source = GOOD.replacen(ROUTINE, &format!("{ROUTINE}{planted}"), 1);
    match verdict(assemble(&source)).expect("a readable object") {
        Ok(_) => vec![],
        Err(report) => report.findings().map(|finding| finding.rule).collect(),
    }
}

#[test]
fn rules_find_the_same_planted_violations() {
    assert_eq!(broken_rules(""), [""; 0]);
    let branch = broken_rules(include_str!("../constant_time/planted_branch.s"));
    let index = broken_rules(include_str!("../constant_time/planted_index.s"));
    assert_eq!((branch, index), (vec!["secrets/branches"], vec!["secrets/general-registers"; 2]));
}

/// Stops at each instruction of `code`; the function that is returned makes a call and returns the addresses it went through.
fn tracer(code: Range<usize>) -> impl Fn(usize, [usize; 4]) -> Vec<usize> {
    let trace = Arc::new(Mutex::new(Vec::new()));
    let seen = trace.clone();
    at_each_instruction(code, move |pc| seen.lock().expect("no panic is survived").push(pc));
    move |function, [a, b, c, d]| {
        // SAFETY: each call below has the arguments that its function wants.
        unsafe { stepped(function, a, b, c, d) };
        std::mem::take(&mut trace.lock().expect("no panic is survived"))
    }
}

/// A state whose secrets differ from run to run.
fn secret_state(run: u64, word: u64, remaining: usize) -> Snapshot {
    let mut contents = Snapshot { word, remaining: remaining as u32, ..Snapshot::FRESH };
    let secret = keystream(&[0x3c; KEY_LEN], run << 8, GROUP_BLOCKS);
    contents.key.copy_from_slice(&secret[..KEY_LEN]);
    contents.batch[..remaining].copy_from_slice(&secret[KEY_LEN..][..remaining]);
    contents
}

#[test]
fn instructions_do_not_depend_on_secrets() {
    for cipher in cpu_levels() {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), StatePage::new());
            vdso.data().set_simd(cipher.simd);
            let function = vdso.image().function("__vdso_vgetrandom").expect("it was called before");
            let mut buffer = vec![0u8; 1600];
            let arguments = |len| [buffer.as_mut_ptr().addr(), len, 0, page.state().as_ptr().addr()];
            let arguments: Vec<_> = [1, 16, BATCH_LEN, 600, 1600].map(arguments).into();
            let trace = tracer(vdso.code());
            // The key of a stale state comes from the kernel, and is another each time.
            for (word, remaining) in [(GENERATION, BATCH_LEN), (GENERATION, 0), (GENERATION - 1, 9)] {
                for arguments in &arguments {
                    let [first, second] = [1, 2].map(|run| {
                        page.state().write(secret_state(run, idle(word), remaining));
                        trace(function.as_ptr().addr(), *arguments)
                    });
                    let place = format!("{cipher:?}, {} bytes, {remaining} left", arguments[1]);
                    assert!(first == second, "{place}: {} and {} instructions", first.len(), second.len());
                    assert!(first.len() > 20, "{place}: {} instructions are not the whole call", first.len());
                }
            }
        });
    }
}

/// Branches on the first byte of the key.
#[unsafe(naked)]
unsafe extern "sysv64" fn planted_branch(state: *const u8) {
    naked_asm!(include_str!("../constant_time/planted_branch.s"), "ret", options(att_syntax))
}

#[test]
fn instructions_of_a_planted_violation_differ() {
    in_child(|| {
        let start = planted_branch as *const () as usize;
        let trace = tracer(start..start + 16);
        let lens = [[0u8; KEY_LEN], [1; KEY_LEN]].map(|key| trace(start, [key.as_ptr().addr(), 0, 0, 0]).len());
        assert_eq!(lens, [3, 4]);
    });
}
