// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Reads ELF objects and vDSO images: the ground floor of everything that checks, links, verifies, dumps or loads them.
//!
//! Each access is checked against the bytes of the file, and each walk has a bound. The crate returns what the bytes say;
//! whether that is right is decided by the rules in `vdso-link`.
#![forbid(unsafe_code)]

pub mod alternatives;
pub mod anatomy;
pub mod bounds;
pub mod disassembly;
pub mod dynamic;
pub mod elf_bytes;
pub mod error;
pub mod excerpt;
pub mod file;
pub mod hash;
pub mod image;
pub mod memory;
pub mod notes;
pub mod object;
pub mod parser;
pub mod place;
pub mod printable;
pub mod references;
pub mod row;
pub mod sections;
pub mod symbols;
pub mod unwind;
pub mod versions;
pub mod vmlinux;

pub use elf_bytes::ElfBytes;
pub use error::Error;
pub use image::Image;
pub use object::Object;
pub use parser::ElfFile;
pub use place::Place;
