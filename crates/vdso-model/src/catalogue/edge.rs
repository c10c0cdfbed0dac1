// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Situations that the contract leaves open, excludes, or has at its edge.

use super::bounds::{DRAW, TWO_AND_ABANDONED};
use super::control::{BASE, Control, control};
use crate::bounds::{QUIET, TWO_HANDLERS};
use crate::cipher::Cipher;
use crate::protocol::Protocol;
use crate::scenario::{Bounds, Start};
use crate::violation::Violation::*;
use crate::world::Budget;

/// The orders of events that the contract leaves open.
pub const LEFT_OPEN: &[Control] = &[
    control(BASE, "R2, R4", &TWO_AND_ABANDONED, &[IdleUsedKey, IdleBadBatch, KeptInState]),
    control(BASE, "R2", &THREE, &[Zeros, OfAbandoned, IdleBadBatch, KeptInState]),
];

/// Three handlers draw after a wipe: an order that the contract leaves open.
const THREE: Bounds = Bounds {
    name: "three draws",
    budget: Budget { handlers: 3, wipes: 1, ..QUIET.budget },
    lens: &[1],
    starts: &[Start::Idle(2)],
    ..TWO_HANDLERS
};

/// Situations outside of the contract or at its edge, the violations that the protocol shows in them, and a description.
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

/// A `vfork`: the child's call is one more call on the stack, which may be killed, and the parent's handler is another one.
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

/// Three fetches fail.
const PARTIAL: Bounds = Bounds {
    name: "partial keys",
    budget: Budget { handlers: 1, wipes: 1, failed_fetches: 3, ..QUIET.budget },
    lens: &[1, 3],
    ..DRAW
};
