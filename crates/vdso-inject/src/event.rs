// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Events between two instructions of a call.

use crate::kernel::Behavior;
use std::fmt;

/// One action of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A signal handler draws from the same state.
    Draw,
    /// A second handler interrupts the first one's draw, and draws as well.
    NestedDraw,
    /// A signal handler draws from the same state, and abandons that draw.
    AbandonedDraw,
    /// The state becomes all zero.
    Wipe,
    /// The kernel publishes a new generation.
    Generation,
    /// A signal handler forks, and draws in the child or not. Both sides go on with the interrupted call.
    Fork {
        /// Whether the child draws in the handler.
        child_draws: bool,
    },
    /// A signal handler leaves by `longjmp`.
    Abandon,
    /// From now on until the call returns, the kernel behaves like this.
    Kernel(Behavior),
}

/// When an action happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At the instruction of the previous action; for the first action, at the chosen one.
    Here,
    /// A random number of instructions later.
    Later,
}

macro_rules! events {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal [$($script:expr),*],)*) => {
        /// An event: actions in their order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Event {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Event {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as the command line and the tables have it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The actions.
            pub fn script(self) -> &'static [(When, Action)] {
                use Action::*;
                use When::*;
                match self {
                    $(Self::$variant => &[$($script),*],)*
                }
            }
        }
    };
}

events! {
    /// Nothing happens.
    Nothing "nothing" [],
    /// A handler draws.
    Draw "draw" [(Here, Draw)],
    /// Two handlers draw, one within the other.
    Nested "nested" [(Here, NestedDraw)],
    /// The state is wiped.
    Wipe "wipe" [(Here, Wipe)],
    /// The state is wiped, and a handler draws.
    WipeDraw "wipe-draw" [(Here, Wipe), (Here, Draw)],
    /// The state is wiped, and some instructions later a handler draws.
    WipeLaterDraw "wipe-later-draw" [(Here, Wipe), (Later, Draw)],
    /// A handler draws, and some instructions later the state is wiped.
    DrawLaterWipe "draw-later-wipe" [(Here, Draw), (Later, Wipe)],
    /// The state is wiped, and two handlers draw, one within the other.
    WipeNested "wipe-nested" [(Here, Wipe), (Here, NestedDraw)],
    /// The generation changes.
    Generation "generation" [(Here, Generation)],
    /// The generation changes, and a handler draws.
    GenerationDraw "generation-draw" [(Here, Generation), (Here, Draw)],
    /// The generation changes, the state is wiped, and a handler draws.
    GenerationWipeDraw "generation-wipe-draw" [(Here, Generation), (Here, Wipe), (Here, Draw)],
    /// The generation changes, and again with each key that is fetched.
    Storm "storm" [(Here, Kernel(Behavior::ReseedPerFetch)), (Here, Generation)],
    /// A handler forks.
    Fork "fork" [(Here, Fork { child_draws: false })],
    /// A handler forks, and draws in the child.
    ForkDraw "fork-draw" [(Here, Fork { child_draws: true })],
    /// A handler abandons the call.
    Abandon "abandon" [(Here, Abandon)],
    /// The generation changes, and the key cannot be fetched.
    FetchFails "fetch-fails" [(Here, Kernel(Behavior::FetchFails)), (Here, Generation)],
    /// The generation changes, and nothing is fetched, without an error.
    FetchShort "fetch-short" [(Here, Kernel(Behavior::FetchShort)), (Here, Generation)],
    /// The generation changes, and the kernel refuses every system call.
    Refusal "refusal" [(Here, Kernel(Behavior::RefuseAll)), (Here, Generation)],
    /// A handler's draw is abandoned.
    DrawAbandoned "draw-abandoned" [(Here, AbandonedDraw)],
    /// The state is wiped, and a handler's draw is abandoned.
    WipeDrawAbandoned "wipe-draw-abandoned" [(Here, Wipe), (Here, AbandonedDraw)],
    /// The state is wiped, a handler draws, and some instructions later a handler abandons the call.
    WipeDrawLaterAbandon "wipe-draw-later-abandon" [(Here, Wipe), (Here, Draw), (Later, Abandon)],
    /// The state is wiped, a handler draws, and some instructions later another one draws.
    WipeDrawLaterDraw "wipe-draw-later-draw" [(Here, Wipe), (Here, Draw), (Later, Draw)],
    /// The protocol leaves this open: a wipe, two handler draws, and a third one before the call's last check.
    Residual "residual" [(Here, Wipe), (Here, Draw), (Here, Draw), (Later, Draw)],
    /// The protocol leaves this open: a wipe, two handler draws, and then the call is abandoned.
    ResidualAbandon "residual-abandon" [(Here, Wipe), (Here, Draw), (Here, Draw), (Later, Abandon)],
}

impl Event {
    /// The event of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }

    /// Its place in [`ALL`](Self::ALL).
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether the contract names it as what it leaves open: its violations are counted, and are none.
    pub fn is_residual(self) -> bool {
        matches!(self, Self::Residual | Self::ResidualAbandon)
    }

    /// Whether an action of this kind is part of it.
    pub fn has(self, wanted: impl Fn(Action) -> bool) -> bool {
        self.script().iter().any(|(_, action)| wanted(*action))
    }

    /// Whether it needs a kernel whose generation can be moved.
    pub fn moves_generation(self) -> bool {
        self.has(|action| action == Action::Generation)
    }

    /// Whether a second process comes into being.
    pub fn forks(self) -> bool {
        self.has(|action| matches!(action, Action::Fork { .. }))
    }

    /// Whether a handler's draw does not come back.
    pub fn abandons_draw(self) -> bool {
        self.has(|action| action == Action::AbandonedDraw)
    }

    /// Whether a run takes as long as twenty others.
    pub fn is_slow(self) -> bool {
        self.forks() || self.abandons_draw()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
