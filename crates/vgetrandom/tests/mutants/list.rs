// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The mutants: the fault of each, the text that makes it, and the test of the contract that must fail.

/// A variant of the library that is wrong on purpose.
pub struct Mutant {
    /// The fault.
    pub name: &'static str,
    /// The file in `src/`.
    pub file: &'static str,
    /// Text that is there once.
    pub from: &'static str,
    /// The text in its place.
    pub to: &'static str,
    /// The test that fails.
    pub flagged_by: &'static str,
}

/// All of them.
pub const MUTANTS: [Mutant; 11] = [
    Mutant {
        name: "a claim in two steps: a handler's slot is overwritten",
        file: "cell.rs",
        from: "code::NONE | 1 => self.exchange(code, code::CLAIMING).then_some(Claim(self)),",
        to: "code::NONE | 1 => { self.0.store(without_provenance_mut(code::CLAIMING), Ordering::Relaxed); Some(Claim(self)) }",
        flagged_by: "c5_a_claim_that_is_interrupted_by_a_claim_loses_no_slot",
    },
    Mutant {
        name: "the tag is set and not checked",
        file: "slot.rs",
        from: "if !tag::take(&self.word) {\n            return None;\n        }",
        to: "tag::take(&self.word);",
        flagged_by: "c6_the_tag_survives_the_wipe_of_a_fork",
    },
    Mutant {
        name: "the tag is checked and not set",
        file: "slot.rs",
        from: "if !tag::take(&self.word) {",
        to: "if self.is_in_use() {",
        flagged_by: "c6_the_tag_survives_the_wipe_of_a_fork",
    },
    Mutant {
        name: "the tag lies in memory that a fork wipes",
        file: "kernel.rs",
        from: "map(len, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)",
        to: "map(len, PROT_READ_WRITE, (MAP_PRIVATE & 0) | 8 | MAP_ANONYMOUS)",
        flagged_by: "c6_the_tag_survives_the_wipe_of_a_fork",
    },
    Mutant {
        name: "a set tag is taken for that of an abandoned call at once",
        file: "draw.rs",
        from: "if !slot.count_miss().is_multiple_of(MISSES)",
        to: "if !slot.count_miss().is_multiple_of(1)",
        flagged_by: "c6_a_draw_that_interrupts_a_draw_is_a_system_call",
    },
    Mutant {
        name: "a slot in use is given back",
        file: "pool.rs",
        from: "if slot.is_in_use() {\n            return;\n        }",
        to: "",
        flagged_by: "c12_an_exit_in_mid_draw_keeps_the_state",
    },
    Mutant {
        name: "a thread that exits gets a slot again",
        file: "cell.rs",
        from: "self.0.swap(without_provenance_mut(code::EXITED), Ordering::Relaxed)",
        to: "self.0.swap(without_provenance_mut(code::NONE), Ordering::Relaxed)",
        flagged_by: "c12_late_destructors_draw_by_system_call",
    },
    Mutant {
        name: "a thread that exits keeps its slot",
        file: "exit.rs",
        from: "unsafe { &*cell.cast::<Cell>() }.exit();",
        to: "let _ = unsafe { &*cell.cast::<Cell>() };",
        flagged_by: "c12_thousands_of_threads_use_one_chunk",
    },
    Mutant {
        name: "bytes stay after an error",
        file: "fill.rs",
        from: "unsafe { buffer.write_bytes(0, done) };",
        to: "let _ = (buffer, done);",
        flagged_by: "c4_on_an_error_no_drawn_byte_stays",
    },
    Mutant {
        name: "readiness is not asked for",
        file: "process.rs",
        from: "if status == status::NOT_READY && is_ready() {",
        to: "if status == status::NOT_READY || is_ready() {",
        flagged_by: "c2_before_readiness_draws_are_system_calls",
    },
    Mutant {
        name: "nothing is made before a sandbox",
        file: "lib.rs",
        from: "if !process::POOL.reserve(threads.saturating_sub(usize::from(has_slot)), &vdso) {",
        to: "if !process::POOL.reserve(usize::from(has_slot), &vdso) {",
        flagged_by: "c9_after_prepare_a_sandbox_may_forbid_mmap",
    },
];
