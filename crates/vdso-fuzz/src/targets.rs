// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The operations on files that may come from an attacker, and the properties that must hold for every file.

use crate::load::load;
use crate::recipe::Recipe;
use crate::seeds::{Seed, Seeds};
use std::path::Path;
use vdso_link::link::splice::splice;
use vdso_link::link::unsplice::unsplice;
use vdso_link::{Image, LinkedImage, Object, Report, check, diff, dump, verify};

/// A fuzz target. This is the one list of them: programs, kept inputs and the page are tested against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The parser of objects and the object rules.
    Object,
    /// The parser of images, dump and diff.
    Image,
    /// The image rules, with the original beside a splice and without.
    Verify,
    /// Splice and unsplice.
    Splice,
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 4] = [Self::Object, Self::Image, Self::Verify, Self::Splice];

    /// Returns the name of the target, of its program and of its corpus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Image => "image",
            Self::Verify => "verify",
            Self::Splice => "splice",
        }
    }

    /// Returns the good files that its recipes edit.
    pub fn seeds(self, seeds: &Seeds) -> &[Seed] {
        match self {
            Self::Object => &seeds.objects,
            Self::Image | Self::Verify => &seeds.images,
            Self::Splice => &seeds.bases,
        }
    }

    /// Applies the target to a file, and returns whether it was accepted.
    ///
    /// # Panics
    /// If a property does not hold, which is what the fuzzer looks for.
    pub fn run(self, seeds: &Seeds, recipe: &Recipe) -> bool {
        let data = recipe.apply(self.seeds(seeds));
        match self {
            Self::Object => object(data),
            Self::Image => image(data),
            Self::Verify => verified(seeds, recipe.seed(&seeds.images), data),
            Self::Splice => spliced(seeds, data),
        }
    }
}

/// Checks a report: it can be printed in both forms, and each rule without a finding examined something.
fn printed(report: &Report) {
    let (text, json) = (report.to_string(), report.to_json());
    assert_eq!(text.is_empty(), report.passed());
    assert_eq!(json["passed"], report.passed());
    assert!(!report.passed() || report.examined().values().all(|&count| count > 0), "{:?}", report.examined());
}

fn object(data: Vec<u8>) -> bool {
    let Ok(object) = Object::from_bytes(Path::new("fuzzed.o"), data) else { return false };
    match check(object) {
        Ok(Ok(checked)) => {
            printed(checked.report());
            true
        }
        Ok(Err(report)) => {
            printed(&report);
            false
        }
        Err(_) => false,
    }
}

fn image(data: Vec<u8>) -> bool {
    let data_sum = data.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
    let Ok(image) = Image::from_bytes(Path::new("fuzzed.so"), data) else { return false };
    // `dump` refuses a file for its size only.
    let Ok(text) = dump(&image) else { return false };
    assert!(!text.to_string().is_empty());
    // A comparison makes two dumps: one image in eight has to do.
    if data_sum % 8 == 0 {
        let differences = diff(&image, &image).expect("an image can be compared");
        assert!(differences.is_empty(), "an image differs from itself: {differences:?}");
    }
    LinkedImage::found(image).is_ok()
}

fn verified(seeds: &Seeds, seed: Option<&Seed>, data: Vec<u8>) -> bool {
    let Some(linked) = seeds.linked(seed, data) else { return false };
    match verify(linked) {
        Ok(Ok(verified)) => {
            printed(verified.report());
            let linked = verified.into_linked();
            load(&linked).unwrap_or_else(|reason| panic!("a verified image does not load: {reason}"));
            true
        }
        Ok(Err(report)) => {
            printed(&report);
            false
        }
        Err(_) => false,
    }
}

fn spliced(seeds: &Seeds, data: Vec<u8>) -> bool {
    let Ok(image) = Image::from_bytes(Path::new("fuzzed.so"), data) else { return false };
    let restored = unsplice(&image).is_ok();
    let Ok(spliced) = splice(seeds.payload, image) else { return restored };
    let original = spliced.original.as_ref().expect("a splice has its original");
    // An image without section headers has no undo record.
    if !original.elf().expect("it was parsed before").elf_section_table().is_empty() {
        let restored = unsplice(&spliced.image).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(restored.data(), original.data(), "unsplice restored another image");
    }
    true
}
