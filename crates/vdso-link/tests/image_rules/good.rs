// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images that keep every rule, made by the toolchain's own compiler and linker.

use crate::fixture::{Base, GOOD, assemble, checked, run, rust_lld, script};
use std::path::Path;
use std::process::Command;
use vdso_abi::exports::{EXPORTS, Export};
use vdso_link::link::splice::splice;
use vdso_link::link::standalone::{LAYOUT, Linker, StandaloneLink};
use vdso_link::{DataPageLayout, Image, LinkedImage, Object};

/// Which good image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The stand-alone image with symbols for debuggers.
    Debug,
    /// The stand-alone image as it is mapped.
    Stripped,
    /// The object spliced into an image of the 6.1 shape.
    Splice,
    /// The object spliced into an image of the 6.18 shape, which has a getrandom of its own.
    Replacement,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Debug, Self::Stripped, Self::Splice, Self::Replacement];
}

/// An image as bytes, with what `verify` is told about it.
struct Made {
    kind: Kind,
    data: Vec<u8>,
    layout: DataPageLayout,
    exports: &'static [Export],
    original: Option<Image>,
    object: Object,
}

/// One good image of each kind.
pub struct Good {
    images: Vec<Made>,
}

impl Good {
    pub fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let object = checked(&assemble(folder.path(), "good", GOOD));
        let standalone = |kind, flags| {
            let data = link(GOOD, &std::fs::read_to_string(script()).unwrap(), flags);
            Made { kind, data, layout: *LAYOUT, exports: &EXPORTS, original: None, object: object.object().clone() }
        };
        let spliced = |kind, base: Base| {
            let linked = splice(&object, base.link(folder.path())).unwrap();
            let LinkedImage { image, layout, exports, original, object } = linked;
            let object = object.expect("the splice knows its object");
            Made { kind, data: image.data().to_vec(), layout, exports, original, object }
        };
        let images = vec![
            standalone(Kind::Debug, &[]),
            standalone(Kind::Stripped, &["--strip-all"]),
            spliced(Kind::Splice, Base::WITHOUT_GETRANDOM),
            spliced(Kind::Replacement, Base::WITH_GETRANDOM),
        ];
        Self { images }
    }

    /// The bytes of an image.
    pub fn data(&self, kind: Kind) -> &[u8] {
        &self.made(kind).data
    }

    /// The image that a splice was made from.
    pub fn original(&self, kind: Kind) -> &Image {
        self.made(kind).original.as_ref().expect("the image is a splice")
    }

    /// An image as its maker hands it over.
    pub fn linked(&self, kind: Kind) -> LinkedImage {
        self.with_data(kind, self.data(kind).to_vec()).expect("the good image is an ELF file")
    }

    /// The same with other bytes; `None` where they are no ELF file at all.
    pub fn with_data(&self, kind: Kind, data: Vec<u8>) -> Option<LinkedImage> {
        let Made { layout, exports, original, object, .. } = self.made(kind);
        let image = Image::from_bytes(Path::new("fixture.so"), data).ok()?;
        let (original, object) = (original.clone(), Some(object.clone()));
        Some(LinkedImage { image, layout: *layout, exports, original, object })
    }

    fn made(&self, kind: Kind) -> &Made {
        self.images.iter().find(|made| made.kind == kind).expect("every kind is made")
    }
}

/// Assembles and links a stand-alone image; a bad one too, as long as the linker takes it.
pub fn link(source: &str, script: &str, flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    // The arguments are those of the linker stage, which asks for a checked object: the good one, in whose place another
    // is linked.
    let good = checked(&assemble(folder.path(), "good", GOOD));
    let object = assemble(folder.path(), "fixture", source);
    let [script_path, output] = ["vdso.lds", "image.so"].map(|name| folder.path().join(name));
    std::fs::write(&script_path, script).unwrap();
    let link = StandaloneLink { linker: Linker::Lld, object: &good, script: &script_path, output: &output };
    let mut arguments = link.arguments();
    assert_eq!(arguments.pop().as_deref(), Some(good.object().path().as_os_str()));
    run(Command::new(rust_lld()).args(arguments).args(flags).arg(object));
    std::fs::read(output).unwrap()
}
