// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The good files that recipes edit, made at run time.

use crate::places::places;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use vdso_fixtures::base::Base;
use vdso_fixtures::images::{GoodImages, Kind};
use vdso_fixtures::object::good;
use vdso_link::link::splice::splice;
use vdso_link::{CheckedObject, Image, LinkedImage};
use vdso_native::RunningImage;

/// A good file.
pub struct Seed {
    /// Its name in recipes.
    pub name: &'static str,
    /// Its bytes.
    pub data: Vec<u8>,
    /// The named places by their indices.
    pub(crate) places: BTreeMap<usize, Range<usize>>,
    /// Whether only this machine has it. Such files are last in their list.
    pub(crate) of_machine: bool,
    /// The kind of an image that is verified with the facts of its build; `None` for an image without them.
    pub(crate) kind: Option<Kind>,
}

impl Seed {
    fn new(name: &'static str, data: &[u8], kind: Option<Kind>) -> Self {
        Self { name, data: data.to_vec(), places: places(data), of_machine: false, kind }
    }
}

/// All good files by their use.
pub struct Seeds {
    /// Objects.
    pub objects: Vec<Seed>,
    /// Images that keep every rule, with the facts of their builds and without.
    pub images: Vec<Seed>,
    /// Images to splice into, and splices to undo.
    pub bases: Vec<Seed>,
    /// The object to splice into them.
    pub(crate) payload: &'static CheckedObject,
    good: &'static GoodImages,
}

impl Seeds {
    /// Makes the good files that every machine has, so that recipes mean the same everywhere.
    ///
    /// # Panics
    /// If the toolchain cannot assemble or link.
    pub fn make() -> Self {
        let (payload, good) = (good(), GoodImages::get());
        let by = |name, kind| Seed::new(name, good.data(kind), Some(kind));
        let found = |name, kind| Seed::new(name, good.data(kind), None);
        let images = vec![
            by("debug", Kind::Debug),
            by("stripped", Kind::Stripped),
            by("splice", Kind::Splice),
            by("replacement", Kind::Replacement),
            found("debug-as-found", Kind::Debug),
            found("splice-as-found", Kind::Splice),
            found("replacement-as-found", Kind::Replacement),
        ];
        let base = |name, base: Base| Seed::new(name, base.image().data(), None);
        let mut bases = vec![
            base("base", Base::WITHOUT_GETRANDOM),
            base("base-with-getrandom", Base::WITH_GETRANDOM),
            base("base-stripped", Base { stripped: true, ..Base::WITHOUT_GETRANDOM }),
        ];
        bases.extend([found("splice", Kind::Splice), found("replacement", Kind::Replacement)]);
        let objects = vec![Seed::new("object", payload.object().data(), None)];
        Self { objects, images, bases, payload, good }
    }

    /// Adds the files that only this machine has: the running kernel's image, and the products of `cargo xtask build-vdso` in
    /// `directory`. Recipes for them mean nothing elsewhere. Absent files are left out.
    #[must_use]
    pub fn with_machine(mut self, directory: &Path) -> Self {
        let read = |name: &str| std::fs::read(directory.join(name)).ok();
        let seed = |name, data: &[u8]| Seed { of_machine: true, ..Seed::new(name, data, None) };
        self.objects.extend(read("vgetrandom.o").map(|data| seed("built-object", &data)));
        let products =
            [("built-debug", "vdso64.so.dbg"), ("built-stripped", "vdso64.so"), ("built-splice", "spliced.so")];
        for (name, file) in products {
            self.images.extend(read(file).map(|data| seed(name, &data)));
        }
        if let Ok(running) = RunningImage::find() {
            self.bases.push(seed("running", running.image.data()));
            if let Ok(spliced) = splice(self.payload, running.image) {
                self.images.push(seed("running-splice", spliced.image.data()));
            }
        }
        self
    }

    /// Returns an image of these bytes, with the facts of the seed's build if it has some; `None` if the bytes are no ELF file,
    /// or the kernel of the image is unknown.
    pub(crate) fn linked(&self, seed: Option<&Seed>, data: Vec<u8>) -> Option<LinkedImage> {
        match seed.and_then(|seed| seed.kind) {
            Some(kind) => self.good.with_data(kind, data),
            None => LinkedImage::found(Image::from_bytes(Path::new("found.so"), data).ok()?).ok(),
        }
    }
}
