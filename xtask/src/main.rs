// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands of the project.

mod digest;
mod kernel;
mod process;
mod progress;

fn main() {}
