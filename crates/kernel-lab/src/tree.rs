// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The recogniser of kernel trees. All that depends on a kernel's version is here or in `kernel-glue/<series>/`.

use crate::debian::Suite;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

/// A kernel series that there is glue for.
#[derive(Debug, PartialEq, Eq)]
pub struct Series {
    /// Its name, and that of its directory in `kernel-glue/`.
    pub name: &'static str,
    /// `VERSION` and `PATCHLEVEL` of its releases.
    version: (u32, u32),
    /// Where its source comes from.
    pub source: SourcePackage,
    /// Directory of the 64-bit vDSO in the tree.
    pub vdso_dir: &'static str,
    /// The patch that, with the object and nothing else of the glue, makes a kernel that the tests boot: where there is C
    /// code whose place the object can take. One series shows it; each such kernel is a separate build, of minutes.
    pub object_patch: Option<&'static str>,
}

/// The Debian package with a series' source, and the archive that it brings.
#[derive(Debug, PartialEq, Eq)]
pub enum SourcePackage {
    /// Of the machine's own release, installed.
    Installed {
        /// Its name.
        package: &'static str,
        /// The archive.
        archive: &'static str,
    },
    /// Of a newer release, unpacked under `target/debian/`.
    Newer {
        /// The release.
        suite: Suite,
        /// Its name.
        package: &'static str,
        /// The archive, below the root of the package.
        archive: &'static str,
    },
}

/// All series that there is glue for, the oldest first.
pub const SERIES: [Series; 3] = [
    Series {
        name: "6.1",
        version: (6, 1),
        source: SourcePackage::Installed { package: "linux-source-6.1", archive: "/usr/src/linux-source-6.1.tar.xz" },
        vdso_dir: "arch/x86/entry/vdso",
        object_patch: None,
    },
    Series {
        name: "6.12",
        version: (6, 12),
        source: SourcePackage::Installed { package: "linux-source-6.12", archive: "/usr/src/linux-source-6.12.tar.xz" },
        vdso_dir: "arch/x86/entry/vdso",
        object_patch: Some("0001-x86-vdso-object.patch"),
    },
    Series {
        name: "7.3",
        version: (7, 3),
        source: SourcePackage::Newer {
            suite: Suite::TrixieBackports,
            package: "linux-source-7.3",
            archive: "usr/src/linux-source-7.3.tar.xz",
        },
        vdso_dir: "arch/x86/entry/vdso/vdso64",
        object_patch: None,
    },
];

/// The oldest series with the C code, whose source therefore has the kernel's own test of it.
pub const SELFTEST_SERIES: &Series = &SERIES[1];

impl Series {
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

/// A kernel tree of a series that there is glue for.
#[derive(Debug)]
pub struct KernelTree {
    /// The tree's top directory.
    pub root: PathBuf,
    /// Its series.
    pub series: &'static Series,
    /// Its release, such as `6.1.192`.
    pub release: String,
}

/// Looks at the top `Makefile` of `root` for the kernel's version.
///
/// # Errors
/// `root` is no kernel tree, or one of a series that there is no glue for.
pub fn recognise(root: &Path) -> anyhow::Result<KernelTree> {
    let makefile = root.join("Makefile");
    let text = fs_err::read(&makefile)
        .with_context(|| format!("{}: not a kernel tree; name the top directory of one", root.display()))?;
    let text = String::from_utf8_lossy(&text);
    let field = |name: &str| value_of(&text, name).and_then(|value| value.parse::<u32>().ok());
    let (Some(version), Some(patchlevel)) = (field("VERSION"), field("PATCHLEVEL")) else {
        bail!(
            "{}: no numeric VERSION and PATCHLEVEL, so this is not the Makefile of a kernel tree; \
             name the top directory of one",
            makefile.display()
        );
    };
    let sublevel = field("SUBLEVEL").unwrap_or(0);
    let release = format!("{version}.{patchlevel}.{sublevel}{}", value_of(&text, "EXTRAVERSION").unwrap_or(""));

    let Some(series) = SERIES.iter().find(|series| series.version == (version, patchlevel)) else {
        let known: Vec<&str> = SERIES.iter().map(|series| series.name).collect();
        bail!(
            "{}: this is Linux {release}, and there is glue for {} only; \
             use a tree of such a series, or add a directory for {version}.{patchlevel} (CONTRIBUTING.md, \"add a kernel series\")",
            makefile.display(),
            known.join(", ")
        );
    };
    let vdso = root.join(series.vdso_dir).join("Makefile");
    if !vdso.is_file() {
        bail!("{}: missing, so the tree of Linux {release} is incomplete; unpack it again", vdso.display());
    }
    Ok(KernelTree { root: root.into(), series, release })
}

/// The value of the first `name = value` of a Makefile.
fn value_of<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(makefile: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("Makefile"), makefile).unwrap();
        directory
    }

    fn error_of(root: &Path) -> String {
        format!("{:#}", recognise(root).unwrap_err())
    }

    #[test]
    fn a_tree_of_a_known_line() {
        let directory = tree("# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION = -rc1\n");
        let vdso = directory.path().join("arch/x86/entry/vdso");
        fs_err::create_dir_all(&vdso).unwrap();
        let error = error_of(directory.path());
        assert!(error.contains("arch/x86/entry/vdso/Makefile") && error.contains("incomplete"), "{error}");

        fs_err::write(vdso.join("Makefile"), "").unwrap();
        let tree = recognise(directory.path()).unwrap();
        assert_eq!((tree.series.name, tree.release.as_str()), ("6.1", "6.1.192-rc1"));
    }

    #[test]
    fn an_unknown_line_is_named() {
        let error = error_of(tree("VERSION = 6\nPATCHLEVEL = 10\nSUBLEVEL = 0\nEXTRAVERSION =\n").path());
        assert!(error.contains("Linux 6.10.0, and there is glue for 6.1, 6.12, 7.3 only"), "{error}");
    }

    #[test]
    fn other_directories_are_no_trees() {
        for makefile in ["all:\n\ttrue\n", "VERSION = six\nPATCHLEVEL = 1\n", "VERSIONS = 6\nPATCHLEVEL = 1\n"] {
            let error = error_of(tree(makefile).path());
            assert!(error.contains("not the Makefile of a kernel tree"), "{makefile:?}: {error}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(error_of(empty.path()).contains("not a kernel tree"));
        assert!(error_of(Path::new("/nonexistent")).contains("/nonexistent: not a kernel tree"));
    }
}
