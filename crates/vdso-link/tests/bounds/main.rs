// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Files up to the largest that is read cost time and memory in proportion to their length, whatever they hold: each of their
//! tables is within its bound, or they are refused.

mod instructions;
mod memory;
mod ways;

use std::path::Path;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::good;
use vdso_link::link::splice::splice;
use vdso_link::link::unsplice::unsplice;
use vdso_link::{CheckedObject, Error, Image, LinkedImage, Object, check, diff, dump, verify};
use ways::{OF_IMAGES, OF_OBJECTS, WAYS, Way, grown};

/// The length of the large files, in bytes: the largest that is read.
const LARGE: usize = 64 << 20;

/// What a door may have allocated at a time beside copies of the file, in bytes.
const EXTRA: usize = 192 << 20;

/// A way in for files.
struct Door {
    name: &'static str,
    takes: Kind,
    /// What it says of a file. The object is what is spliced.
    through: fn(&CheckedObject, Vec<u8>) -> Result<(), Error>,
}

#[derive(Clone, Copy)]
enum Kind {
    Object,
    Image,
}

const DOORS: [Door; 6] = [
    Door {
        name: "check",
        takes: Kind::Object,
        through: |_, data| check(Object::from_bytes(Path::new("large.o"), data)?).map(drop),
    },
    Door { name: "verify", takes: Kind::Image, through: |_, data| verify(LinkedImage::found(image(data)?)?).map(drop) },
    Door {
        name: "dump",
        takes: Kind::Image,
        through: |_, data| dump(&image(data)?).map(|dump| drop(dump.to_string())),
    },
    Door {
        name: "diff",
        takes: Kind::Image,
        through: |_, data| {
            let image = image(data)?;
            diff(&image, &image).map(|differences| assert!(differences.is_empty()))
        },
    },
    Door {
        name: "splice",
        takes: Kind::Image,
        through: |object, data| {
            let spliced = splice(object, image(data)?)?;
            let original = spliced.original.unwrap();
            assert_eq!(unsplice(&spliced.image)?.data(), original.data());
            Ok(())
        },
    },
    Door {
        name: "unsplice",
        takes: Kind::Image,
        through: |_, data| match unsplice(&image(data)?) {
            // What nobody spliced is refused for that.
            Err(Error::Refused { what, .. }) if what.contains("it has no section") => Ok(()),
            other => other.map(drop),
        },
    },
];

fn image(data: Vec<u8>) -> Result<Image, Error> {
    Image::from_bytes(Path::new("large.so"), data)
}

/// Sends files of a length, large in all ways, through a door. Sees to it that it takes no more memory than it may, and
/// refuses what it should.
fn send(door: &Door, length: usize) {
    let object = good();
    let base = Base::WITH_GETRANDOM.image();
    let (good, ways): (_, &[Way]) = match door.takes {
        Kind::Object => (object.object().data(), &OF_OBJECTS),
        Kind::Image => (base.data(), &OF_IMAGES),
    };
    for way in WAYS.iter().chain(ways) {
        let data = grown(good, way, length);
        assert!(data.len() <= length, "{}: {} bytes", way.name, data.len());
        let copy = data.clone();
        let (outcome, taken) = memory::taken(|| (door.through)(object, copy));
        println!("{}: {} of {} bytes: {taken} bytes", door.name, way.name, data.len());
        // A splice has the original, the new file and the way back from it; each buffer may have grown to twice its size.
        assert!(taken <= 6 * data.len() + EXTRA, "{}: {}: {taken} bytes", door.name, way.name);
        match (outcome, way.refusal) {
            (Ok(()), None) => {}
            (Err(error), Some(words)) if error.to_string().contains(words) => {}
            (outcome, _) => panic!("{}: {}: {outcome:?}", door.name, way.name),
        }
    }
}

#[test]
fn large_files_take_memory_by_their_length() {
    DOORS.iter().for_each(|door| send(door, LARGE));
}
