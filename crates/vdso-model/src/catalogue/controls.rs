// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The protocols that must fail: two earlier protocols, and the protocol of the object with one change each.

use super::bounds::*;
use super::control::{BASE, Control, control, mutant};
use crate::bounds::{NO_GENERATION, QUIET, TWO_HANDLERS};
use crate::protocol::{Change, FetchCheck, Order, Protocol, Tags, Take};
use crate::violation::Violation::*;

/// Protocols that must fail.
pub const CONTROLS: &[Control] = &[
    control(Protocol::MAINLINE, "R1, R4 (N1)", &DRAW_ALONE, &[Zeros, ZeroKey, OfAbandoned, IdleBadBatch]),
    control(
        Protocol::MAINLINE,
        "R2 (N2, N3)",
        &DRAW,
        &[Zeros, ZeroKey, Twice, OfAbandoned, IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    control(
        Protocol::MAINLINE,
        "R2, R4 (N4)",
        &DRAW_LATER,
        &[Zeros, ZeroKey, Twice, IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    control(
        Protocol::MAINLINE,
        "R2, R3",
        &DRAW_FORK,
        &[Zeros, ZeroKey, Twice, OfAbandoned, Parents, IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    control(Protocol::MAINLINE, "M4", &KERNEL, &[LeftInBuffer, IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState]),
    control(Protocol::FIRST, "R1, R4 (N1)", &DRAW_ALONE, &[Zeros, KeyWords, OfAbandoned, IdleBadBatch, KeptInState]),
    control(
        Protocol::FIRST,
        "R2 (N2, N3)",
        &DRAW,
        &[Zeros, ZeroKey, KeyWords, Spoiled, OfAbandoned, IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    control(Protocol::FIRST, "R2, R4 (N4)", &DRAW_LATER, &[IdleUsedKey, IdleBadBatch, KeptInState]),
    control(
        Protocol::FIRST,
        "R2, R3",
        &DRAW_FORK,
        &[
            Zeros,
            ZeroKey,
            KeyWords,
            Spoiled,
            OfAbandoned,
            Parents,
            IdleWithoutKey,
            IdleUsedKey,
            IdleBadBatch,
            KeptInState,
        ],
    ),
    control(
        Protocol::FIRST,
        "R3",
        &TWO_HANDLERS,
        &[Zeros, ZeroKey, KnownKey, KeyWords, Spoiled, OfAbandoned, IdleWithoutKey, IdleBadBatch, KeptInState],
    ),
    mutant(
        Protocol { name: "k7-wiped-word-matches", zero_generation_matches: true, ..BASE },
        "K7",
        &NO_GENERATION,
        &[Zeros, ZeroKey, Spoiled],
    ),
    mutant(Protocol { name: "k2-tag-after-the-fetch", tag_store: Order::After, ..BASE }, "K2", &WIPE, &[ZeroKey]),
    mutant(
        Protocol { name: "k3-generation-after-the-fetch", generation: Order::After, ..BASE },
        "K3",
        &KERNEL,
        &[ZeroKey, OldGeneration],
    ),
    mutant(
        Protocol { name: "k4-failed-fetch", fetch: FetchCheck::Nothing, ..BASE },
        "K4",
        &KERNEL,
        &[ZeroKey, PartialKey, OldGeneration],
    ),
    mutant(
        Protocol { name: "k4-short-fetch", fetch: FetchCheck::NoError, ..BASE },
        "K4",
        &KERNEL,
        &[ZeroKey, PartialKey, OldGeneration],
    ),
    mutant(Protocol { name: "k5-no-rewind", rewinds: false, ..BASE }, "K5", &KERNEL, &[Overrun]),
    mutant(Protocol { name: "k5-no-second-check", second_check: false, ..BASE }, "K5", &KERNEL, &[OldGeneration]),
    mutant(Protocol { name: "k6-restart-without-end", passes: u8::MAX, ..BASE }, "K6", &KERNEL, &[ManyPasses]),
    mutant(
        Protocol { name: "k7-plain-release", release_taken: Change::Store, ..BASE },
        "K7",
        &WIPE,
        &[ZeroKey, IdleWithoutKey],
    ),
    mutant(
        Protocol { name: "k7-plain-release-after-a-fetch", release_fetched: Change::Store, ..BASE },
        "K7",
        &WIPE,
        &[IdleWithoutKey],
    ),
    mutant(Protocol { name: "k8-no-refill-at-the-end", always_refills: false, ..BASE }, "K8", &QUIET, &[IdleUsedKey]),
    mutant(
        Protocol { name: "k9-idle-after-the-first-draw", first_draw_leaves_one: false, ..BASE },
        "K9",
        &TWO_HANDLERS,
        &[Zeros, ZeroKey, KnownKey, KeyWords, Spoiled, OfAbandoned, IdleBadBatch, KeptInState],
    ),
    mutant(Protocol { name: "m3-same-counters", refill_counts_on: false, ..BASE }, "M3", &QUIET, &[KeyWords]),
    mutant(Protocol { name: "m4-batch-not-zeroed", zeroes_batch: false, ..BASE }, "M4", &QUIET, &[KeptInState]),
    mutant(Protocol { name: "m4-buffer-not-zeroed", zeroes_buffer: false, ..BASE }, "M4", &KERNEL, &[LeftInBuffer]),
    mutant(
        Protocol { name: "r1-state-in-use-is-taken", respects_tag: false, ..BASE },
        "R1",
        &DRAW,
        &[IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    mutant(
        Protocol { name: "r2-tag-in-two-steps", take: Take::Store, ..BASE },
        "R2",
        &WIPE,
        &[ZeroKey, IdleWithoutKey],
    ),
    mutant(
        Protocol { name: "r2-tag-not-checked", final_check: false, ..BASE },
        "R2",
        &DRAW,
        &[Zeros, KeyWords, Spoiled, OfAbandoned],
    ),
    mutant(
        Protocol { name: "r2-take-without-the-carry", take: Take::And, ..BASE },
        "R2",
        &DRAW_ALONE,
        &[Zeros, KeyWords, OfAbandoned, IdleBadBatch, KeptInState],
    ),
    mutant(
        Protocol { name: "k2-common-tag", tags: Tags::Common, ..BASE },
        "K2",
        &DRAW,
        &[Zeros, ZeroKey, KeyWords, Spoiled, OfAbandoned, IdleBadBatch, KeptInState],
    ),
    control(
        Protocol {
            name: "r2-release-by-or-after-a-fetch",
            tags: Tags::OwnWhileFetching,
            release_fetched: Change::Bit,
            ..BASE
        },
        "R2",
        &DRAW,
        &[Zeros, ZeroKey, KeyWords, Spoiled, OfAbandoned, IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    mutant(Protocol { name: "r2-fetching-left-by-a-store", leave: Change::Store, ..BASE }, "R2", &WIPE, &[ZeroKey]),
    control(
        Protocol { name: "r2-no-check-in-a-refill", refill_check: false, ..BASE },
        "R2",
        &TWO_AND_ABANDONED,
        &[IdleWithoutKey, IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    control(
        Protocol { name: "r2-no-check-before-direct-groups", direct_check: false, ..BASE },
        "R2",
        &DIRECT,
        &[IdleUsedKey, IdleBadBatch, KeptInState],
    ),
    control(
        Protocol { name: "r2-no-reset-after-a-discarded-pass", resets: false, ..BASE },
        "R2",
        &TWO_HANDLERS,
        &[Zeros, KeyWords, Spoiled],
    ),
    mutant(Protocol { name: "r3-count-before-the-take", count_read: Order::Before, ..BASE }, "R3", &DRAW, &[Zeros]),
    mutant(
        Protocol { name: "r3-count-after-the-release", count_store: Order::After, ..BASE },
        "R3",
        &DRAW,
        &[Zeros, IdleBadBatch, KeptInState],
    ),
];
