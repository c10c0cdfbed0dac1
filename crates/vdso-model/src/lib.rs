// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An exhaustive model of the protocol by which the calls of one thread share a state.
//!
//! One step is one access to the word, the count, the key, the batch or the generation. Between any two of them a signal
//! handler can draw, the state can become zero, the kernel can reseed, a call can be abandoned. [`explore`](explore::explore)
//! goes through every order of these events within some [`Bounds`](scenario::Bounds).

pub mod bounds;
pub mod call;
pub mod canonical;
pub mod catalogue;
pub mod cipher;
pub mod encode;
pub mod event;
pub mod explore;
pub mod frame;
pub mod memory;
pub mod object;
pub mod protocol;
pub mod replay;
pub mod report;
pub mod scenario;
pub mod steps;
pub mod story;
pub mod value;
pub mod violation;
pub mod world;
