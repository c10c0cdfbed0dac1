// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The changes to a kernel tree: the files and patches of `kernel-glue/`, and the object.

use super::patch::Patch;
use super::tree::Series;
use crate::workspace::files_below;
use crate::{digest, workspace};
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The directory of all glue.
pub fn directory() -> PathBuf {
    workspace::root().join("kernel-glue")
}

/// The options of the kernels that the tests boot.
///
/// # Errors
/// They cannot be read.
pub fn options() -> anyhow::Result<String> {
    Ok(stock_options()? + &fs_err::read_to_string(directory().join("common/glue.config"))?)
}

/// The same without the options that the glue brings.
///
/// # Errors
/// They cannot be read.
pub fn stock_options() -> anyhow::Result<String> {
    Ok(fs_err::read_to_string(directory().join("common/qemu.config"))?)
}

/// The glue of one series together with one object.
#[derive(Debug)]
pub struct Glue {
    /// New files by their path in the tree.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Changes of the tree's own files, in the order of their application.
    pub patches: Vec<Patch>,
}

impl Glue {
    /// The glue of a series with an empty object: reverting and trying do not depend on the object's bytes.
    ///
    /// # Errors
    /// As for [`Glue::load`].
    pub fn without_object(glue: &Path, series: &Series) -> anyhow::Result<Self> {
        let object = tempfile::NamedTempFile::new()?;
        Self::load(glue, series, object.path())
    }

    /// Reads `common/files`, `<series>/files` and `<series>/patches` of the directory `glue`, and the object.
    ///
    /// # Errors
    /// A file cannot be read, two directories supply the same file, or a patch is not UTF-8.
    pub fn load(glue: &Path, series: &Series, object: &Path) -> anyhow::Result<Self> {
        let mut files = object_file(series, object)?;
        for directory in [glue.join("common/files"), glue.join(series.name).join("files")] {
            for path in files_below(&directory)? {
                let name = relative_name(&directory, &path)?;
                if files.insert(name.clone(), fs_err::read(&path)?).is_some() {
                    bail!("{}: {name} is in common/files too; keep one of them", path.display());
                }
            }
        }

        let mut patches = Vec::new();
        let directory = glue.join(series.name).join("patches");
        for path in files_below(&directory)? {
            let name = relative_name(&directory, &path)?;
            if name.ends_with(".patch") {
                patches.push(Patch { name, text: fs_err::read_to_string(&path)? });
            }
        }
        Ok(Self { files, patches })
    }

    /// The object and `patch`, the one of the series by which it takes the place of the C code. Nothing else.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of_object_alone(glue: &Path, series: &Series, patch: &str, object: &Path) -> anyhow::Result<Self> {
        let text = fs_err::read_to_string(glue.join(series.name).join("patches").join(patch))?;
        Ok(Self { files: object_file(series, object)?, patches: vec![Patch { name: patch.into(), text }] })
    }

    /// A digest of everything that goes into the tree.
    pub fn digest(&self) -> String {
        let mut inputs = digest::Inputs::default();
        for (path, bytes) in &self.files {
            inputs.add(path, bytes);
        }
        for patch in &self.patches {
            inputs.add(&patch.name, patch.text.as_bytes());
        }
        inputs.finish()
    }
}

/// The object by the path that it has in the tree.
fn object_file(series: &Series, object: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let bytes = fs_err::read(object).context("the object is missing; run `cargo xtask build-vdso` first")?;
    Ok([(series.object_path(), bytes)].into())
}

/// The path of a file below `directory`, as a tree and a record name it.
fn relative_name(directory: &Path, path: &Path) -> anyhow::Result<String> {
    let name = path.strip_prefix(directory).expect("found below the directory");
    Ok(name.to_str().with_context(|| format!("{}: the name is not UTF-8", path.display()))?.to_owned())
}

#[cfg(test)]
#[path = "glue_tests.rs"]
mod line_tests;

#[cfg(test)]
mod tests {
    use super::super::tree::SERIES;
    use super::*;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    #[test]
    fn gathers_both_directories_the_object_and_the_patches_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        put(root, "common/files/include/vdso/h.h", "common");
        put(root, "6.1/files/lib/c.c", "series");
        put(root, "6.1/patches/0002-b.patch", "b");
        put(root, "6.1/patches/0001-a.patch", "a");
        put(root, "6.1/patches/README", "no patch");
        put(root, "o.o", "object");
        let glue = Glue::load(root, &SERIES[0], &root.join("o.o")).unwrap();
        let paths: Vec<&str> = glue.files.keys().map(String::as_str).collect();
        assert_eq!(paths, ["arch/x86/entry/vdso/vgetrandom.o_shipped", "include/vdso/h.h", "lib/c.c"]);
        let patches: Vec<&str> = glue.patches.iter().map(|patch| patch.name.as_str()).collect();
        assert_eq!(patches, ["0001-a.patch", "0002-b.patch"]);

        let alone = Glue::of_object_alone(root, &SERIES[0], "0002-b.patch", &root.join("o.o")).unwrap();
        assert_eq!((alone.files.len(), alone.patches.len()), (1, 1));
        assert_eq!(alone.files["arch/x86/entry/vdso/vgetrandom.o_shipped"], b"object");

        let before = glue.digest();
        put(root, "o.o", "other object");
        assert_ne!(Glue::load(root, &SERIES[0], &root.join("o.o")).unwrap().digest(), before);
    }

    #[test]
    fn refuses_a_missing_object_and_a_file_that_comes_twice() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let error = format!("{:#}", Glue::load(root, &SERIES[0], &root.join("o.o")).unwrap_err());
        assert!(error.contains("cargo xtask build-vdso") && error.contains("o.o"), "{error}");

        put(root, "o.o", "object");
        put(root, "common/files/lib/c.c", "");
        put(root, "6.1/files/lib/c.c", "");
        let error = format!("{:#}", Glue::load(root, &SERIES[0], &root.join("o.o")).unwrap_err());
        assert!(error.contains("lib/c.c is in common/files too"), "{error}");
    }
}
