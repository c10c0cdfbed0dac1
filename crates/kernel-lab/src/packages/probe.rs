// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! How a need is shown to be met: by using it, since a program or a header that is there need not work.

use crate::compiler;
use crate::process;
use anyhow::{Context, ensure};
use duct::cmd;
use std::ffi::OsString;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A way to show that a need is met.
#[derive(Clone, Copy, Debug)]
pub enum Probe {
    /// A program on the path that prints its version.
    Program(&'static str),
    /// An archive by its path, whole from its first byte to its last.
    Archive(&'static str),
    /// A C program that the compiler makes.
    Trial(&'static Trial),
}

/// A small C program, with the headers and options of what it stands for.
#[derive(Debug)]
pub struct Trial {
    /// The name in a report.
    pub name: &'static str,
    /// The compiler; `None` is the one of the guest's programs, which `CC` can name.
    pub compiler: Option<&'static str>,
    /// The source.
    pub source: &'static str,
    /// Options.
    pub flags: &'static [&'static str],
}

/// The C library with its headers, static as the guest's programs have it.
pub static LIBC: Trial = Trial {
    name: "C programs",
    compiler: None,
    source: "#include <pthread.h>\n#include <stdio.h>\nint main(void) { return puts(\"here\") < 0; }\n",
    flags: &["-static", "-pthread"],
};

/// The guest's programs of 32 bits: no libc header exists for them on most machines.
pub static M32: Trial = Trial {
    name: "C programs, -m32",
    compiler: None,
    source: FREESTANDING,
    flags: &["-static", "-m32", "-nostdlib", "-ffreestanding"],
};

/// The guest's programs of the x32 ABI.
pub static MX32: Trial = Trial {
    name: "C programs, -mx32",
    compiler: None,
    source: FREESTANDING,
    flags: &["-static", "-mx32", "-nostdlib", "-ffreestanding"],
};

/// Headers of the compiler alone.
const FREESTANDING: &str =
    "#include <stdint.h>\nvoid _start(void);\nvoid _start(void) { for (volatile uint64_t n = 0;; n++) { } }\n";

/// objtool reads and writes the kernel's objects with libelf. A kernel's Makefile takes gcc and ignores `CC`.
pub static LIBELF: Trial = Trial {
    name: "C programs with libelf",
    compiler: Some("gcc"),
    source: "#include <gelf.h>\n#include <libelf.h>\nint main(void) { return elf_version(EV_CURRENT) == EV_NONE; }\n",
    flags: &["-lelf"],
};

impl Probe {
    /// The name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Program(name) | Self::Archive(name) => name,
            Self::Trial(trial) => trial.name,
        }
    }

    /// Its path and version.
    ///
    /// # Errors
    /// It is missing, or does not work.
    pub fn look(self) -> anyhow::Result<String> {
        match self {
            Self::Program(name) => program(name),
            Self::Archive(path) => archive(Path::new(path)),
            Self::Trial(trial) => trial.run(),
        }
    }
}

fn program(name: &str) -> anyhow::Result<String> {
    let path = which::which(name).ok().context("not on the path")?;
    let version = process::first_line(name, &cmd!(&path, "--version"))?;
    Ok(format!("{} ({version})", path.display()))
}

/// An archive begins and ends with the magic bytes of the xz format, version 1.2.0, sections 2.1.1.1 and 2.1.2.4.
fn archive(path: &Path) -> anyhow::Result<String> {
    const HEAD: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
    const FOOT: [u8; 2] = *b"YZ";
    ensure!(path.exists(), "not found");
    let mut file = fs_err::File::open(path)?;
    let (mut head, mut foot) = (Vec::new(), Vec::new());
    file.by_ref().take(HEAD.len() as u64).read_to_end(&mut head)?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(end.saturating_sub(FOOT.len() as u64)))?;
    file.read_to_end(&mut foot)?;
    ensure!(head == HEAD && foot == FOOT, "not a complete xz archive; install its package again");
    Ok(path.display().to_string())
}

impl Trial {
    fn run(&self) -> anyhow::Result<String> {
        let program = match self.compiler {
            Some(program) => program.into(),
            None => compiler::program()?,
        };
        let directory = tempfile::tempdir()?;
        let [source, output] = ["trial.c", "trial"].map(|name| directory.path().join(name));
        fs_err::write(&source, self.source)?;
        let mut arguments: Vec<OsString> = vec!["-o".into(), output.into(), source.into()];
        // A library stands after the source that needs it.
        arguments.extend(self.flags.iter().map(OsString::from));
        let shown = program.display().to_string();
        process::output_of(&shown, &cmd(&program, arguments)).map_err(|error| {
            let text = error.to_string();
            let cause = text.lines().find(|line| line.contains("error")).unwrap_or(text.trim_end());
            anyhow::anyhow!(
                "not compiled: {}",
                cause.replace(&directory.path().display().to_string(), "").trim_start_matches('/')
            )
        })?;
        Ok(format!("compiled and linked by {shown} {}", self.flags.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(probe: Probe) -> String {
        format!("{:#}", probe.look().unwrap_err())
    }

    #[test]
    fn a_program_is_there_when_it_tells_its_version() {
        assert!(Probe::Program("tar").look().unwrap().contains("/tar (tar "));
        assert_eq!(error(Probe::Program("no-such-program")), "not on the path");
        let broken = error(Probe::Program("false"));
        assert!(broken.contains("false failed"), "{broken}");
    }

    #[test]
    fn a_trial_fails_with_the_compilers_first_error() {
        const PLAIN: Trial =
            Trial { name: "plain", compiler: Some("gcc"), source: "int main(void) { return 0; }\n", flags: &[] };
        static GOOD: Trial = PLAIN;
        static BAD: Trial = Trial { source: "#include <no-such-header.h>\n", ..PLAIN };
        static UNLINKED: Trial = Trial { flags: &["-lno-such-library"], ..PLAIN };
        assert!(Probe::Trial(&GOOD).look().unwrap().starts_with("compiled and linked by gcc"));
        let header = error(Probe::Trial(&BAD));
        assert!(header.starts_with("not compiled: trial.c:1:10: fatal error: no-such-header.h"), "{header}");
        assert!(error(Probe::Trial(&UNLINKED)).starts_with("not compiled: "));
    }

    #[test]
    fn every_trial_is_what_the_guest_and_the_kernel_need() {
        for trial in [&LIBC, &M32, &MX32] {
            Probe::Trial(trial).look().unwrap_or_else(|error| panic!("{}: {error:#}", trial.name));
        }
    }

    #[test]
    fn an_archive_is_there_when_it_is_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(archive(file.path()).unwrap_err().to_string().contains("not a complete xz archive"));
        std::fs::write(file.path(), b"\xfd7zXZ\0 and so on YZ").unwrap();
        archive(file.path()).unwrap();
        std::fs::write(file.path(), b"\xfd7zXZ\0 and so on").unwrap();
        assert!(archive(file.path()).is_err());
        assert_eq!(archive(Path::new("/no/such/archive")).unwrap_err().to_string(), "not found");
    }
}
