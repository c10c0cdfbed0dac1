// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An exhaustive model of the protocol by which the calls of one thread share a state. See `docs/model.md`.
//!
//! One step is one access to the word, the count, the key, the batch or the generation. Between any two steps a signal
//! handler can draw, the state can be wiped, the kernel can reseed, or a call can be abandoned. [`explore`](explore::explore)
//! tries every order of these events within its [`Bounds`](scenario::Bounds).

pub mod bounds;
pub mod call;
pub mod canonical;
pub mod catalogue;
pub mod cipher;
pub mod counterexample;
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

pub mod value;
pub mod violation;
pub mod world;
