// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Running the kernel's own build.

use crate::digest::sha256;
use crate::{process, progress, workspace};
use anyhow::{Context, bail};
use duct::cmd;
use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Variables that a build writes into the image, fixed so that equal inputs give equal bytes
/// (Linux `Documentation/kbuild/reproducible-builds.rst`).
const REPRODUCIBLE: [(&str, &str); 6] = [
    ("LC_ALL", "C"),
    ("SOURCE_DATE_EPOCH", "0"),
    ("KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"),
    ("KBUILD_BUILD_USER", "vdso-getrandom"),
    ("KBUILD_BUILD_HOST", "vdso-getrandom"),
    ("KBUILD_BUILD_VERSION", "1"),
];

/// The variable that gives the glue's Makefile the command that verifies the image.
const VERIFIER: &str = "VDSO_VERIFY";

/// A source tree and the directory that it is built in.
#[derive(Debug)]
pub struct Build {
    /// The tree.
    pub source: PathBuf,
    /// The build's directory: the tree itself, or the one of `make O=`.
    pub output: PathBuf,
    /// The file with the build's output.
    pub log: PathBuf,
}

impl Build {
    /// The compressed image that boot loaders and QEMU take.
    pub fn bzimage(&self) -> PathBuf {
        self.output.join("arch/x86/boot/bzImage")
    }

    /// Configures from `options`, lines of a configuration; every other option is off. Nothing is done if that was done
    /// before with the same ones.
    ///
    /// # Errors
    /// The build fails, or an option did not come out as written there: an unmet dependency drops it without a word.
    pub fn configure(&self, options: &str) -> anyhow::Result<()> {
        let stamp = self.output.join("configured.sha256");
        let digest = sha256(options.as_bytes());
        if self.output.join(".config").exists() && fs_err::read_to_string(&stamp).is_ok_and(|stamp| stamp == digest) {
            return Ok(());
        }
        fs_err::create_dir_all(&self.output)?;
        let fragment = self.output.join("fragment.config");
        fs_err::write(&fragment, options)?;
        self.make("configuration", "allnoconfig", &[("KCONFIG_ALLCONFIG", fragment.clone().into())])?;
        let config = fs_err::read_to_string(self.output.join(".config"))?;
        let dropped = dropped_options(options, &config);
        if !dropped.is_empty() {
            bail!(
                "{}: missing in the resulting configuration: {}; add the options that they depend on",
                workspace::shown(&fragment),
                dropped.join(", ")
            );
        }
        Ok(fs_err::write(stamp, digest)?)
    }

    /// Takes over an existing configuration: options that it does not know get their defaults.
    ///
    /// # Errors
    /// The build fails.
    pub fn update_configuration(&self) -> anyhow::Result<()> {
        self.make("configuration", "olddefconfig", &[])
    }

    /// Builds the image, which takes minutes the first time.
    ///
    /// # Errors
    /// The build fails; the message ends with its last lines.
    pub fn build(&self) -> anyhow::Result<()> {
        let _spinner = progress::spinner("Building", format_args!("Linux in {}", workspace::shown(&self.output)));
        self.make("kernel build", "bzImage", &[(VERIFIER, verifier()?.into())])
    }

    /// Builds the vDSO images of the directory `vdso` and nothing else; returns where they are.
    ///
    /// # Errors
    /// As for [`Build::build`].
    pub fn build_vdso(&self, vdso: &str) -> anyhow::Result<PathBuf> {
        self.build_vdso_verified_by(vdso, &verifier()?)
    }

    /// The same with another command that verifies the image.
    ///
    /// # Errors
    /// The build fails, or the command does.
    pub fn build_vdso_verified_by(&self, vdso: &str, verifier: &str) -> anyhow::Result<PathBuf> {
        let _spinner = progress::spinner("Building", format_args!("vDSO in {}", workspace::shown(&self.output)));
        self.make("vDSO build", &format!("{vdso}/"), &[(VERIFIER, verifier.into())])?;
        Ok(self.output.join(vdso))
    }

    /// Removes what an earlier build left in the source tree.
    ///
    /// # Errors
    /// The build fails.
    pub fn clean_source(&self) -> anyhow::Result<()> {
        let make = cmd!("make", "-C", &self.source, "mrproper").env_remove("MAKEFLAGS");
        process::run_logged("cleaning of the source", &make, &self.log)
    }

    fn make(&self, what: &str, target: &str, env: &[(&str, OsString)]) -> anyhow::Result<()> {
        let jobs = std::thread::available_parallelism().map_or(1, |count| count.get());
        // At low priority, for the tests and guests that run meanwhile.
        let mut arguments: Vec<OsString> = ["-n", "10", "make", "-C"].map(OsString::from).into();
        arguments.extend([self.source.clone().into(), format!("-j{jobs}").into()]);
        if self.output != self.source {
            fs_err::create_dir_all(&self.output)?;
            let mut output = OsString::from("O=");
            output.push(&self.output);
            arguments.push(output);
        }
        arguments.push(target.into());
        // Options of a make that runs us are not meant for the kernel's.
        let mut make = cmd("nice", arguments).env_remove("MAKEFLAGS").env_remove("KBUILD_OUTPUT");
        for (name, value) in REPRODUCIBLE {
            make = make.env(name, value);
        }
        for (name, value) in env {
            make = make.env(name, value);
        }
        process::run_logged(what, &make, &self.log)
    }
}

