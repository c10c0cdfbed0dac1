// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Linking, splicing and the command for build systems, with fixtures that the toolchain's own compiler and linker make.

mod command;
mod dump;
mod fixture;
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
