// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Protocols that must fail, each with the classes of violations that it shows, and no other.

use crate::bounds::{FORK, NO_GENERATION, ONE_HANDLER, QUIET, TWO_HANDLERS};
use crate::cipher::Cipher;
use crate::protocol::{Change, FetchCheck, Order, Protocol, Tags, Take};
use crate::scenario::{Bounds, Start};
use crate::violation::Violation;
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
    /// What it shows there.
    pub shows: &'static [Violation],
    /// Whether `tests/mutants` has the object with the same change.
    pub is_object_mutant: bool,
}

const BASE: Protocol = Protocol::CURRENT;

/// A handler's draw, a wipe, a reseed, a failed fetch and a refusal, with every call abandoned or not; few states to begin with.
const ANY: Bounds = Bounds {
    name: "any",
    lens: &[1, 2, 3],
    starts: &[Start::Fresh, Start::Idle(1), Start::Idle(2)],
    later_lens: &[1],
    ..ONE_HANDLER
};

/// The same with a fork in the place of the wipe.
const ANY_FORK: Bounds = Bounds { name: "any, fork", ..FORK };

/// Two reseeds within one call.
const STORM: Bounds = Bounds { name: "storm", budget: Budget { reseeds: 2, ..QUIET.budget }, ..QUIET };

/// A wipe and nothing else.
const WIPE: Bounds = Bounds { name: "wipe", budget: Budget { wipes: 1, ..QUIET.budget }, ..QUIET };

/// A wipe, a handler's draw, and a fork of a call that took the state.
const fn control(rules: Protocol, clause: &'static str, bounds: &'static Bounds, shows: &'static [Violation]) -> Control {
    Control { rules, clause, bounds, shows, is_object_mutant: false }
}

const fn mutant(rules: Protocol, clause: &'static str, bounds: &'static Bounds, shows: &'static [Violation]) -> Control {
    Control { rules, clause, bounds, shows, is_object_mutant: true }
}

use Violation::*;

/// All of them.
pub const CONTROLS: &[Control] = &[
    control(Protocol::MAINLINE, "R2, R3, M4", &ANY, &[]),
    control(Protocol { name: "mainline-fork", ..Protocol::MAINLINE }, "R2, R3", &ANY_FORK, &[]),
    control(Protocol::FIRST, "R2, R3", &ANY, &[]),
    control(Protocol { name: "first-fork", ..Protocol::FIRST }, "R2, R3", &ANY_FORK, &[]),
    control(Protocol { name: "first-two-handlers", ..Protocol::FIRST }, "R3", &TWO_HANDLERS, &[]),
    mutant(
        Protocol { name: "k1-generation-zero", zero_generation_matches: true, ..BASE },
        "K1",
        &NO_GENERATION,
        &[],
    ),
    control(Protocol { name: "k1-fetch-without-generation", zero_generation_fetches: true, ..BASE }, "K1", &NO_GENERATION, &[]),
    mutant(Protocol { name: "k2-mark-behind-the-fetch", mark: Order::After, ..BASE }, "K2", &WIPE, &[]),
    mutant(Protocol { name: "k3-generation-behind-the-fetch", generation: Order::After, ..BASE }, "K3", &ANY, &[]),
    mutant(Protocol { name: "k4-failed-fetch", fetch: FetchCheck::Nothing, ..BASE }, "K4", &ANY, &[]),
    mutant(Protocol { name: "k4-short-fetch", fetch: FetchCheck::NoError, ..BASE }, "K4", &ANY, &[]),
    mutant(Protocol { name: "k5-no-rewind", rewinds: false, ..BASE }, "K5", &ANY, &[]),
    mutant(Protocol { name: "k5-no-second-look", second_look: false, ..BASE }, "K5", &ANY, &[]),
    mutant(Protocol { name: "k6-restart-without-end", passes: u8::MAX, ..BASE }, "K6", &STORM, &[]),
    mutant(
        Protocol { name: "k7-plain-release", release_taken: Change::Store, release_fetched: Change::Store, ..BASE },
        "K7",
        &WIPE,
        &[],
    ),
    mutant(Protocol { name: "k8-no-refill-at-the-end", always_refills: false, ..BASE }, "K8", &QUIET, &[]),
    control(Protocol { name: "k9-idle-after-the-first-draw", first_draw_leaves_one: false, ..BASE }, "K9", &TWO_HANDLERS, &[]),
    mutant(Protocol { name: "m3-same-counters", refill_counts_on: false, ..BASE }, "M3", &QUIET, &[]),
    mutant(Protocol { name: "m4-batch-not-zeroed", zeroes_batch: false, ..BASE }, "M4", &QUIET, &[]),
    mutant(Protocol { name: "m4-buffer-not-zeroed", zeroes_buffer: false, ..BASE }, "M4", &ANY, &[]),
    mutant(Protocol { name: "r1-state-in-use-is-taken", respects_tag: false, ..BASE }, "R1", &ANY, &[]),
    mutant(Protocol { name: "r2-mark-in-two-steps", take: Take::Store, ..BASE }, "R2", &WIPE, &[]),
    mutant(Protocol { name: "r2-mark-not-looked-at", final_check: false, ..BASE }, "R2", &ANY, &[]),
    control(Protocol { name: "r2-take-tells-nothing", take: Take::And, ..BASE }, "R2", &ANY, &[]),
    control(Protocol { name: "r2-one-tag-for-all", tags: Tags::Common, ..BASE }, "R2", &ANY, &[]),
    control(
        Protocol { name: "r2-release-by-or-after-a-fetch", tags: Tags::OwnWhileFetching, release_fetched: Change::Bit, ..BASE },
        "R2",
        &ANY,
        &[],
    ),
    control(Protocol { name: "r2-fetching-left-by-bit", leave: Change::Bit, ..BASE }, "R2", &ANY, &[]),
    control(Protocol { name: "r2-fetching-left-by-store", leave: Change::Store, ..BASE }, "R2", &ANY, &[]),
    control(Protocol { name: "r2-no-check-in-refill", refill_check: false, ..BASE }, "R2", &ANY, &[]),
    control(Protocol { name: "r2-no-check-before-direct", direct_check: false, ..BASE }, "R2", &ANY, &[]),
    mutant(Protocol { name: "r3-count-before-the-mark", count_read: Order::Before, ..BASE }, "R3", &ANY, &[]),
    mutant(Protocol { name: "r3-count-behind-the-release", count_store: Order::After, ..BASE }, "R3", &ANY, &[]),
    control(Protocol { name: "r3-no-reset-after-discard", resets: false, ..BASE }, "R3", &ANY, &[]),
];
