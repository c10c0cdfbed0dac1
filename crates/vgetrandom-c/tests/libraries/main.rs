// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The C libraries: their exports, and programs that link, open and preload them, with their system calls counted.

mod api;
mod build;
mod files;
mod preload;
