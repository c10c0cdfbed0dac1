// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel side: preparing a tree, building it, booting it.

pub mod glue;
pub mod patch;
pub mod plan;
pub mod record;
pub mod transaction;
pub mod tree;
