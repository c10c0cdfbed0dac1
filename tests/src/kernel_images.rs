// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images as kernels bring them: the running kernel's, and those of the kernel series that `cargo xtask stock-vdso` has built.

use crate::{Vdso, workspace};
use std::path::Path;
use std::sync::LazyLock;
use tempfile::NamedTempFile;
use vdso_link::layout::layout_of;
use vdso_link::link::splice::splice_for;
use vdso_link::{CheckedObject, DataPageLayout, Image, LinkedImage, Object};
use vdso_native::RunningImage;

/// A kernel's own image.
pub struct KernelImage {
    /// The image.
    pub image: Image,
    /// The unstripped file of the same build, where that is another one.
    debug: Option<Image>,
}

impl KernelImage {
    /// The image of the kernel that this process runs on, if that is one that the object can be spliced into.
    pub fn running() -> Option<Self> {
        let running = RunningImage::find();
        running
            .map_err(|error| eprintln!("not looked at: {error}"))
            .ok()
            .map(|it| Self { image: it.image, debug: None })
    }

    /// The images of kernel series: for each the stripped one, and the one with symbols, if they were built;
    /// `cargo xtask test` names what it has not built.
    pub fn stock() -> Vec<Self> {
        let mut images = Vec::new();
        let series = std::fs::read_dir(workspace::root().join("target/kernel")).into_iter().flatten();
        for directory in series.map(|series| series.expect("a directory can be read to its end").path().join("stock")) {
            if directory.is_dir() {
                let [stripped, debug] = ["vdso64.so", "vdso64.so.dbg"].map(|name| read(&directory.join(name)));
                images.push(Self { image: stripped, debug: Some(debug.clone()) });
                images.push(Self { image: debug, debug: None });
            }
        }
        images
    }

    /// All that there are.
    ///
    /// # Panics
    /// Where there is none: a test of all of them would look at nothing and pass.
    pub fn all() -> Vec<Self> {
        let images: Vec<Self> = Self::running().into_iter().chain(Self::stock()).collect();
        assert!(!images.is_empty(), "no image to splice into: run `cargo xtask stock-vdso`");
        images
    }

    /// Where its kernel keeps the data.
    ///
    /// # Panics
    /// Where that is not known.
    pub fn layout(&self) -> DataPageLayout {
        layout_of(&self.image, self.debug.as_ref()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The built object in it, for data pages as `layout` says.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn spliced_for(&self, layout: DataPageLayout) -> LinkedImage {
        static OBJECT: LazyLock<CheckedObject> = LazyLock::new(|| {
            let object = Object::read(&Vdso::products().join("vgetrandom.o"));
            let object = object.unwrap_or_else(|error| panic!("{error}"));
            vdso_link::check(object).unwrap().unwrap_or_else(|report| panic!("{report}"))
        });
        splice_for(&OBJECT, self.image.clone(), layout).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The built object in it.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn spliced(&self) -> LinkedImage {
        self.spliced_for(self.layout())
    }
}

/// A splice in a file, which goes when this is dropped.
///
/// # Panics
/// Where it cannot be written.
pub fn on_disk(spliced: &LinkedImage) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), spliced.image.data()).expect("room for an image");
    file
}

fn read(path: &Path) -> Image {
    Image::read(path).unwrap_or_else(|error| panic!("{error}: remove its directory, and run `cargo xtask stock-vdso`"))
}
