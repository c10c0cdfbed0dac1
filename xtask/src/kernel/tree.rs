// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The recogniser of kernel trees. Whatever depends on a kernel's version stands here or in `kernel-glue/<line>/`.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// Folder of the vDSO in the trees of all lines so far.
const VDSO_DIR: &str = "arch/x86/entry/vdso";

/// A kernel line that there is glue for.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its name, and that of its folder in `kernel-glue/`.
    pub name: &'static str,
    /// `VERSION` and `PATCHLEVEL` of its releases.
    version: (u32, u32),
    /// The Debian package with its source.
    pub source_package: &'static str,
    /// The archive that the package installs.
    pub source_archive: &'static str,
    /// Folder of the vDSO in the tree.
    pub vdso_dir: &'static str,
}

/// All lines that there is glue for.
pub const LINES: [Line; 1] = [LINE_6_1];

/// The line that the kernel tier of the tests builds where no tree is given.
pub const LINE_6_1: Line = Line {
    name: "6.1",
    version: (6, 1),
    source_package: "linux-source-6.1",
    source_archive: "/usr/src/linux-source-6.1.tar.xz",
    vdso_dir: VDSO_DIR,
};

impl Line {
    /// Where the object goes in the tree; Kbuild makes `vgetrandom.o` of it (`scripts/Makefile.lib`, rule `_shipped`).
    pub fn object_path(&self) -> String {
        format!("{}/vgetrandom.o_shipped", self.vdso_dir)
    }

    /// Where the tree keeps the record of our glue. The name has no leading dot: the kernel's `.gitignore` would keep
    /// it out of a commit of the glue, and without it the glue can be neither updated nor reverted.
    pub fn record_path(&self) -> String {
        format!("{}/vgetrandom-glue.json", self.vdso_dir)
    }
}

/// A kernel tree of a line that there is glue for.
#[derive(Debug)]
pub struct KernelTree {
    /// The tree's top folder.
    pub root: PathBuf,
    /// Its line.
    pub line: &'static Line,
    /// Its release, such as `6.1.192`.
    pub release: String,
}

/// Looks at the top `Makefile` of `root` for the kernel's version.
///
/// # Errors
/// `root` is no kernel tree, or one of a line that there is no glue for.
pub fn recognise(root: &Path) -> anyhow::Result<KernelTree> {
    let makefile = root.join("Makefile");
    let text = fs_err::read(&makefile)
        .with_context(|| format!("{}: not a kernel tree; name the top folder of one", root.display()))?;
    let text = String::from_utf8_lossy(&text);
    let field = |name: &str| value_of(&text, name).and_then(|value| value.parse::<u32>().ok());
    let (Some(version), Some(patchlevel)) = (field("VERSION"), field("PATCHLEVEL")) else {
        bail!(
            "{}: no numeric VERSION and PATCHLEVEL, so this is not the Makefile of a kernel tree; \
             name the top folder of one",
            makefile.display()
        );
    };
    let sublevel = field("SUBLEVEL").unwrap_or(0);
    let release = format!("{version}.{patchlevel}.{sublevel}{}", value_of(&text, "EXTRAVERSION").unwrap_or(""));

    let Some(line) = LINES.iter().find(|line| line.version == (version, patchlevel)) else {
        let known: Vec<&str> = LINES.iter().map(|line| line.name).collect();
        bail!(
            "{}: this is Linux {release}, and there is glue for {} only; \
             use a tree of such a line, or add a folder for {version}.{patchlevel} (CONTRIBUTING.md, \"add a kernel line\")",
            makefile.display(),
            known.join(", ")
        );
    };
    let vdso = root.join(line.vdso_dir).join("Makefile");
    if !vdso.is_file() {
        bail!("{}: missing, so the tree of Linux {release} is incomplete; unpack it again", vdso.display());
    }
    Ok(KernelTree { root: root.into(), line, release })
}

/// The value of the first `name = value` of a Makefile.
fn value_of<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(makefile: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("Makefile"), makefile).unwrap();
        folder
    }

    fn error_of(root: &Path) -> String {
        format!("{:#}", recognise(root).unwrap_err())
    }

    #[test]
    fn a_tree_of_a_known_line() {
        let folder = tree("# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION = -rc1\n");
        fs_err::create_dir_all(folder.path().join(VDSO_DIR)).unwrap();
        let error = error_of(folder.path());
        assert!(error.contains("arch/x86/entry/vdso/Makefile") && error.contains("incomplete"), "{error}");

        fs_err::write(folder.path().join(VDSO_DIR).join("Makefile"), "").unwrap();
        let tree = recognise(folder.path()).unwrap();
        assert_eq!((tree.line.name, tree.release.as_str()), ("6.1", "6.1.192-rc1"));
    }

    #[test]
    fn an_unknown_line_is_named() {
        let error = error_of(tree("VERSION = 6\nPATCHLEVEL = 10\nSUBLEVEL = 0\nEXTRAVERSION =\n").path());
        assert!(error.contains("Linux 6.10.0, and there is glue for 6.1 only"), "{error}");
    }

    #[test]
    fn other_folders_are_no_trees() {
        for makefile in ["all:\n\ttrue\n", "VERSION = six\nPATCHLEVEL = 1\n", "VERSIONS = 6\nPATCHLEVEL = 1\n"] {
            let error = error_of(tree(makefile).path());
            assert!(error.contains("not the Makefile of a kernel tree"), "{makefile:?}: {error}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(error_of(empty.path()).contains("not a kernel tree"));
        assert!(error_of(Path::new("/nonexistent")).contains("/nonexistent: not a kernel tree"));
    }
}
