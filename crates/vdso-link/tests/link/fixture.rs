// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Objects assembled by `rustc` and images linked by the `rust-lld` beside it: no other tool is needed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use vdso_abi::exports::VERSION;
use vdso_link::{CheckedObject, Image, Object};

/// The source of an object that keeps every rule.
pub const GOOD: &str = include_str!("../object_rules/good.s");

/// A finished image to splice into.
#[derive(Clone, Copy)]
pub struct Base {
    /// `LINUX_VERSION_CODE` of its note.
    pub version: Option<u32>,
    /// Whether it has a `__vdso_getrandom` of its own.
    pub getrandom: bool,
    /// `--hash-style` of the linker.
    pub hash_style: &'static str,
    /// The version node of its functions.
    pub node: &'static str,
    /// Names and places of data pages, as its linker script would define them.
    pub symbols: &'static [(&'static str, i64)],
    /// Whether the symbols for debuggers are left out.
    pub stripped: bool,
}

impl Base {
    /// As Linux 6.1 would have it.
    pub const WITHOUT_GETRANDOM: Self = Self {
        version: Some(0x06_01_c0),
        getrandom: false,
        hash_style: "both",
        node: VERSION,
        symbols: &[],
        stripped: false,
    };
    /// As Linux 6.18 would have it.
    pub const WITH_GETRANDOM: Self = Self { version: Some(0x06_12_2c), getrandom: true, ..Self::WITHOUT_GETRANDOM };

    /// The source of the image, with the note of its version.
    pub fn source(self) -> String {
        let mut source = String::from(include_str!("base.s"));
        if self.getrandom {
            source += include_str!("base_getrandom.s");
        }
        // From 6.3 on a record has flags before its two lengths.
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

    /// Assembles and links the image.
    pub fn link(self, folder: &Path) -> Image {
        let object = assemble(folder, "base", &self.source());
        let script = folder.join("base.lds");
        let names = "__vdso_time; time; __vdso_getcpu; getcpu; __vdso_getrandom; getrandom;";
        let versions = format!("VERSION {{ {} {{ global: {names} local: *; }}; }}\n", self.node);
        std::fs::write(&script, format!("{}{versions}", include_str!("base.lds"))).unwrap();
        let output = folder.join("base.so");
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
        Image::read(&output).unwrap()
    }
}

/// The script of the stand-alone image.
pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../linker/vdso.lds")
}

/// Assembles AT&T source into `folder/NAME.o`.
pub fn assemble(folder: &Path, name: &str, source: &str) -> PathBuf {
    let rust = folder.join(format!("{name}.rs"));
    let object = folder.join(format!("{name}.o"));
    let text = format!("#![no_std]\ncore::arch::global_asm!(r#\"{source}\"#, options(att_syntax));\n");
    std::fs::write(&rust, text).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--edition=2024", "--crate-type=lib", "-Cpanic=abort", "-Cdebuginfo=0"]);
    // The compiler puts its intermediate files into the current folder, under names made of the crate's.
    rustc.current_dir(folder);
    run(rustc.arg(format!("--emit=obj={}", object.display())).arg(&rust));
    object
}

/// The object after the check.
pub fn checked(path: &Path) -> CheckedObject {
    vdso_link::check(Object::read(path).unwrap()).unwrap().unwrap_or_else(|report| panic!("{report}"))
}

/// The linker that came with the compiler.
pub fn rust_lld() -> PathBuf {
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let libdir = run(Command::new(rustc).args(["--print", "target-libdir"])).stdout;
    Path::new(String::from_utf8(libdir).unwrap().trim()).join("../bin/rust-lld")
}

/// Runs a command to its end and demands that it went well.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
