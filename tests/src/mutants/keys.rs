// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mutants of key and generation (K).

use super::{FlaggedBy, GETRANDOM, ObjectMutant, STATE};
use vdso_fixtures::mutant::Edit;
use vdso_inject::Event;

pub const MUTANTS: &[ObjectMutant] = &[
    ObjectMutant {
        id: "k1-generation-zero",
        clause: "K1",
        fault: "A key is fetched under generation 0.",
        flagged_by: FlaggedBy::Test("k1_generation_0_is_never_valid"),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "Err(Untaken::NoMatch) if !data.is_ready() || generation == 0 =>",
            replacement: "Err(Untaken::NoMatch) if !data.is_ready() =>",
        }],
    },
    ObjectMutant {
        id: "k2-common-tag",
        clause: "K2",
        fault: "All calls that fetch a key under one generation have one tag: a call takes the work of an abandoned call for its own.",
        flagged_by: FlaggedBy::Event(Event::WipeDrawAbandoned),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "Err(Untaken::NoMatch) => rekey(state, generation, tag)?,",
            replacement: "Err(Untaken::NoMatch) => {
            let _ = tag;
            rekey(state, generation, generation << 1)?
        }",
        }],
    },
    ObjectMutant {
        id: "k2-tag-after-the-fetch",
        clause: "K2",
        fault: "The tag is set after the fetch. After a wipe in between, as in the child of a fork, the key is gone and the tag is not.",
        flagged_by: FlaggedBy::Event(Event::Wipe),
        edits: &[
            Edit { file: STATE, statement: "self.set_word(tag | FETCHING);", replacement: "" },
            Edit {
                file: STATE,
                statement: "word::exchange(held.as_ptr(), held.tag | FETCHING, held.tag).then_some(held)",
                replacement: "held.state.set_word(held.tag | FETCHING);
        held.state.set_word(held.tag);
        Some(held)",
            },
        ],
    },
    ObjectMutant {
        id: "k3-generation-after-the-fetch",
        clause: "K3",
        fault: "The generation of the key is read after the fetch: a key from before a reseed counts as one from after it.",
        flagged_by: FlaggedBy::Event(Event::Generation),
        edits: &[
            Edit {
                file: GETRANDOM,
                statement: "let data = RngData::locate(); let generation = data.generation();",
                replacement: "let data = RngData::locate();
    let mut generation = data.generation();",
            },
            Edit {
                file: GETRANDOM,
                statement: "Err(Untaken::NoMatch) => rekey(state, generation, tag)?,",
                replacement: "Err(Untaken::NoMatch) => {
            let held = rekey(state, generation, tag)?;
            generation = data.generation();
            held.under(generation)
        }",
            },
            Edit {
                file: STATE,
                statement: "pub fn tag(&self) -> u64",
                replacement: "pub fn under(self, generation: u64) -> Self {
        Self { release: Release::Exchange(idle(generation)), ..self }
    }

    pub fn tag(&self) -> u64",
            },
        ],
    },
    ObjectMutant {
        id: "k4-failed-fetch",
        clause: "K4",
        fault: "The result of the key fetch is ignored.",
        flagged_by: FlaggedBy::Event(Event::FetchFails),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "syscall::getrandom(fetching.key(), KEY_LEN, 0) != KEY_LEN as isize",
            replacement: "syscall::getrandom(fetching.key(), KEY_LEN, 0) == isize::MIN",
        }],
    },
    ObjectMutant {
        id: "k4-short-fetch",
        clause: "K4",
        fault: "A short key fetch counts as a whole one.",
        flagged_by: FlaggedBy::Event(Event::FetchShort),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "syscall::getrandom(fetching.key(), KEY_LEN, 0) != KEY_LEN as isize",
            replacement: "syscall::getrandom(fetching.key(), KEY_LEN, 0) < 0",
        }],
    },
    ObjectMutant {
        id: "k5-no-rewind",
        clause: "K5",
        fault: "The second pass begins after the first bytes of the buffer, with the length of the whole.",
        flagged_by: FlaggedBy::Event(Event::Generation),
        edits: &[
            Edit {
                file: GETRANDOM,
                statement: "fn serve(output: Output, flags: u32, state: State, passes: usize) -> isize",
                replacement: "fn serve(mut output: Output, flags: u32, state: State, passes: usize) -> isize",
            },
            Edit {
                file: GETRANDOM,
                statement: "=> discard(output, state),",
                replacement: "=> {
                discard(output, state);
                output = Output::new(output.start().wrapping_add(8), output.len());
            }",
            },
            Edit {
                file: GETRANDOM,
                statement: "serve(output, flags, state, PASSES - 1)",
                replacement: "serve(Output::new(output.start().wrapping_add(8), output.len()), flags, state, PASSES - 1)",
            },
        ],
    },
    ObjectMutant {
        id: "k5-no-second-check",
        clause: "K5",
        fault: "The generation is not checked again before the call returns.",
        flagged_by: FlaggedBy::Event(Event::Generation),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "if data.generation() != generation || !held.is_still_mine()",
            replacement: "if !held.is_still_mine()",
        }],
    },
    ObjectMutant {
        id: "k6-restart-without-end",
        clause: "K6",
        fault: "A call starts over each time that the generation moves, without a limit.",
        flagged_by: FlaggedBy::Event(Event::Storm),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "const PASSES: usize = 2;",
            replacement: "const PASSES: usize = usize::MAX;",
        }],
    },
    ObjectMutant {
        id: "k7-plain-release-after-a-fetch",
        clause: "K7",
        fault: "A call that fetched a key releases by a plain store: a wipe right before it leaves a matching generation over an all-zero key.",
        flagged_by: FlaggedBy::Event(Event::Wipe),
        edits: &[Edit {
            file: STATE,
            statement: "word::exchange(self.as_ptr(), self.tag, word);",
            replacement: "word::store(self.as_ptr(), word);",
        }],
    },
    ObjectMutant {
        id: "k7-plain-release",
        clause: "K7",
        fault: "The release is a plain store: a wipe right before it leaves a matching generation over an all-zero key.",
        flagged_by: FlaggedBy::Event(Event::Wipe),
        edits: &[Edit {
            file: STATE,
            statement: "Release::SetBit => word::release(self.as_ptr()),",
            replacement: "Release::SetBit => word::store(self.as_ptr(), self.tag | 1),",
        }],
    },
    ObjectMutant {
        id: "k7-release-after-a-fetch-sets-a-bit",
        clause: "K7",
        fault: "A call that fetched a key releases by setting a bit: the tag is no generation, and each draw fetches a key.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[Edit {
            file: STATE,
            statement: "word::exchange(self.as_ptr(), self.tag, word);",
            replacement: "let _ = word;
                word::release(self.as_ptr());",
        }],
    },
    ObjectMutant {
        id: "k7-wiped-word-matches",
        clause: "K7",
        fault: "Generation 0 matches the word that a release leaves of a wiped state.",
        flagged_by: FlaggedBy::Test("k7_wiped_then_released_is_never_valid"),
        edits: &[Edit {
            file: STATE,
            statement: "if generation == 0 || self.word() != idle(generation)",
            replacement: "if self.word() != idle(generation)",
        }],
    },
    ObjectMutant {
        id: "k8-no-refill-at-the-end",
        clause: "K8",
        fault: "A request that ends with a group of direct blocks leaves the key that made them.",
        flagged_by: FlaggedBy::Event(Event::Nothing),
        edits: &[Edit {
            file: GETRANDOM,
            statement: "cipher.refill(held, counter)?;",
            replacement: "if output.len() == 0 {
            remaining = 0;
            break;
        }
        cipher.refill(held, counter)?;",
        }],
    },
    ObjectMutant {
        id: "k9-idle-after-the-first-draw",
        clause: "K9",
        fault: "A wiped state becomes idle with its first draw: a second draw uses what the interrupted call still stores.",
        flagged_by: FlaggedBy::Event(Event::WipeDrawLaterAbandon),
        edits: &[Edit {
            file: STATE,
            statement: "if found == 0 { idle(0) } else { idle(generation) }",
            replacement: "idle(generation)",
        }],
    },
];
