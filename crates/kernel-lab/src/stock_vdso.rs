// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask stock-vdso`: the 64-bit vDSO image of each kernel series as it is without our glue. Who puts the object into a
//! kernel without a patch starts from such an image, and so do the tests of the splice.

use super::glue::{self, Glue};
use super::plan::Plan;
use super::record::Record;
use super::selection::Selection;
use super::source::{self, Source};
use super::test_kernel::BUILT;
use super::tree::Series;
use crate::packages;
use crate::transaction::{self, Step};
use crate::{progress, workspace};
use std::path::{Path, PathBuf};

/// The directory in `target/kernel/<series>/`. The tests look for images there.
const DIRECTORY: &str = "stock";
/// The image with its symbols, and as processes see it.
const FILES: [&str; 2] = ["vdso64.so.dbg", "vdso64.so"];

/// Builds the missing images of the selected series; `install` allows installing packages.
///
/// # Errors
/// Something is missing, or an image cannot be built.
pub fn run(selection: &Selection, install: bool) -> anyhow::Result<()> {
    packages::require(&selection.tiers()?, install)?;
    for series in selection.series()? {
        let image = build(series, None)?;
        progress::line("Finished", workspace::shown(&image));
    }
    Ok(())
}

/// Whether an earlier run has left the image of `series`, built from the Debian package.
pub fn is_there(series: &Series) -> bool {
    are_in(&super::target().join(series.name).join(DIRECTORY))
}

/// Builds the image of `series` from the Debian package's source, or from a copy of `given`, or finds it there from an earlier
/// run; returns its directory.
///
/// # Errors
/// No source, or a build that fails.
pub fn build(series: &Series, given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let Source { tree, build, directory, .. } = source::obtain(series, given, series.name)?;
    let stock = directory.join(DIRECTORY);
    if are_in(&stock) {
        return Ok(stock);
    }
    // The kernel of the tests is built from the same copy. It finds its glue gone, and must be built again.
    let stamp = build.output.join(BUILT);
    if stamp.exists() {
        fs_err::remove_file(stamp)?;
    }
    if Record::load(&tree)?.is_some() {
        Plan::revert(&tree, &Glue::without_object(&glue::directory(), tree.series)?)?.commit()?;
    }
    build.configure(&glue::stock_options()?)?;
    let built = build.build_vdso(tree.series.vdso_dir)?;
    let copy = |name: &str| Ok(Step::Write(name.into(), fs_err::read(built.join(name))?));
    let steps = FILES.into_iter().map(copy).collect::<anyhow::Result<Vec<_>>>()?;
    fs_err::create_dir_all(&stock)?;
    transaction::commit(&stock, &steps)?;
    Ok(stock)
}

fn are_in(directory: &Path) -> bool {
    FILES.iter().all(|name| directory.join(name).exists())
}
