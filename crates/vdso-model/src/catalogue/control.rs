// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One control: a protocol, the bounds to explore, and the classes of violations that it must show there.

use crate::protocol::Protocol;
use crate::scenario::Bounds;
use crate::violation::Violation;

/// A protocol that must fail.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// The protocol; a mutant of the object has the same name.
    pub rules: Protocol,
    /// The clause that it breaks.
    pub clause: &'static str,
    /// The bounds to explore.
    pub bounds: &'static Bounds,
    /// The classes of violations that it must show there, and no others.
    pub shows: &'static [Violation],
    /// Whether the object has a mutant with the same change.
    pub is_object_mutant: bool,
}

pub(super) const BASE: Protocol = Protocol::CURRENT;

pub(super) const fn control(
    rules: Protocol,
    clause: &'static str,
    bounds: &'static Bounds,
    shows: &'static [Violation],
) -> Control {
    Control { rules, clause, bounds, shows, is_object_mutant: false }
}

pub(super) const fn mutant(
    rules: Protocol,
    clause: &'static str,
    bounds: &'static Bounds,
    shows: &'static [Violation],
) -> Control {
    Control { rules, clause, bounds, shows, is_object_mutant: true }
}
