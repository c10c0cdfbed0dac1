// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Linking, splicing and the command for build systems, with objects and images from `vdso-fixtures`.

mod command;
mod dump;
mod judge;
mod kernel_link;
mod kernels;
mod layouts;
mod linkers;
mod originals;
mod refusals;
mod splice;
mod standalone;
mod unsplice;
