// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mutants of the exported functions (E).

use super::{FlaggedBy, GETRANDOM, ObjectMutant};
use vdso_fixtures::mutant::Edit;

pub const MUTANTS: &[ObjectMutant] = &[
    ObjectMutant {
        id: "e3-straddling-state",
        clause: "E3",
        fault: "A state on two pages is used, one of which can be dropped without the other.",
        flagged_by: FlaggedBy::Test("e3_state_that_straddles_a_page_goes_to_the_kernel"),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "if state.straddles_page() { return system_call(output, flags); }",
            replacement: "",
        }],
    },
    ObjectMutant {
        id: "e6-clamped-fallback",
        clause: "E6",
        fault: "The system call gets a length that is not the caller's.",
        flagged_by: FlaggedBy::Test("e6_fallback_gets_the_unclamped_length"),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "syscall::getrandom(output.start(), output.len(), flags)",
            replacement: "syscall::getrandom(output.start(), output.at_most(MAX_RW_COUNT).len(), flags)",
        }],
    },
    ObjectMutant {
        id: "e6-no-clamp",
        clause: "E6",
        fault: "One call produces more than the system call would.",
        flagged_by: FlaggedBy::Test("e6_at_most_max_rw_count_bytes_are_produced"),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "let output = output.at_most(MAX_RW_COUNT);",
            replacement: "let output = output.at_most(usize::MAX);",
        }],
    },
];
