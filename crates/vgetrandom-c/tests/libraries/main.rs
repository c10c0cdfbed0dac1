// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The C libraries: their exports, and programs that link, open and preload them, with their system calls counted.

mod api;
mod build;
#[path = "../../../vgetrandom/tests/contract/support/child.rs"]
#[expect(dead_code, reason = "the tests of the Rust crate use all of it")]
mod child;
mod files;
mod preload;
#[path = "../../../vgetrandom/tests/contract/support/trace.rs"]
#[expect(dead_code, reason = "as above")]
mod trace;
