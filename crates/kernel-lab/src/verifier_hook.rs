// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Tests the hook that verifies the vDSO in a kernel's build, with a verifier that reports a finding.

use super::make::Build;
use anyhow::ensure;

/// The image that the hook verifies.
const IMAGE: &str = "vdso64.so.dbg";

/// Builds the directory `vdso` twice: with a verifier that fails, which must fail the build and leave no image, and with the
/// usual one, which must restore it.
///
/// # Errors
/// The finding has no consequence, or the build does not recover from it.
pub fn check(build: &Build, vdso: &str) -> anyhow::Result<()> {
    let image = build.output.join(vdso).join(IMAGE);
    let verified = build.build_vdso_verified_by(vdso, "false");
    // Rebuild before any check: the tree must not stay without its image if the hook is broken.
    let left = image.exists();
    build.build_vdso(vdso)?;
    ensure!(verified.is_err(), "the verifier failed, and the build went on");
    ensure!(!left, "the verifier failed, and {IMAGE} was kept: the next build would take it");
    ensure!(image.exists(), "the next build made no {IMAGE}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outcome of the hook in a tree with this one recipe, for an image that an earlier recipe made.
    fn outcome(recipe: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let source = directory.path().join("source");
        fs_err::create_dir(&source).unwrap();
        let makefile = format!("vdso/:\n\tmkdir -p $(O)/vdso; cd $(O)/vdso; {recipe}\n");
        fs_err::write(source.join("Makefile"), makefile).unwrap();
        let build = Build { output: directory.path().join("build"), log: directory.path().join("build.log"), source };
        check(&build, "vdso").map_or_else(|error| format!("{error:#}"), |()| "heard".into())
    }

    #[test]
    fn a_hook_that_does_nothing_is_noticed() {
        let good = "rm -f vdso64.so.dbg; test \"$(VDSO_VERIFY)\" != false && touch vdso64.so.dbg";
        assert_eq!(outcome(good), "heard");
        assert!(outcome("touch vdso64.so.dbg").contains("the build went on"));
        assert!(outcome("touch vdso64.so.dbg; test \"$(VDSO_VERIFY)\" != false").contains("was kept"));
        assert!(outcome("test \"$(VDSO_VERIFY)\" != false").contains("made no vdso64.so.dbg"));
        assert!(outcome("false").contains("vDSO build failed"));
    }
}
