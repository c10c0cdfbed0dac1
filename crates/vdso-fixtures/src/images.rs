// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images that keep every image rule.

use crate::base::Base;
use crate::object::{GOOD, assemble_to, checked};
use crate::toolchain::{run, rust_lld, standalone_script};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use vdso_abi::exports::{EXPORTS, Export};
use vdso_link::link::splice::splice;
use vdso_link::link::standalone::{LAYOUT, Linker, StandaloneLink};
use vdso_link::{DataPageLayout, Image, LinkedImage, Object, verify};

/// The kind of a good image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The stand-alone image with symbols for debuggers.
    Debug,
    /// The stand-alone image without them, as it is mapped.
    Stripped,
    /// The object spliced into an image of the shape of 6.1.
    Splice,
    /// The object spliced into an image of the shape of 6.18, which already exports a `getrandom`.
    Replacement,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Stripped, Self::Splice, Self::Replacement];
}

/// The bytes of an image, with the facts that `verify` needs about it.
struct Made {
    kind: Kind,
    data: Vec<u8>,
    layout: DataPageLayout,
    exports: &'static [Export],
    original: Option<Image>,
    object: Object,
}

/// One good image of each kind.
pub struct GoodImages {
    images: Vec<Made>,
}

impl GoodImages {
    /// Returns the images, which are linked once in a process.
    ///
    /// # Panics
    /// If the toolchain fails.
    pub fn get() -> &'static Self {
        static IMAGES: LazyLock<GoodImages> = LazyLock::new(GoodImages::link);
        &IMAGES
    }

    fn link() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let object = checked(&assemble_to(directory.path(), "good", GOOD));
        let standalone = |kind, flags| {
            let script = std::fs::read_to_string(standalone_script()).expect("the script is there");
            let data = link(GOOD, &script, flags);
            Made { kind, data, layout: *LAYOUT, exports: &EXPORTS, original: None, object: object.object().clone() }
        };
        let spliced = |kind, base: Base| {
            let linked = splice(&object, base.link(directory.path())).expect("the base takes the object");
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

    /// Returns the bytes of an image.
    pub fn data(&self, kind: Kind) -> &[u8] {
        &self.made(kind).data
    }

    /// Returns the image that a splice was made from.
    ///
    /// # Panics
    /// For a stand-alone image.
    pub fn original(&self, kind: Kind) -> &Image {
        self.made(kind).original.as_ref().expect("the image is a splice")
    }

    /// Returns an image with all facts that its build recorded.
    ///
    /// # Panics
    /// Never: the good images are ELF files.
    pub fn linked(&self, kind: Kind) -> LinkedImage {
        self.with_data(kind, self.data(kind).to_vec()).expect("the good image is an ELF file")
    }

    /// Returns the same facts with other bytes; `None` if the bytes are no ELF file.
    pub fn with_data(&self, kind: Kind, data: Vec<u8>) -> Option<LinkedImage> {
        let Made { layout, exports, original, object, .. } = self.made(kind);
        let image = Image::from_bytes(Path::new("fixture.so"), data).ok()?;
        let (original, object) = (original.clone(), Some(object.clone()));
        Some(LinkedImage { image, layout: *layout, exports, original, object })
    }

    /// Whether `verify` accepts these bytes in place of a good image.
    pub fn is_verified(&self, kind: Kind, data: Vec<u8>) -> bool {
        self.with_data(kind, data).is_some_and(|linked| matches!(verify(linked), Ok(Ok(_))))
    }

    fn made(&self, kind: Kind) -> &Made {
        self.images.iter().find(|made| made.kind == kind).expect("every kind is made")
    }
}

/// Assembles `source` and links a stand-alone image of it, which may break rules.
///
/// # Panics
/// If the toolchain rejects it.
pub fn link(source: &str, script: &str, flags: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    // The linker stage takes checked objects only: its arguments are made for the good object, whose place the other takes.
    let good = checked(&assemble_to(directory.path(), "good", GOOD));
    let object = assemble_to(directory.path(), "fixture", source);
    let [script_path, output] = ["vdso.lds", "image.so"].map(|name| directory.path().join(name));
    std::fs::write(&script_path, script).expect("the directory is writable");
    let link = StandaloneLink { linker: Linker::Lld, object: &good, script: &script_path, output: &output };
    let mut arguments = link.arguments();
    assert_eq!(arguments.pop().as_deref(), Some(good.object().path().as_os_str()));
    run(Command::new(rust_lld()).args(arguments).args(flags).arg(object));
    std::fs::read(output).expect("the linker wrote the image")
}
