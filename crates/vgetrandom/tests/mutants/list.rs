// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The mutants of the library: for each, the test of the contract that must fail.

use vdso_fixtures::mutant::{Edit, Mutant};

/// A mutant of the library, with the test that flags it.
pub type LibraryMutant = Mutant<&'static str>;

/// All of them, by clause.
pub const MUTANTS: &[LibraryMutant] = &[
    Mutant {
        id: "c2-readiness-not-checked",
        clause: "C2",
        fault: "The client uses the vDSO before it knows that the generator is ready.",
        flagged_by: "c2_before_readiness_draws_are_system_calls",
        edits: &[Edit {
            file: "crates/vgetrandom/src/process.rs",
            statement: "if status == status::NOT_READY && is_ready()",
            replacement: "if status == status::NOT_READY || is_ready()",
        }],
    },
    Mutant {
        id: "c4-bytes-stay-after-an-error",
        clause: "C4",
        fault: "Drawn bytes stay in the buffer after an error.",
        flagged_by: "c4_on_an_error_no_drawn_byte_stays",
        edits: &[Edit {
            file: "crates/vgetrandom/src/fill.rs",
            statement: "unsafe { buffer.write_bytes(0, done) };",
            replacement: "let _ = (buffer, done);",
        }],
    },
    Mutant {
        id: "c5-claim-in-two-steps",
        clause: "C5",
        fault: "A claim takes two steps: a handler's slot is overwritten.",
        flagged_by: "c5_a_claim_that_is_interrupted_by_a_claim_loses_no_slot",
        edits: &[Edit {
            file: "crates/vgetrandom/src/cell.rs",
            statement: "code::NONE | 1 => self.exchange(code, code::CLAIMING).then_some(Claim(self)),",
            replacement: "code::NONE | 1 => { self.0.store(without_provenance_mut(code::CLAIMING), Ordering::Relaxed); Some(Claim(self)) }",
        }],
    },
    Mutant {
        id: "c6-tag-set-and-not-checked",
        clause: "C6",
        fault: "The tag is set and not checked.",
        flagged_by: "c6_the_tag_survives_the_wipe_of_a_fork",
        edits: &[Edit {
            file: "crates/vgetrandom/src/slot.rs",
            statement: "if !tag::take(&self.word) { return None; }",
            replacement: "tag::take(&self.word);",
        }],
    },
    Mutant {
        id: "c6-tag-checked-and-not-set",
        clause: "C6",
        fault: "The tag is checked and not set.",
        flagged_by: "c6_the_tag_survives_the_wipe_of_a_fork",
        edits: &[Edit {
            file: "crates/vgetrandom/src/slot.rs",
            statement: "if !tag::take(&self.word)",
            replacement: "if self.is_in_use()",
        }],
    },
    Mutant {
        id: "c6-tag-in-memory-that-a-fork-wipes",
        clause: "C6",
        fault: "The tag lies in memory that a fork wipes.",
        flagged_by: "c6_the_tag_survives_the_wipe_of_a_fork",
        edits: &[Edit {
            file: "crates/vgetrandom/src/kernel.rs",
            statement: "map(len, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)",
            replacement: "map(len, PROT_READ_WRITE, (MAP_PRIVATE & 0) | 8 | MAP_ANONYMOUS)",
        }],
    },
    Mutant {
        id: "c6-in-use-counts-as-abandoned",
        clause: "C6",
        fault: "A set tag counts at once as that of an abandoned call.",
        flagged_by: "c6_a_draw_that_interrupts_a_draw_is_a_system_call",
        edits: &[Edit {
            file: "crates/vgetrandom/src/draw.rs",
            statement: "if !slot.count_miss().is_multiple_of(MISSES)",
            replacement: "if !slot.count_miss().is_multiple_of(1)",
        }],
    },
    Mutant {
        id: "c9-nothing-prepared",
        clause: "C9",
        fault: "Nothing is prepared before a sandbox.",
        flagged_by: "c9_after_prepare_a_sandbox_may_forbid_mmap",
        edits: &[Edit {
            file: "crates/vgetrandom/src/lib.rs",
            statement: "if !process::POOL.reserve(threads.saturating_sub(usize::from(has_slot)), &vdso)",
            replacement: "if !process::POOL.reserve(usize::from(has_slot), &vdso)",
        }],
    },
    Mutant {
        id: "c12-slot-in-use-is-given-back",
        clause: "C12",
        fault: "A slot in use is given back.",
        flagged_by: "c12_an_exit_in_mid_draw_keeps_the_state",
        edits: &[Edit {
            file: "crates/vgetrandom/src/pool.rs",
            statement: "if slot.is_in_use() { return; }",
            replacement: "",
        }],
    },
    Mutant {
        id: "c12-slot-after-the-exit",
        clause: "C12",
        fault: "A thread that exits gets a slot again.",
        flagged_by: "c12_late_destructors_draw_by_system_call",
        edits: &[Edit {
            file: "crates/vgetrandom/src/cell.rs",
            statement: "self.0.swap(without_provenance_mut(code::EXITED), Ordering::Relaxed)",
            replacement: "self.0.swap(without_provenance_mut(code::NONE), Ordering::Relaxed)",
        }],
    },
    Mutant {
        id: "c12-slot-kept-by-the-exit",
        clause: "C12",
        fault: "A thread that exits keeps its slot.",
        flagged_by: "c12_thousands_of_threads_use_one_chunk",
        edits: &[Edit {
            file: "crates/vgetrandom/src/exit.rs",
            statement: "unsafe { &*cell.cast::<Cell>() }.exit();",
            replacement: "let _ = unsafe { &*cell.cast::<Cell>() };",
        }],
    },
];
