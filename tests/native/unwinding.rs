// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Unwinding at every instruction of a call, through the dynamic linker's own tables.

use std::arch::naked_asm;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use vdso_abi::state::BATCH_LEN;
use vdso_tests::child::{Outcome, in_child, outcome};
use vdso_tests::loaded::{Data, LoadedImage};
use vdso_tests::state::{Snapshot, StatePage};
use vdso_tests::stepping::{at_each_instruction, is_caller, stepped};
use vdso_tests::unwinding::Backtrace;
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels};

/// A profiler that stops here must find the way out: past frames of `code` to the caller, and beyond it.
pub fn must_reach_the_caller(pc: usize, code: &std::ops::Range<usize>) {
    let backtrace = Backtrace::here();
    let frames = backtrace.from(pc).unwrap_or(&[]);
    let outside = frames.iter().position(|address| !code.contains(address));
    let reached = outside.is_some_and(|at| is_caller(frames[at]) && frames.len() > at + 1);
    assert!(reached, "lost at {:#x}: {:x?}", pc - code.start, backtrace.addresses());
}

#[test]
fn every_instruction_unwinds_to_the_caller() {
    for cipher in cpu_levels() {
        in_child(|| {
            let data = Data::Own { generation: GENERATION, simd: cipher.simd };
            let image = LoadedImage::load(&Vdso::products().join("vdso64.so"), data);
            let (code, visited) = (image.code(), Arc::new(Mutex::new(BTreeSet::new())));
            let (stepped_code, seen) = (code.clone(), visited.clone());
            at_each_instruction(code, move |pc| {
                must_reach_the_caller(pc, &stepped_code);
                seen.lock().expect("no panic is survived").insert(pc);
            });
            let page = StatePage::new();
            // A key fetch, all sizes of copy, direct groups, a refill; then the paths to the system call.
            let mut buffer = [0u8; 1200];
            for contents in [Snapshot::FRESH, Snapshot::keyed(GENERATION, 1).with_batch(BATCH_LEN, 1)] {
                for len in [0, 1, 3, 7, 16, 33, 500, 1200] {
                    page.state().write(contents);
                    let arguments = (buffer.as_mut_ptr().addr(), len, page.state().as_ptr().addr());
                    // SAFETY: the arguments of a call.
                    let returned =
                        unsafe { stepped(image.function(c"vgetrandom"), arguments.0, arguments.1, 0, arguments.2) };
                    assert_eq!(returned, len as isize);
                }
            }
            for (flags, state) in [(0, 0), (6, page.state().as_ptr().addr())] {
                // SAFETY: the arguments of a call.
                unsafe { stepped(image.function(c"vgetrandom"), buffer.as_mut_ptr().addr(), 16, flags, state) };
            }
            let visited = visited.lock().expect("no panic is survived").len();
            assert!(visited > 700, "{visited} instructions are not the whole call");
        });
    }
}

/// Moves the stack pointer without frame information. The pushed value is no address: with the value of a register, an
/// unwinder could find the caller by chance.
#[unsafe(naked)]
unsafe extern "sysv64" fn without_frame_information() {
    naked_asm!(".cfi_startproc", "push 0", "nop", "pop rax", "ret", ".cfi_endproc")
}

#[test]
fn missing_frame_information_is_noticed() {
    let start = without_frame_information as *const () as usize;
    let ended = outcome(|| {
        at_each_instruction(start..start + 16, move |pc| must_reach_the_caller(pc, &(start..start + 16)));
        // SAFETY: the function takes any arguments.
        unsafe { stepped(start, 0, 0, 0, 0) };
    });
    // At the first instruction after the push; at the push itself all is still well.
    let Outcome::Panicked(words) = ended else { panic!("{ended:?}") };
    assert!(words.contains("lost at 0x2:"), "{words}");
}
