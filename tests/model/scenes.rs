// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Calls on every path, in cells for the model and in bytes for the object.

use vdso_model::object::Fill;
use vdso_model::scenario::Start;
use vdso_model::steps::{Disturbance, Kernel};

/// A call of the model and the one of the object that corresponds to it.
pub struct Scene {
    /// The path.
    pub name: &'static str,
    /// The model's state.
    pub start: Start,
    /// The model's length.
    pub cells: u8,
    /// The object's state.
    pub fill: Fill,
    /// The object's length.
    pub bytes: usize,
    /// The length of a handler's draw, which is one cell; 0 where no number of bytes is one cell.
    pub handler_bytes: usize,
    /// How the kernel answers.
    pub kernel: Kernel,
    /// The longest request that the model's fast path serves.
    pub small: u8,
    /// Whether the data page has generation 0.
    pub without_generation: bool,
    /// The event that a test makes happen.
    pub happens: Happens,
}

const HIT: Scene = Scene {
    name: "hit",
    start: Start::Idle(2),
    cells: 1,
    fill: Fill::Idle(232),
    bytes: 16,
    handler_bytes: 16,
    kernel: Kernel::Normal,
    small: 2,
    without_generation: false,
    happens: Happens::Not,
};

/// All of them.
pub const SCENES: &[Scene] = &[
    Scene { happens: Happens::Everything, ..HIT },
    Scene { name: "hit, one byte", bytes: 1, ..HIT },
    Scene { name: "hit, 64 bytes", bytes: 64, ..HIT },
    Scene { name: "hit exactly", start: Start::Idle(1), fill: Fill::Idle(4), bytes: 4, handler_bytes: 4, ..HIT },
    Scene { name: "nothing wanted", cells: 0, bytes: 0, ..HIT },
    Scene { name: "nothing wanted, fresh", start: Start::Fresh, cells: 0, fill: Fill::Fresh, bytes: 0, ..HIT },
    Scene { name: "batch, slow path", bytes: 100, small: 0, handler_bytes: 0, ..HIT },
    Scene { name: "miss, empty", start: Start::Idle(0), fill: Fill::Idle(0), ..HIT },
    Scene {
        name: "miss, part of it left",
        happens: Happens::ToTheState,
        start: Start::Idle(1),
        cells: 2,
        fill: Fill::Idle(4),
        handler_bytes: 4,
        ..HIT
    },
    Scene {
        name: "miss, slow path",
        start: Start::Idle(1),
        cells: 2,
        fill: Fill::Idle(4),
        bytes: 100,
        handler_bytes: 0,
        small: 0,
        ..HIT
    },
    Scene { name: "one group", start: Start::Idle(0), cells: 3, fill: Fill::Idle(0), bytes: 512, ..HIT },
    Scene { name: "a group and more", start: Start::Idle(0), cells: 4, fill: Fill::Idle(0), bytes: 640, ..HIT },
    Scene {
        name: "batch, a group and more",
        start: Start::Idle(1),
        cells: 5,
        fill: Fill::Idle(4),
        bytes: 640,
        handler_bytes: 4,
        ..HIT
    },
    Scene {
        name: "eight groups and more",
        start: Start::Idle(0),
        cells: 4,
        fill: Fill::Idle(0),
        bytes: 4096 + 37,
        ..HIT
    },
    Scene { name: "fresh", start: Start::Fresh, fill: Fill::Fresh, happens: Happens::Everything, ..HIT },
    Scene { name: "fresh, one group", start: Start::Fresh, cells: 3, fill: Fill::Fresh, bytes: 512, ..HIT },
    Scene { name: "fresh, a group and more", start: Start::Fresh, cells: 4, fill: Fill::Fresh, bytes: 640, ..HIT },
    Scene { name: "stale", start: Start::Stale, fill: Fill::Stale, ..HIT },
    Scene { name: "in use", start: Start::InUse, fill: Fill::InUse, ..HIT },
    Scene {
        name: "not ready",
        start: Start::NoGeneration,
        fill: Fill::Fresh,
        kernel: Kernel::NotReady,
        without_generation: true,
        ..HIT
    },
    Scene { name: "generation 0", start: Start::NoGeneration, fill: Fill::Fresh, without_generation: true, ..HIT },
    Scene { name: "failed fetch", start: Start::Fresh, fill: Fill::Fresh, kernel: Kernel::FetchFails, ..HIT },
    Scene { name: "short fetch", start: Start::Fresh, fill: Fill::Fresh, kernel: Kernel::FetchShort, ..HIT },
    Scene {
        name: "refused",
        start: Start::Fresh,
        fill: Fill::Fresh,
        kernel: Kernel::RefuseAll,
        handler_bytes: 0,
        ..HIT
    },
];

/// The events before each control access of a call.
pub const DISTURBANCES: &[Disturbance] = &[
    Disturbance::Wipe,
    Disturbance::Reseed,
    Disturbance::Draw,
    Disturbance::WipeDraw,
    Disturbance::DrawAbandoned(3),
    Disturbance::WipeDrawAbandoned(7),
    Disturbance::WipeDrawAbandoned(9),
];

/// An event that a test makes happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// Nothing: another call goes the same ways when it is interrupted.
    Not,
    /// Wipes and reseeds.
    ToTheState,
    /// Those, and draws of handlers.
    Everything,
}

impl Scene {
    /// Whether it is made to happen.
    pub fn allows(&self, what: Disturbance) -> bool {
        match what {
            Disturbance::Nothing => true,
            Disturbance::Wipe | Disturbance::Reseed => self.happens != Happens::Not,
            _ => self.happens == Happens::Everything,
        }
    }
}
