// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The hook by which a kernel's build has its vDSO judged, tried with a verifier that finds something.

use super::make::Build;
use anyhow::ensure;

/// The image that the hook is about.
const IMAGE: &str = "vdso64.so.dbg";

/// Builds the folder `vdso` twice: with a verifier that fails, which must fail the build and leave no image, and with the
/// usual one, by which all is as before.
///
/// # Errors
/// The finding has no consequence, or the build does not recover from it.
pub fn check(build: &Build, vdso: &str) -> anyhow::Result<()> {
    let image = build.output.join(vdso).join(IMAGE);
    let judged = build.build_vdso_judged_by(vdso, "false");
    // First the way back: whatever is wrong with the hook, the tree must not stay without its image.
    let left = image.exists();
    build.build_vdso(vdso)?;
    ensure!(judged.is_err(), "the verifier failed, and the build went on");
    ensure!(!left, "the verifier failed, and {IMAGE} was kept: the next build would take it");
    ensure!(image.exists(), "the next build made no {IMAGE}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the hook comes to in a tree whose only rule is this, for an image that another rule has made before.
    fn outcome(recipe: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs_err::create_dir(&source).unwrap();
        let makefile = format!("vdso/:\n\tmkdir -p $(O)/vdso; cd $(O)/vdso; {recipe}\n");
        fs_err::write(source.join("Makefile"), makefile).unwrap();
        let build = Build { output: folder.path().join("build"), log: folder.path().join("build.log"), source };
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
