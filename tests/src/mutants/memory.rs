// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mutants of the memory that a call reads and leaves (M, S).

use super::{DATA_PAGE, FlaggedBy, GETRANDOM, OUTPUT, ObjectMutant, REFILL_SSE2};
use vdso_fixtures::mutant::Edit;
use vdso_inject::Event;

pub const MUTANTS: &[ObjectMutant] = &[
    ObjectMutant {
        id: "m3-lower-blocks-first",
        clause: "M3",
        fault: "The SSE2 refill makes the lower four blocks first, and the upper four with the new key.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[
            Edit { file: REFILL_SSE2, statement: "addq $4, %rsi", replacement: "" },
            Edit {
                file: REFILL_SSE2,
                statement: "sse2_store %rdi, 256, %rdi, 0",
                replacement: "sse2_store %rdi, 0, %rdi, 1",
            },
            Edit { file: REFILL_SSE2, statement: "subq $4, %rsi", replacement: "addq $4, %rsi" },
            Edit {
                file: REFILL_SSE2,
                statement: "sse2_store %rdi, 0, %rdi, 1",
                replacement: "sse2_store %rdi, 256, %rdi, 0",
            },
        ],
    },
    ObjectMutant {
        id: "m3-same-counters",
        clause: "M3",
        fault: "The refill after direct blocks uses their counters again.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "cipher.refill(held, counter)?;",
            replacement: "cipher.refill(held, 0)?;",
        }],
    },
    ObjectMutant {
        id: "m4-batch-not-zeroed",
        clause: "M4",
        fault: "Bytes that were handed out stay in the batch.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[Edit {
            file: OUTPUT,
            statement: "word = 0; while word < COUNT {
    unsafe { from.wrapping_add(at[word]).cast::<Word>().write_unaligned(Word::default()) }
    word += 1;
}",
            replacement: "",
        }],
    },
    ObjectMutant {
        id: "m4-buffer-not-zeroed",
        clause: "M4",
        fault: "Bytes of a discarded pass stay in the buffer of a call that fails.",
        flagged_by: FlaggedBy::Event(Event::Refusal),
        edits: &[Edit { file: GETRANDOM, statement: "output.at_most(MAX_RW_COUNT).wipe();", replacement: "" }],
    },
    ObjectMutant {
        id: "s2-page-always-touched",
        clause: "S2",
        fault: "The time-namespace data page is touched outside of time namespaces, where it faults.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[Edit {
            file: DATA_PAGE,
            statement: "clock_mode() == CLOCK_MODE_TIMENS",
            replacement: "clock_mode() <= CLOCK_MODE_TIMENS",
        }],
    },
    ObjectMutant {
        id: "s2-page-never-used",
        clause: "S2",
        fault: "In a time namespace the default data page is used.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[Edit {
            file: DATA_PAGE,
            statement: "clock_mode() == CLOCK_MODE_TIMENS",
            replacement: "clock_mode() > CLOCK_MODE_TIMENS",
        }],
    },
];
