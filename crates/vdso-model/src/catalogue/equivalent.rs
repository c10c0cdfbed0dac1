// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Changes that the model cannot tell from the protocol of the object, and mutants that it cannot express.

use super::control::BASE;
use crate::bounds::{NO_GENERATION, TWO_HANDLERS};
use crate::protocol::{Change, Protocol};
use crate::scenario::Bounds;
use crate::world::Budget;

/// Changes that cause no violation within the bounds named here, and the reason.
pub const EQUIVALENT: &[(Protocol, &Bounds, &str)] = &[
    (
        Protocol { name: "r2-fetching-left-by-bit", leave: Change::Bit, ..BASE },
        &TWO_HANDLERS,
        "the tags differ, so another call's word with the bit cleared is not the tag of this call",
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

/// Mutants of the object that the model cannot express.
pub const INEXPRESSIBLE: &[(&str, &str)] = &[
    ("e3-straddling-state", "where a state lies; `half a state` explores what follows if such a state is used"),
    ("e6-clamped-fallback", "lengths of 2 GiB: the model counts cells"),
    ("e6-no-clamp", "lengths of 2 GiB: the model counts cells"),
    ("m3-lower-blocks-first", "the halves of a refill: the model has one value for the key of a group"),
    ("s2-page-always-touched", "which page has the data: the model has one"),
    ("s2-page-never-used", "which page has the data: the model has one"),
];
