// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The bounds within which the protocol of the object must show no violation.

use crate::cipher::Cipher;
use crate::scenario::{Bounds, Start};
use crate::world::Budget;

const NOTHING: Budget = Budget {
    handlers: 0,
    wipes: 0,
    forks: 0,
    half_wipes: 0,
    moves: 0,
    reseeds: 0,
    failed_fetches: 0,
    refusals: 0,
    later: 0,
};

/// The common base of all bounds: no event.
pub const QUIET: Bounds = Bounds {
    name: "quiet",
    budget: NOTHING,
    main_abandoned: false,
    handlers_abandoned: false,
    lens: &[0, 1, 2, 3, 5],
    handler_lens: &[1],
    later_lens: &[1],
    starts: &Start::USUAL,
    ciphers: &[Cipher::Sse2, Cipher::Avx2],
    handlers_follow: None,
};

/// No handler draws; other events happen once or twice.
pub const ALONE: Bounds = Bounds {
    name: "alone",
    budget: Budget { wipes: 2, forks: 1, reseeds: 2, failed_fetches: 2, refusals: 1, ..NOTHING },
    main_abandoned: true,
    ..QUIET
};

/// One handler draws, and every other event happens once; every call may be abandoned.
pub const ONE_HANDLER: Bounds = Bounds {
    name: "one handler",
    budget: Budget { handlers: 1, wipes: 1, reseeds: 1, failed_fetches: 1, refusals: 1, ..NOTHING },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[1, 3],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// One handler forks, and draws in the child or not.
pub const FORK: Bounds = Bounds {
    name: "fork",
    budget: Budget { handlers: 1, forks: 1, reseeds: 1, failed_fetches: 1, ..NOTHING },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[1, 3],
    ..QUIET
};

/// Two handlers draw, one after the other or one within the other; both may be abandoned.
pub const TWO_HANDLERS: Bounds = Bounds {
    name: "two handlers",
    budget: Budget { handlers: 2, wipes: 1, ..NOTHING },
    handlers_abandoned: true,
    lens: &[1, 3],
    starts: &[Start::Fresh, Start::One, Start::Idle(1), Start::Idle(2)],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// As [`TWO_HANDLERS`], with a fork instead of the wipe.
pub const TWO_HANDLERS_FORK: Bounds = Bounds {
    name: "two handlers, fork",
    budget: Budget { handlers: 2, forks: 1, ..NOTHING },
    lens: &[1],
    ..TWO_HANDLERS
};

/// The data page has generation 0.
pub const NO_GENERATION: Bounds = Bounds {
    name: "generation 0",
    budget: Budget { handlers: 1, wipes: 1, forks: 1, failed_fetches: 1, refusals: 1, later: 2, ..NOTHING },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[0, 1, 3],
    starts: &Start::WITHOUT_GENERATION,
    ..QUIET
};

/// The main program draws again: this shows that the check of the state between calls agrees with actual draws.
pub const LATER_DRAWS: Bounds = Bounds {
    name: "later draws",
    budget: Budget { handlers: 1, wipes: 1, later: 2, ..NOTHING },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[1, 3],
    later_lens: &[1, 2],
    starts: &[Start::Fresh, Start::Idle(1), Start::Idle(2)],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// The bounds that `cargo test` explores.
pub const SHORT: [&Bounds; 7] =
    [&ALONE, &ONE_HANDLER, &FORK, &TWO_HANDLERS, &TWO_HANDLERS_FORK, &NO_GENERATION, &LATER_DRAWS];

/// As [`ONE_HANDLER`], with two wipes and more lengths and ciphers.
const ONE_HANDLER_LONG: Bounds = Bounds {
    name: "one handler, long",
    budget: Budget { handlers: 1, wipes: 2, reseeds: 1, failed_fetches: 1, refusals: 1, ..NOTHING },
    lens: &[1, 2, 3, 5],
    handler_lens: &[1, 3],
    ciphers: &[Cipher::Sse2, Cipher::Avx2],
    ..ONE_HANDLER
};

/// Two handlers, with every length and cipher.
const TWO_HANDLERS_LONG: Bounds = Bounds {
    name: "two handlers, long",
    lens: &[0, 1, 2, 3, 5],
    handler_lens: &[1, 3],
    starts: &Start::USUAL,
    ciphers: &[Cipher::Sse2, Cipher::Avx2],
    ..TWO_HANDLERS
};

/// Two handlers, and two wipes.
const TWO_WIPES_LONG: Bounds = Bounds {
    name: "two handlers, two wipes",
    budget: Budget { handlers: 2, wipes: 2, ..NOTHING },
    starts: &Start::USUAL,
    lens: &[1, 3, 5],
    ..TWO_HANDLERS
};

/// Two handlers, a fork and a wipe.
const TWO_HANDLERS_FORK_LONG: Bounds = Bounds {
    name: "two handlers, fork and wipe",
    budget: Budget { handlers: 2, wipes: 1, forks: 1, ..NOTHING },
    lens: &[1, 3],
    ..TWO_HANDLERS
};

/// Two handlers, two wipes, a reseed and a fetch that fails.
const TWO_HANDLERS_RESEED_LONG: Bounds = Bounds {
    name: "two handlers, every event",
    budget: Budget { handlers: 2, wipes: 2, reseeds: 1, failed_fetches: 1, ..NOTHING },
    lens: &[1, 3],
    ..TWO_HANDLERS
};

/// The bounds that `cargo xtask model --long` explores in addition.
pub const LONG: [&Bounds; 5] =
    [&ONE_HANDLER_LONG, &TWO_HANDLERS_LONG, &TWO_WIPES_LONG, &TWO_HANDLERS_FORK_LONG, &TWO_HANDLERS_RESEED_LONG];
