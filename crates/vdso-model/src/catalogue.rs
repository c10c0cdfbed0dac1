// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Protocols that must fail, each with the classes of violations that it shows, and no other.

use crate::bounds::{NO_GENERATION, QUIET, TWO_HANDLERS};
use crate::cipher::Cipher;
use crate::protocol::{Change, FetchCheck, Order, Protocol, Tags, Take};
use crate::scenario::{Bounds, Start};
use crate::violation::Violation::{self, *};
use crate::world::Budget;

/// A protocol that must fail.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// The protocol; a mutant of the object has the same name.
    pub rules: Protocol,
    /// The clause that it breaks.
    pub clause: &'static str,
    /// Within which bounds.
    pub bounds: &'static Bounds,
    /// The classes of violations that it shows there.
    pub shows: &'static [Violation],
    /// Whether `tests/mutants` has the object with the same change.
    pub is_object_mutant: bool,
}

const BASE: Protocol = Protocol::CURRENT;

/// A handler's draw and a wipe; every call may be abandoned.
const DRAW: Bounds = Bounds {
    name: "a draw and a wipe",
    budget: Budget { handlers: 1, wipes: 1, ..QUIET.budget },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[1, 2, 3],
    starts: &[Start::Fresh, Start::Idle(1), Start::Idle(2)],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// The same without a wipe: N1.
const DRAW_ALONE: Bounds = Bounds {
    name: "a draw",
    budget: Budget { handlers: 1, ..QUIET.budget },
    main_abandoned: false,
    handler_lens: &[1, 3],
    ..DRAW
};

/// The same with a fork in the place of the wipe.
const DRAW_FORK: Bounds =
    Bounds { name: "a draw and a fork", budget: Budget { handlers: 1, forks: 1, ..QUIET.budget }, ..DRAW };

/// The interrupted call is abandoned after a wipe and a draw, and the main program goes on: N4.
const DRAW_LATER: Bounds = Bounds {
    name: "a draw, a wipe, later draws",
    budget: Budget { handlers: 1, wipes: 1, later: 1, ..QUIET.budget },
    handlers_abandoned: false,
    ..DRAW
};

/// The kernel reseeds, fails and refuses; no handler draws.
const KERNEL: Bounds = Bounds {
    name: "the kernel",
    budget: Budget { wipes: 1, reseeds: 2, failed_fetches: 1, refusals: 1, ..QUIET.budget },
    lens: &[1, 2, 3],
    ..DRAW
};

/// A wipe and nothing else.
const WIPE: Bounds = Bounds { name: "a wipe", budget: Budget { wipes: 1, ..QUIET.budget }, ..QUIET };

/// Two handlers draw after a wipe, and the interrupted call is abandoned: what the protocol leaves open.
const TWO_AND_ABANDONED: Bounds = Bounds {
    name: "two draws, abandoned",
    main_abandoned: true,
    starts: &[Start::Fresh, Start::Idle(2)],
    ..TWO_HANDLERS
};

/// Three handlers draw after a wipe: what the protocol leaves open.
const THREE: Bounds = Bounds {
    name: "three draws",
    budget: Budget { handlers: 3, wipes: 1, ..QUIET.budget },
    lens: &[1],
    starts: &[Start::Idle(2)],
    ..TWO_HANDLERS
};

const fn control(
    rules: Protocol,
    clause: &'static str,
    bounds: &'static Bounds,
    shows: &'static [Violation],
) -> Control {
    Control { rules, clause, bounds, shows, is_object_mutant: false }
}

const fn mutant(
    rules: Protocol,
    clause: &'static str,
    bounds: &'static Bounds,
    shows: &'static [Violation],
) -> Control {
    Control { rules, clause, bounds, shows, is_object_mutant: true }
}

/// The orders of events that the contract leaves open.
pub const LEFT_OPEN: &[Control] = &[
    control(BASE, "R2, R4", &TWO_AND_ABANDONED, &[IdleUsedKey, IdleBadBatch, KeptInState]),
    control(BASE, "R2", &THREE, &[Zeros, OfAbandoned, IdleBadBatch, KeptInState]),
];

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
    mutant(Protocol { name: "k2-tag-after-the-fetch", mark: Order::After, ..BASE }, "K2", &WIPE, &[ZeroKey]),
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
    mutant(Protocol { name: "k5-no-second-check", second_look: false, ..BASE }, "K5", &KERNEL, &[OldGeneration]),
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

/// The call that is abandoned has direct groups to make.
const DIRECT: Bounds =
    Bounds { name: "direct groups, abandoned", lens: &[3], starts: &[Start::Idle(2)], ..TWO_AND_ABANDONED };

/// Changes after which no call returns a byte that it must not return, within the bounds named here, and the reason.
pub const EQUIVALENT: &[(Protocol, &Bounds, &str)] = &[
    (
        Protocol { name: "r2-fetching-left-by-bit", leave: Change::Bit, ..BASE },
        &TWO_HANDLERS,
        "the tags differ, so a bit that is cleared in another call's word makes no tag of one's own of it",
    ),
    (
        Protocol { name: "k1-generation-zero", zero_generation_fetches: true, ..BASE },
        &ZERO_FETCHES,
        "the object is flagged for the fetch itself; the state becomes idle of generation 0, which the comparison never matches",
    ),
    (
        Protocol { name: "k7-release-after-a-fetch-sets-a-bit", release_fetched: Change::Bit, ..BASE },
        &TWO_HANDLERS,
        "the state never becomes idle of a generation: the object is flagged for a fetch with each draw",
    ),
];

/// Without a generation, and without a later draw.
const ZERO_FETCHES: Bounds = Bounds {
    name: "generation 0, one call",
    budget: Budget { later: 1, forks: 0, failed_fetches: 0, ..NO_GENERATION.budget },
    ..NO_GENERATION
};

/// Mutants of the object that the model has no words for.
pub const INEXPRESSIBLE: &[(&str, &str)] = &[
    ("e3-straddling-state", "where a state lies; `half a state` explores what follows if such a state is used"),
    ("e6-clamped-fallback", "lengths of 2 GiB: the model counts cells"),
    ("e6-no-clamp", "lengths of 2 GiB: the model counts cells"),
    ("m3-lower-blocks-first", "the halves of a refill: the model has one value for the key of a group"),
    ("s2-page-always-touched", "which page has the data: the model has one"),
    ("s2-page-never-used", "which page has the data: the model has one"),
];

/// Situations outside of the contract, or at its edge, and what the protocol shows in them.
pub const WHAT_IF: &[(Control, &str)] = &[
    (
        control(BASE, "E3", &HALVES, &[Zeros, ZeroKey, Spoiled, IdleWithoutKey, IdleBadBatch]),
        "E3: a state straddles a page, and one of the two pages is dropped",
    ),
    (control(BASE, "O2", &MOVED, &[]), "O2: the state is moved by mremap in mid-call, and its old place reads as zero"),
    (
        control(
            BASE,
            "O2",
            &MOVED_AND_BACK,
            &[Zeros, ZeroKey, KeyWords, Spoiled, IdleUsedKey, IdleBadBatch, KeptInState],
        ),
        "O2: the state is moved away in mid-call and back",
    ),
    (
        control(
            Protocol { name: "first under current", ..Protocol::FIRST },
            "-",
            &MIXED_OVER_FIRST,
            &[Zeros, OfAbandoned],
        ),
        "two images use one state: the interrupted call follows the first protocol, the handlers the current one",
    ),
    (
        control(
            Protocol { name: "current under first", ..BASE },
            "-",
            &MIXED_OVER_CURRENT,
            &[Zeros, ZeroKey, KeyWords, Spoiled, OfAbandoned, IdleBadBatch, KeptInState],
        ),
        "two images use one state: the interrupted call follows the current protocol, the handlers the first one",
    ),
    (
        control(BASE, "R1", &VFORK, &[]),
        "vfork: the child draws while the parent is suspended, and is killed or not; then the parent's handler draws",
    ),
    (
        control(BASE, "K5", &THREE_RESEEDS, &[]),
        "the generation moves three times within one call, with a handler's draw",
    ),
    (control(BASE, "K4", &PARTIAL, &[]), "three fetches fail or come in part, with a handler's draw and a wipe"),
];

/// One of the two pages of a state is dropped.
const HALVES: Bounds = Bounds {
    name: "half a state",
    budget: Budget { handlers: 0, half_wipes: 1, ..QUIET.budget },
    main_abandoned: true,
    lens: &[1, 2, 3],
    ..QUIET
};

/// The state is moved once.
const MOVED: Bounds = Bounds {
    name: "moved",
    budget: Budget { handlers: 1, moves: 1, ..QUIET.budget },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[1, 2, 3],
    starts: &[Start::Fresh, Start::Idle(1), Start::Idle(2)],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// The state is moved and moved back.
const MOVED_AND_BACK: Bounds =
    Bounds { name: "moved and back", budget: Budget { moves: 2, ..QUIET.budget }, main_abandoned: false, ..MOVED };

/// Handlers follow the current protocol.
const MIXED_OVER_FIRST: Bounds =
    Bounds { name: "two images", main_abandoned: false, handlers_follow: Some(&Protocol::CURRENT), ..DRAW };

/// Handlers follow the first protocol.
const MIXED_OVER_CURRENT: Bounds =
    Bounds { name: "two images", main_abandoned: false, handlers_follow: Some(&Protocol::FIRST), ..DRAW };

/// A child of `vfork` is one more call on the stack, which may be killed; the parent's handler is another one.
const VFORK: Bounds = Bounds {
    name: "vfork",
    budget: Budget { handlers: 2, wipes: 1, ..QUIET.budget },
    handlers_abandoned: true,
    handler_lens: &[1, 3],
    lens: &[1, 3],
    starts: &[Start::Fresh, Start::Idle(2)],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// The generation moves three times.
const THREE_RESEEDS: Bounds =
    Bounds { name: "three reseeds", budget: Budget { handlers: 1, reseeds: 3, ..QUIET.budget }, lens: &[1, 3], ..DRAW };

/// Fetches fail.
const PARTIAL: Bounds = Bounds {
    name: "partial keys",
    budget: Budget { handlers: 1, wipes: 1, failed_fetches: 3, ..QUIET.budget },
    lens: &[1, 3],
    ..DRAW
};