/// The command that verifies the image if the configuration enables that: a copy of this program.
///
/// A copy, because Cargo may replace this program during the build, and a replaced file has no name.
///
/// # Errors
/// The copy cannot be made, or its path cannot be quoted for a shell.
fn verifier() -> anyhow::Result<String> {
    let directory = super::target();
    // The unit tests are another program, and run while kernels are built: their copy must not take this one's place.
    let path = directory.join(if cfg!(test) { "vdso-verifier-of-tests" } else { "vdso-verifier" });
    fs_err::create_dir_all(&directory)?;
    let mut copy = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempfile_in(&directory)?;
    std::io::copy(&mut fs_err::File::open("/proc/self/exe")?, &mut copy)?;
    copy.persist(&path)?;
    let name = path.to_str().filter(|name| !name.contains(['\'', '$', '#']));
    let name = name.with_context(|| format!("{}: no name for a shell; build elsewhere", path.display()))?;
    Ok(format!("'{name}' verify"))
}

/// The options of a fragment that a configuration does not have as written.
fn dropped_options<'text>(fragment: &'text str, config: &str) -> Vec<&'text str> {
    let is_set =
        |name: &str| config.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    let dropped = |line: &&str| match line.strip_prefix("# ").and_then(|line| line.strip_suffix(" is not set")) {
        Some(name) => is_set(name),
        None => line.starts_with("CONFIG_") && !config.lines().any(|other| other == *line),
    };
    fragment.lines().map(str::trim).filter(dropped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_did_not_come_out_are_found() {
        let fragment = "# words\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n# CONFIG_D is not set\nCONFIG_E=\"x\"\nCONFIG_F=5\n";
        let config =
            "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_AB=y\n# CONFIG_C is not set\nCONFIG_D=m\nCONFIG_E=\"x\"\n";
        assert_eq!(dropped_options(fragment, config), ["CONFIG_B=y", "# CONFIG_D is not set", "CONFIG_F=5"]);
    }

    /// A tree whose Makefile runs only `recipe`.
    fn build_of(recipe: &str) -> (tempfile::TempDir, Build) {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("source");
        fs_err::create_dir(&source).unwrap();
        fs_err::write(source.join("Makefile"), format!("allnoconfig bzImage:\n\t{recipe}\n")).unwrap();
        let build = Build { output: directory.path().join("build"), log: directory.path().join("build.log"), source };
        (directory, build)
    }

    #[test]
    fn a_failed_build_shows_its_end_and_names_its_log() {
        let (_directory, build) = build_of("@echo cc1: error; exit 1");
        let error = format!("{:#}", build.build().unwrap_err());
        assert!(error.contains("kernel build failed") && error.contains("cc1: error"), "{error}");
        assert!(error.contains("build.log"), "{error}");
    }

    #[test]
    fn a_configuration_is_checked_against_what_was_asked_for() {
        let (_directory, build) = build_of("@cp $(KCONFIG_ALLCONFIG) $(O)/.config");
        build.configure("CONFIG_A=y\n").unwrap();
        fs_err::write(build.output.join(".config"), "CONFIG_A=y\nCONFIG_MINE=y\n").unwrap();
        build.configure("CONFIG_A=y\n").unwrap();
        let config = fs_err::read_to_string(build.output.join(".config")).unwrap();
        assert!(config.contains("MINE"), "nothing to do the second time: {config}");

        let (_directory, build) = build_of("@echo CONFIG_B=y > $(O)/.config");
        let error = format!("{:#}", build.configure("CONFIG_A=y\nCONFIG_B=y\n").unwrap_err());
        assert!(error.contains("CONFIG_A=y") && !error.contains("CONFIG_B"), "{error}");
    }

    #[test]
    fn the_verifier_is_a_command_that_a_shell_runs() {
        let (_directory, build) = build_of("@echo $(VDSO_VERIFY) $@ > $(O)/said; test -x $(firstword $(VDSO_VERIFY))");
        build.build().unwrap();
        assert!(fs_err::read_to_string(build.output.join("said")).unwrap().ends_with(" verify bzImage\n"));
    }

    #[test]
    fn the_build_environment_is_fixed() {
        let (_directory, build) = build_of("@echo $$SOURCE_DATE_EPOCH $$KBUILD_BUILD_USER $$KBUILD_BUILD_VERSION");
        build.build().unwrap();
        assert!(fs_err::read_to_string(&build.log).unwrap().contains("0 vdso-getrandom 1"));
    }
}
