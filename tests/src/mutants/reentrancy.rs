// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mutants of interrupted and nested calls (R).

use super::{FlaggedBy, GETRANDOM, ObjectMutant, STATE};
use vdso_fixtures::mutant::Edit;
use vdso_inject::Event;

/// A method that reads and stores the count of a state that is not held.
const PEEK: Edit = Edit {
    file: STATE,
    statement: "fn as_ptr(self) -> *mut VgetrandomState",
    replacement: "pub fn peek(self) -> Held { Held { state: self, tag: 0, release: Release::SetBit } }

    fn as_ptr(self) -> *mut VgetrandomState",
};

pub const MUTANTS: &[ObjectMutant] = &[
    ObjectMutant {
        id: "r1-state-in-use-is-taken",
        clause: "R1",
        fault: "A handler takes the state of the call that it interrupts.",
        flagged_by: FlaggedBy::Event(Event::Draw),
        edits: &[Edit { file: STATE, statement: "if found != 0 && found & 1 == 0 { return None; }", replacement: "" }],
    },
    ObjectMutant {
        id: "r2-fetching-left-by-a-store",
        clause: "R2",
        fault: "FETCHING is left by a plain store: a wipe during the fetch leaves a tag over a zero key.",
        flagged_by: FlaggedBy::Event(Event::Wipe),
        edits: &[Edit {
            file: STATE,
            statement: "word::exchange(held.as_ptr(), held.tag | FETCHING, held.tag).then_some(held)",
            replacement: "held.state.set_word(held.tag);
        Some(held)",
        }],
    },
    ObjectMutant {
        id: "r2-tag-in-two-steps",
        clause: "R2",
        fault: "The state is taken by a store, not by a change of one bit: a wipe between comparison and store leaves a tag over a zero key.",
        flagged_by: FlaggedBy::Event(Event::Wipe),
        edits: &[Edit {
            file: STATE,
            statement: "if !word::take(self.as_ptr()) { return Err(Untaken::NotIdle); }",
            replacement: "word::store(self.as_ptr(), generation << 1);",
        }],
    },
    ObjectMutant {
        id: "r2-tag-not-checked",
        clause: "R2",
        fault: "The tag is not checked before the call returns, only the generation.",
        flagged_by: FlaggedBy::Event(Event::WipeDraw),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "if data.generation() != generation || !held.is_still_mine()",
            replacement: "if data.generation() != generation",
        }],
    },
    ObjectMutant {
        id: "r2-take-without-the-carry",
        clause: "R2",
        fault: "The carry flag of the take is ignored: an abandoned call that took the state after the comparison has left the same tag.",
        flagged_by: FlaggedBy::Event(Event::DrawAbandoned),
        edits: &[Edit {
            file: STATE,
            statement: "if !word::take(self.as_ptr()) { return Err(Untaken::NotIdle); }",
            replacement: "let _ = word::take(self.as_ptr());",
        }],
    },
    ObjectMutant {
        id: "r3-count-after-the-release",
        clause: "R3",
        fault: "The new count of a small draw is stored after the release, and a handler in between hands out the same bytes.",
        flagged_by: FlaggedBy::Event(Event::Draw),
        edits: &[
            Edit {
                file: GETRANDOM,
                statement: "held.set_remaining(remaining - output.len()); finish(output, held, &data, generation)",
                replacement: "let served = finish(output, held, &data, generation);
    state.peek().set_remaining(remaining - output.len());
    served",
            },
            PEEK,
        ],
    },
    ObjectMutant {
        id: "r3-count-before-the-take",
        clause: "R3",
        fault: "The count of a small draw is read before the state is taken, and a handler in between hands out the same bytes.",
        flagged_by: FlaggedBy::Event(Event::Draw),
        edits: &[
            Edit {
                file: GETRANDOM,
                statement: "let data = RngData::usual(); let generation = data.generation();",
                replacement: "let data = RngData::usual();
    let generation = data.generation();
    let remaining = state.peek().remaining();",
            },
            Edit { file: GETRANDOM, statement: "let remaining = held.remaining();", replacement: "" },
            PEEK,
        ],
    },
];
