// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask client`: the C libraries, laid out as they are installed.

use crate::toolchain;
use anyhow::Context;
use duct::cmd;
use kernel_lab::{process, progress, workspace};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Options of `cargo xtask client`.
#[derive(Clone, Debug, clap::Args)]
pub struct ClientArgs {
    /// Directory to write include/ and lib/ to [default: target/client]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Installation prefix for pkg-config
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
}

/// Version of the interface; the number of the shared object changes with every incompatible one.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const SONAME: &str = "libvgetrandom.so.0";

/// Builds the libraries.
///
/// # Errors
/// A part could not be built or written.
pub fn run(options: &ClientArgs) -> anyhow::Result<()> {
    let out = options.out.clone().unwrap_or_else(|| workspace::target().join("client"));
    let (include, lib) = (out.join("include"), out.join("lib"));
    fs_err::create_dir_all(&include)?;
    fs_err::create_dir_all(lib.join("pkgconfig"))?;

    let archive = lib.join("libvgetrandom.a");
    fs_err::copy(archive_of("vgetrandom-c")?, &archive)?;
    built(&archive);
    let crates = workspace::root().join("crates");
    let shared = lib.join(format!("libvgetrandom.so.{VERSION}"));
    let soname = format!("-Wl,-soname,{SONAME}");
    link(&archive, &shared, &crates.join("vgetrandom-c/vgetrandom.map"), &[&soname, "-Wl,-z,defs"])?;
    built(&shared);
    let file_name = shared.file_name().context("the library has a name")?;
    for name in [SONAME, "libvgetrandom.so"] {
        relink(Path::new(file_name), &lib.join(name))?;
    }

    let preload = lib.join("libvgetrandom-preload.so");
    // It names no library: the functions that it needs are the program's.
    let alone = ["-nostdlib", "-Wl,-soname,libvgetrandom-preload.so"];
    link(&archive_of("vgetrandom-preload")?, &preload, &crates.join("vgetrandom-preload/preload.map"), &alone)?;
    built(&preload);

    fs_err::copy(crates.join("vgetrandom-c/include/vgetrandom.h"), include.join("vgetrandom.h"))?;
    fs_err::write(lib.join("pkgconfig/vgetrandom.pc"), package(&options.prefix))?;
    progress::line("Finished", workspace::shown(&out));
    Ok(())
}

fn built(file: &Path) {
    progress::line("Built", workspace::shown(file));
}

/// Compiles a crate and what it needs to one archive; returns its place.
fn archive_of(package: &str) -> anyhow::Result<PathBuf> {
    // A directory for each, because Cargo gives the crates that both need the features of one build.
    let target = workspace::target().join("client-build").join(package);
    let arguments = ["rustc", "--locked", "--lib", "--profile", "client", "--features", "artifact"];
    let arguments =
        arguments.into_iter().chain(["--crate-type", "staticlib", "--package", package]).map(OsString::from);
    let command = cmd(toolchain::cargo()?, arguments).dir(workspace::root()).env("CARGO_TARGET_DIR", &target);
    process::run_logged(&format!("cargo rustc --package {package}"), &command, &target.join("build.log"))?;
    Ok(target.join("client").join(format!("lib{}.a", package.replace('-', "_"))))
}

/// Links an archive to a shared library that exports the names in `versions` and is never unloaded (C14).
fn link(archive: &Path, library: &Path, versions: &Path, options: &[&str]) -> anyhow::Result<()> {
    let mut arguments: Vec<OsString> =
        ["-shared", "-Wl,--gc-sections", "-Wl,--build-id=sha1", "-Wl,--strip-all"].map(Into::into).into();
    arguments.extend(["-Wl,-z,nodelete", "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack"].map(OsString::from));
    // Calls among the library's functions stay in it, also where the program exports one of the same name.
    arguments.push("-Wl,-Bsymbolic-functions".into());
    arguments.extend(options.iter().map(OsString::from));
    let mut script = OsString::from("-Wl,--version-script=");
    script.push(versions);
    arguments.extend([script, "-Wl,--whole-archive".into(), archive.into(), "-Wl,--no-whole-archive".into()]);
    arguments.extend(["-o".into(), library.into()]);
    let log = workspace::target().join("client-build/link.log");
    process::run_logged("cc -shared", &cmd("cc", arguments), &log)
}

/// Makes a symbolic link, in the place of one that is there.
fn relink(to: &Path, link: &Path) -> anyhow::Result<()> {
    if link.is_symlink() {
        fs_err::remove_file(link)?;
    }
    fs_err::os::unix::fs::symlink(to, link)?;
    Ok(())
}

/// The description for pkg-config.
fn package(prefix: &Path) -> String {
    let prefix = prefix.display();
    format!(
        "prefix={prefix}\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\nName: vgetrandom\n\
         Description: Random bytes from the kernel at the speed of the vDSO\nVersion: {VERSION}\n\
         Cflags: -I${{includedir}}\nLibs: -L${{libdir}} -lvgetrandom\nLibs.private: -lpthread\n"
    )
}
