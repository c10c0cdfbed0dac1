// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images as kernels build them, to splice into.

use crate::object::assemble_to;
use crate::toolchain::{run, rust_lld};
use std::path::Path;
use std::process::Command;
use vdso_abi::exports::VERSION;
use vdso_link::Image;

/// A stand-in for a kernel's vDSO.
#[derive(Clone, Copy)]
pub struct Base {
    /// `LINUX_VERSION_CODE` in its note; `None` for an image without the note.
    pub version: Option<u32>,
    /// Whether it already exports a `__vdso_getrandom`.
    pub getrandom: bool,
    /// `--hash-style` of the linker.
    pub hash_style: &'static str,
    /// The version node of its functions.
    pub node: &'static str,
    /// Names and addresses of data pages, as the kernel's linker script defines them.
    pub symbols: &'static [(&'static str, i64)],
    /// Whether the symbols for debuggers are left out.
    pub stripped: bool,
}

impl Base {
    /// An image of the shape of Linux 6.1.
    pub const WITHOUT_GETRANDOM: Self = Self {
        version: Some(0x06_01_c0),
        getrandom: false,
        hash_style: "both",
        node: VERSION,
        symbols: &[],
        stripped: false,
    };
    /// An image of the shape of Linux 6.18.
    pub const WITH_GETRANDOM: Self = Self { version: Some(0x06_12_2c), getrandom: true, ..Self::WITHOUT_GETRANDOM };

    /// Returns the source of the image, with the note of its version.
    pub fn source(self) -> String {
        let mut source = String::from(include_str!("base.s"));
        if self.getrandom {
            source += include_str!("base_getrandom.s");
        }
        // From 6.3 on a record of `.altinstructions` has flags before its two lengths.
        if self.version.is_some_and(|version| version >= 0x06_03_00) {
            source = source.replace("\t.byte\t3, 2\n", "\t.word\t0\n\t.byte\t3, 2\n");
        }
        if let Some(version) = self.version {
            source += &format!(
                ".section .note.Linux, \"a\", @note\n.p2align 2\n.long 6, 4, 0\n.asciz \"Linux\"\n.p2align 2\n.long {version}\n"
            );
        }
        source
    }

    /// Assembles and links the image; its file is deleted before this returns.
    ///
    /// # Panics
    /// If the toolchain fails.
    pub fn image(self) -> Image {
        self.link(tempfile::tempdir().expect("a temporary directory").path())
    }

    /// Assembles and links the image into `directory/base.so`.
    ///
    /// # Panics
    /// If the toolchain fails, or the directory is not writable.
    pub fn link(self, directory: &Path) -> Image {
        let object = assemble_to(directory, "base", &self.source());
        let script = directory.join("base.lds");
        let names = "__vdso_time; time; __vdso_getcpu; getcpu; __vdso_getrandom; getrandom;";
        let versions = format!("VERSION {{ {} {{ global: {names} local: *; }}; }}\n", self.node);
        std::fs::write(&script, format!("{}{versions}", include_str!("base.lds"))).expect("the directory is writable");
        let output = directory.join("base.so");
        let mut lld = Command::new(rust_lld());
        lld.args(["-flavor", "gnu", "-m", "elf_x86_64", "-shared", "-soname", "linux-vdso.so.1", "-Bsymbolic"]);
        lld.args(["--eh-frame-hdr", "--build-id=sha1", "-z", "max-page-size=4096", "-z", "norelro"]);
        lld.args(["--undefined-version", &format!("--hash-style={}", self.hash_style)]);
        if self.stripped {
            lld.arg("--strip-all");
        }
        for (name, value) in self.symbols {
            lld.arg(format!("--defsym={name}={:#x}", value.cast_unsigned()));
        }
        run(lld.arg("-T").arg(script).arg("-o").arg(&output).arg(object));
        Image::read(&output).expect("a readable image")
    }
}
