// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The linker stage: the command line that makes the stand-alone image, and the image that came of it.
//!
//! Gives the arguments of the linker, and reads its output; another crate starts the process.

use crate::layout::PAGE_BUDGET;
use crate::layout::SHARED_PAGE;
use crate::{CheckedObject, DataPageLayout, LinkedImage};
use std::ffi::OsString;
use std::path::Path;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::{DATA_SYMBOLS, EXPORTS, SONAME};
use vdso_elf::error::Error;
use vdso_elf::image::Image;

/// The layout that the stand-alone image is linked for: the one of Linux 6.1.
pub const LAYOUT: &DataPageLayout = &SHARED_PAGE;

/// A linker that understands `linker/vdso.lds`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linker {
    /// `rust-lld`, which every Rust toolchain ships.
    #[default]
    Lld,
    /// GNU `ld` of binutils.
    Bfd,
}

impl Linker {
    /// The file name of its program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Lld => "rust-lld",
            Self::Bfd => "ld",
        }
    }
}

/// One run of a linker.
#[derive(Clone, Copy, Debug)]
pub struct StandaloneLink<'a> {
    /// The linker.
    pub linker: Linker,
    /// The object, which is read from its path.
    pub object: &'a CheckedObject,
    /// `linker/vdso.lds`.
    pub script: &'a Path,
    /// The file to write.
    pub output: &'a Path,
}

impl StandaloneLink<'_> {
    /// The arguments for [`Linker::program`].
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if self.linker == Linker::Lld {
            // One program for four object formats: which one, must be its first argument.
            arguments.extend(["-flavor", "gnu"].map(OsString::from));
        }
        arguments.extend(["-m", "elf_x86_64", "-shared", "-soname", SONAME].map(OsString::from));
        arguments.extend(FLAGS.map(OsString::from));
        // The script holds no number of a kernel's layout: one constant, one place.
        for symbol in DATA_SYMBOLS {
            let value = LAYOUT.value_of(symbol).expect("a layout gives a value to every data symbol");
            arguments.push(format!("--defsym=OFFSET_OF_{symbol}={}", signed_hex(value)).into());
        }
        arguments.push(format!("--defsym=IMAGE_BUDGET={:#x}", PAGE_BUDGET * PAGE_SIZE as u64).into());
        arguments.extend([
            "-T".into(),
            self.script.into(),
            "-o".into(),
            self.output.into(),
            self.object.object().path().into(),
        ]);
        arguments
    }

    /// Reads the image after the linker has ended well.
    ///
    /// # Errors
    /// [`Error::Io`] where there is none, [`Error::Malformed`] where it is no ELF file.
    pub fn finish(&self) -> Result<LinkedImage, Error> {
        Ok(LinkedImage {
            image: Image::read(self.output)?,
            layout: *LAYOUT,
            exports: &EXPORTS,
            original: None,
            object: Some(self.object.object().clone()),
        })
    }
}

/// The arguments that both linkers take.
const FLAGS: [&str; 12] = [
    "--no-undefined",
    // Calls between our exports must not go through symbol lookup: no loader does it for a vDSO.
    "-Bsymbolic",
    // musl looks in one table, glibc in the other.
    "--hash-style=both",
    // Names the image in core dumps and profiles; a digest, so that equal images have equal ids.
    "--build-id=sha1",
    "--eh-frame-hdr",
    "-z",
    "noexecstack",
    // No loader protects pages of a vDSO after relocation.
    "-z",
    "norelro",
    // GNU ld asks for 2 MiB alignment otherwise; the kernel maps single pages.
    "-z",
    "max-page-size=4096",
    // A section that the script does not know is an error, not a surprise at some address.
    "--orphan-handling=error",
];

/// A number in the form in which linker scripts read it: sign, then hexadecimal digits.
fn signed_hex(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{:#x}", value.unsigned_abs())
}
