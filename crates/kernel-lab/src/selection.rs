// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Selects the kernels to boot: one of each series, and for some series one more with the object alone.

use super::make::Build;
use super::test_kernel::{self, Content, TestKernel};
use super::tree::{self, SERIES, Series};
use crate::packages::Tier;
use anyhow::ensure;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The options that select kernels.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The names of series; empty: all.
    pub series: Vec<String>,
    /// The tree to copy and build instead of the Debian package.
    pub kernel: Option<PathBuf>,
    /// The image (bzImage) to boot instead of building one.
    pub image: Option<PathBuf>,
}

/// A kernel that is there.
#[derive(Debug)]
pub struct Kernel {
    /// The name of its boots: its series, or `image`.
    pub name: &'static str,
    /// Its bzImage.
    pub image: PathBuf,
    /// Its inputs if it was built here.
    pub built: Option<Built>,
}

/// A kernel that was built here.
#[derive(Debug)]
pub struct Built {
    /// SHA-256 of the object in its vDSO.
    pub object: String,
    /// Its series.
    pub series: &'static Series,
    /// How it was built.
    pub build: Build,
}

/// One that is to be booted.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The name of its boots: its series, or `image`.
    pub name: &'static str,
    /// The parts of this project in it.
    pub content: Content,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    Image(PathBuf),
    Build { series: &'static Series, tree: Option<PathBuf> },
}

impl Selection {
    /// The tools that they need in addition to the guest's.
    ///
    /// # Errors
    /// The tree is of no known series.
    pub fn tiers(&self) -> anyhow::Result<Vec<Tier>> {
        if self.image.is_some() {
            return Ok(Vec::new());
        }
        let sources = if self.kernel.is_some() { Vec::new() } else { self.series()? };
        Ok([Tier::KernelBuild].into_iter().chain(sources.into_iter().map(Tier::KernelSource)).collect())
    }

    /// The kernels, in the order in which they are booted.
    ///
    /// # Errors
    /// The tree is of no known series, or there is no such image.
    pub fn kernels(&self) -> anyhow::Result<Vec<Selected>> {
        if let Some(image) = &self.image {
            let image = fs_err::canonicalize(image)?;
            ensure!(is_bzimage(&image)?, "{}: not a bzImage; name arch/x86/boot/bzImage of a build", image.display());
            let origin = Origin::Image(image);
            return Ok(vec![Selected { name: "image", content: Content::Glue, origin }]);
        }
        let mut kernels = Vec::new();
        for series in self.series()? {
            for content in [Content::Glue, Content::ObjectAlone] {
                if content.is_of(series) {
                    let origin = Origin::Build { series, tree: self.kernel.clone() };
                    kernels.push(Selected { name: series.name, content, origin });
                }
            }
        }
        Ok(kernels)
    }

    /// The lines of the kernels.
    ///
    /// # Errors
    /// The tree is of no known series.
    pub fn series(&self) -> anyhow::Result<Vec<&'static Series>> {
        if let Some(tree) = &self.kernel {
            return Ok(vec![tree::recognise(tree)?.series]);
        }
        let named = |series: &&Series| self.series.is_empty() || self.series.iter().any(|name| name == series.name);
        Ok(SERIES.iter().filter(named).collect())
    }
}

/// Whether a file has the setup header of a bzImage (Linux `Documentation/arch/x86/boot.rst`: `HdrS` at 0x202).
fn is_bzimage(path: &Path) -> anyhow::Result<bool> {
    let mut head = Vec::new();
    fs_err::File::open(path)?.take(0x206).read_to_end(&mut head)?;
    Ok(head.get(0x202..) == Some(b"HdrS"))
}

impl Selected {
    /// Builds it with `object` where something changed.
    ///
    /// # Errors
    /// As for [`test_kernel::build`].
    pub fn build(&self, object: &Path) -> anyhow::Result<Kernel> {
        let (image, built) = match &self.origin {
            Origin::Image(image) => (image.clone(), None),
            Origin::Build { series, tree } => {
                let TestKernel { image, object, build } =
                    test_kernel::build(series, tree.as_deref(), self.content, object)?;
                (image, Some(Built { object, series, build }))
            }
        };
        Ok(Kernel { name: self.name, image, built })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &Selection) -> Vec<(&'static str, Content)> {
        selection.kernels().unwrap().iter().map(|kernel| (kernel.name, kernel.content)).collect()
    }

    #[test]
    fn every_line_with_its_glue_and_some_with_the_object_alone() {
        let all = names(&Selection::default());
        for series in &SERIES {
            assert!(all.contains(&(series.name, Content::Glue)));
            assert_eq!(all.contains(&(series.name, Content::ObjectAlone)), series.object_patch.is_some());
        }
        let one = Selection { series: vec!["6.1".into()], ..Selection::default() };
        assert_eq!(names(&one), [("6.1", Content::Glue)]);
        assert_eq!(one.tiers().unwrap(), [Tier::KernelBuild, Tier::KernelSource(&SERIES[0])]);
    }

    #[test]
    fn a_finished_image_needs_nothing_and_must_be_there() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let image = Selection { image: Some(file.path().into()), ..Selection::default() };
        assert!(format!("{:#}", image.kernels().unwrap_err()).contains("not a bzImage"));
        let mut head = vec![0; 0x202];
        head.extend(b"HdrS and the rest");
        std::fs::write(file.path(), head).unwrap();
        assert_eq!(names(&image), [("image", Content::Glue)]);
        assert!(image.tiers().unwrap().is_empty());
        let missing = Selection { image: Some("/no/such/bzImage".into()), ..Selection::default() };
        assert!(format!("{:#}", missing.kernels().unwrap_err()).contains("/no/such/bzImage"));
    }
}
