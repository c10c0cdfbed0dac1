// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A guest with unmodified client programs: programs and C libraries of newer and older Debian releases, and programs that
//! `tests/clients/` builds with them. Its `/init` runs and checks them. The guest is the same for every kernel.

use super::client_table::{c_elements, clients};
use super::compiler::{Compiler, c_files};
use super::golang::{self, Go};
use super::initramfs::Archive;
use crate::debian::{self, Suite};
use crate::workspace;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Files and directories of Debian packages that the guest contains, at the paths of the package.
const PACKAGES: [(&str, &[&str]); 10] = [
    (
        "libc6",
        &[
            "usr/lib64",
            "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            "usr/lib/x86_64-linux-gnu/libm.so.6",
        ],
    ),
    ("zlib1g", &["usr/lib/x86_64-linux-gnu"]),
    ("libexpat1", &["usr/lib/x86_64-linux-gnu"]),
    ("libzstd1", &["usr/lib/x86_64-linux-gnu"]),
    ("libssl3t64", &["usr/lib/x86_64-linux-gnu/libcrypto.so.3", "usr/lib/x86_64-linux-gnu/libssl.so.3"]),
    ("openssl", &["usr/bin/openssl"]),
    ("python3.13-minimal", &["usr/bin"]),
    ("libpython3.13-minimal", &["usr/lib/python3.13"]),
    ("libpython3.13-stdlib", &["usr/lib/python3.13/hmac.py", "usr/lib/python3.13/secrets.py"]),
    // The shell of `cargo xtask boot --shell`.
    ("busybox-static", &["usr/bin/busybox"]),
];

/// The linker's inputs for a static program.
const LIBC_DEV: &str = "libc6-dev";

/// Links of the root directory, as Debian has them since usr is merged; a program names its dynamic linker by the last one.
const ROOT_LINKS: [(&str, &str); 3] = [("bin", "usr/bin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")];

/// Names of commands that `/init` provides to the shell.
const COMMANDS: [&str; 2] = ["usr/bin/clients", "usr/bin/calls"];

/// The C library of an older release, out of the way of the newer one: `PLACE` in the guest, and in its package.
const OLDER_LIBC: [(&str, &str); 2] = [
    ("bookworm/ld.so", "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
    ("bookworm/libc.so.6", "lib/x86_64-linux-gnu/libc.so.6"),
];

/// Sources of `/init` that it shares with the contract's tests.
const SHARED_WITH_GUEST: [&str; 4] = ["data_page.c", "init.c", "vdso.c", "verdict.c"];

/// The names of all clients, in the order in which they run.
pub fn names() -> Vec<&'static str> {
    clients().iter().map(|client| client.name.as_str()).collect()
}

/// Fetches all missing packages.
///
/// # Errors
/// A package cannot be had.
pub fn fetch() -> anyhow::Result<()> {
    let inside = PACKAGES.map(|(name, _)| name);
    debian::packages(Suite::Trixie, &[inside.as_slice(), &golang::PACKAGES, &[LIBC_DEV]].concat())?;
    debian::packages(Suite::Bookworm, &["libc6"])?;
    Ok(())
}

/// Compiles and packs everything into an archive, whose place is returned.
///
/// # Errors
/// A package cannot be had, a compiler is missing, or does not take a program.
pub fn build() -> anyhow::Result<PathBuf> {
    let output = super::target().join("clients");
    fs_err::create_dir_all(&output)?;
    let mut archive = Archive::new()?;
    add_packages(&mut archive)?;
    add_init(&mut archive, &output)?;
    add_programs(&mut archive, &output)?;
    let place = output.join("initramfs.cpio");
    fs_err::write(&place, archive.finish()?)?;
    Ok(place)
}

fn sources() -> PathBuf {
    workspace::root().join("tests/clients")
}

fn add_packages(archive: &mut Archive) -> anyhow::Result<()> {
    let roots = debian::packages(Suite::Trixie, &PACKAGES.map(|(name, _)| name))?;
    for (root, (_, paths)) in roots.iter().zip(PACKAGES) {
        paths.iter().try_for_each(|path| archive.tree(path, &root.join(path)))?;
    }
    for (name, target) in ROOT_LINKS {
        archive.link(name, Path::new(target))?;
    }
    let older = debian::package(Suite::Bookworm, "libc6")?;
    OLDER_LIBC.iter().try_for_each(|(name, path)| archive.file(name, &older.join(path)))
}

fn add_init(archive: &mut Archive, output: &Path) -> anyhow::Result<()> {
    let shared = SHARED_WITH_GUEST.map(|name| workspace::root().join("tests/guest").join(name));
    let files: Vec<PathBuf> = c_files(&sources().join("init"))?.into_iter().chain(shared).collect();
    fs_err::write(output.join("clients.h"), c_elements())?;
    let generated = format!("-I{}", output.display());
    archive.file("init", &Compiler::find(output)?.compile("init", &files, &["-static", "-pthread", &generated])?)?;
    COMMANDS.iter().try_for_each(|name| archive.link(name, Path::new("/init")))
}

/// One program for each source file, `/clients/STEM` in the guest; a script is its own program.
fn add_programs(archive: &mut Archive, output: &Path) -> anyhow::Result<()> {
    let compiler = Compiler::find(output)?;
    let (programs, draws) = (sources().join("programs"), sources().join("programs/draws.c"));
    for source in c_files(&programs)?.into_iter().filter(|source| *source != draws) {
        let name = stem(&source)?;
        // Dynamic: it is the C library that these are about.
        let program = compiler.compile(&name, &[source, draws.clone()], &["-pthread"])?;
        archive.file(&format!("clients/{name}"), &program)?;
    }
    // Of one of them also a static program, with the newer library in it.
    let library = debian::package(Suite::Trixie, LIBC_DEV)?.join("usr/lib/x86_64-linux-gnu");
    let [search, libraries] = ["-B", "-L"].map(|option| format!("{option}{}/", library.display()));
    let flags = ["-static", "-pthread", &search, &libraries];
    let program = compiler.compile("threads-static", &[programs.join("threads.c"), draws], &flags)?;
    archive.file("clients/threads-static", &program)?;

    let go = Go::of(Suite::Trixie, output)?;
    for source in workspace::files_below(&sources().join("go"))? {
        let name = stem(&source)?;
        archive.file(&format!("clients/{name}"), &go.build(&source, &name)?)?;
    }
    for source in workspace::files_below(&sources().join("python"))? {
        archive.file(&format!("clients/{}.py", stem(&source)?), &source)?;
    }
    Ok(())
}

fn stem(source: &Path) -> anyhow::Result<String> {
    let stem = source.file_stem().and_then(|stem| stem.to_str());
    Ok(stem.with_context(|| format!("{}: a program needs a name", source.display()))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_client_that_runs_it() {
        let programs = workspace::files_below(&sources()).unwrap();
        let is_program =
            |path: &&PathBuf| !path.starts_with(sources().join("init")) && path.parent() != Some(&sources());
        let programs: Vec<&PathBuf> = programs.iter().filter(is_program).collect();
        assert!(programs.len() > 5, "{programs:?}");
        for path in programs.into_iter().filter(|path| !stem(path).unwrap().eq("draws")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let name = name.strip_suffix(".c").or(name.strip_suffix(".go")).unwrap_or(name);
            let place = format!("/clients/{name}");
            assert!(clients().iter().any(|client| client.command.contains(&place)), "no client runs {name}");
        }
    }
}
