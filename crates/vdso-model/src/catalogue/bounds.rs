// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The bounds that several controls share.

use crate::bounds::{QUIET, TWO_HANDLERS};
use crate::cipher::Cipher;
use crate::scenario::{Bounds, Start};
use crate::world::Budget;

/// A handler's draw and a wipe; every call may be abandoned.
pub(super) const DRAW: Bounds = Bounds {
    name: "a draw and a wipe",
    budget: Budget { handlers: 1, wipes: 1, ..QUIET.budget },
    main_abandoned: true,
    handlers_abandoned: true,
    lens: &[1, 2, 3],
    starts: &[Start::Fresh, Start::Idle(1), Start::Idle(2)],
    ciphers: &[Cipher::Avx2],
    ..QUIET
};

/// As [`DRAW`], without a wipe: N1.
pub(super) const DRAW_ALONE: Bounds = Bounds {
    name: "a draw",
    budget: Budget { handlers: 1, ..QUIET.budget },
    main_abandoned: false,
    handler_lens: &[1, 3],
    ..DRAW
};

/// As [`DRAW`], with a fork instead of the wipe.
pub(super) const DRAW_FORK: Bounds =
    Bounds { name: "a draw and a fork", budget: Budget { handlers: 1, forks: 1, ..QUIET.budget }, ..DRAW };

/// The interrupted call is abandoned after a wipe and a draw, and the main program draws again: N4.
pub(super) const DRAW_LATER: Bounds = Bounds {
    name: "a draw, a wipe, later draws",
    budget: Budget { handlers: 1, wipes: 1, later: 1, ..QUIET.budget },
    handlers_abandoned: false,
    ..DRAW
};

/// The kernel reseeds, fails and refuses; no handler draws.
pub(super) const KERNEL: Bounds = Bounds {
    name: "the kernel",
    budget: Budget { wipes: 1, reseeds: 2, failed_fetches: 1, refusals: 1, ..QUIET.budget },
    lens: &[1, 2, 3],
    ..DRAW
};

/// A wipe only.
pub(super) const WIPE: Bounds = Bounds { name: "a wipe", budget: Budget { wipes: 1, ..QUIET.budget }, ..QUIET };

/// Two handlers draw after a wipe, and the interrupted call is abandoned: an order that the contract leaves open.
pub(super) const TWO_AND_ABANDONED: Bounds = Bounds {
    name: "two draws, abandoned",
    main_abandoned: true,
    starts: &[Start::Fresh, Start::Idle(2)],
    ..TWO_HANDLERS
};

/// As [`TWO_AND_ABANDONED`], where the abandoned call makes direct groups.
pub(super) const DIRECT: Bounds =
    Bounds { name: "direct groups, abandoned", lens: &[3], starts: &[Start::Idle(2)], ..TWO_AND_ABANDONED };
