// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules that hold an image against the object that it was made from, where that is known.
//!
//! The object was looked at instruction by instruction, so that its code need not be understood again: it only has to be
//! there. Where each section came to lie follows from the order in which linkers place them, and is computed here, not taken
//! from what made the image.

use super::ImageRule;
use super::unwinding::{self, Unwinding};
use crate::check::anatomy::{Anatomy, Home, Relocation, Section};
use crate::check::frames::EH_FRAME;
use crate::disassembly::spaced;
use crate::read::memory::Memory;
use crate::read::sections::{place, section};
use crate::read::unwind::unwind;
use crate::rule::Place;
use crate::{Error, Examination, LinkedImage, Rule};
use std::collections::BTreeMap;

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-object/code",
            demand: "code and constants are those of the checked object, with the distances of this image in them",
            why: "The object's rules looked at each of its instructions; they say nothing about an image with other ones.",
            breaks: "Whatever the object's rules promise: one changed byte can put keys on the stack, or make them constant.",
        },
        applies: |linked| linked.object.is_some(),
        apply: code,
    },
    ImageRule {
        rule: Rule {
            id: "image-object/unwind",
            demand: "what the unwind table says of our code is what the table of the checked object says",
            why: "Its rows were held against the pushes and pops of the code; a row that can be read may still be wrong.",
            breaks: "Backtraces and pthread_cancel from a signal in our code: they take some value for the return address.",
        },
        applies: |linked| linked.object.is_some(),
        apply: frames,
    },
];

/// The sections of an image that hold the code and the constants of the object: of a splice, or of a stand-alone image.
const HOMES: [[&str; 2]; 2] = [[".text.vgetrandom", ".rodata.vgetrandom"], [".text", ".rodata"]];

/// The object in its place.
struct Payload<'a> {
    linked: &'a LinkedImage,
    object: Anatomy<'a>,
    /// Where each of its sections lies in the image, by its index.
    addresses: BTreeMap<usize, u64>,
}

impl<'a> Payload<'a> {
    /// Finds the places; `None` where the image has no section for them, which is a finding, or no object is known.
    fn of(linked: &'a LinkedImage, examination: &mut Examination) -> Result<Option<Self>, Error> {
        let Some(object) = &linked.object else { return Ok(None) };
        let (elf, object) = (linked.image.elf()?, Anatomy::of(object)?);
        let homes = HOMES.map(|names| names.map(|name| section(&elf, name)));
        let Some([Some(text), Some(rodata)]) = homes.into_iter().find(|homes| homes.iter().all(Option::is_some)) else {
            examination.expect(false, Place::default(), "no section of code or of constants", "one of each");
            return Ok(None);
        };
        let mut addresses = BTreeMap::new();
        for (home, is_text) in [(text, true), (rodata, false)] {
            let mut end = home.addresses().start;
            let group = object.allocated().filter(|(_, it)| it.name != EH_FRAME && it.is_text() == is_text);
            for (index, section) in group {
                let start = end.checked_next_multiple_of(section.alignment.max(1)).unwrap_or(u64::MAX);
                addresses.insert(index, start);
                end = start.saturating_add(section.size);
            }
        }
        Ok(Some(Self { linked, object, addresses }))
    }

    /// The bytes of a section of the object, which lies at an address, after linking.
    fn linked_bytes(&self, section: &Section<'_>, address: u64) -> Vec<u8> {
        let mut bytes = section.data.to_vec();
        for relocation in &section.relocations {
            let field =
                usize::try_from(relocation.offset).ok().and_then(|offset| bytes.get_mut(offset..)?.get_mut(..4));
            if let (Some(field), Some(target)) = (field, self.target(relocation)) {
                // S + A - P of the psABI, for the two kinds that a checked object has.
                let distance = target.wrapping_sub(address).wrapping_sub(relocation.offset) as u32;
                field.copy_from_slice(&distance.to_le_bytes());
            }
        }
        bytes
    }

    /// What a relocation refers to, with its addend.
    fn target(&self, relocation: &Relocation) -> Option<u64> {
        let symbol = &self.object.symbols[relocation.symbol];
        let value = match symbol.home {
            Home::Section(section) => self.addresses.get(&section)?.wrapping_add(symbol.value),
            _ => self.linked.layout.value_of(symbol.name)?.cast_unsigned(),
        };
        Some(value.wrapping_add_signed(relocation.addend))
    }
}

fn code(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(payload) = Payload::of(linked, examination)? else { return Ok(()) };
    let elf = linked.image.elf()?;
    for (&index, &address) in &payload.addresses {
        let section = &payload.object.sections[index];
        let wanted = payload.linked_bytes(section, address);
        let found = Memory::of(&elf).bytes(address, wanted.len() as u64);
        examination.examined += wanted.len();
        let differs = found.map_or(Some(0), |found| found.iter().zip(&wanted).position(|(a, b)| a != b));
        let Some(offset) = differs else { continue };
        let show = |bytes: &[u8]| spaced(&bytes[offset..bytes.len().min(offset + 8)]);
        examination.find(
            place(&elf, address + offset as u64),
            found.map_or("the end of the image".into(), |found| format!("the bytes {}", show(found))),
            format!("the bytes {}, as {}+{offset:#x} of the object", show(&wanted), section.name),
            "the image was changed after it was linked, or the linker placed the sections in another order",
        );
    }
    Ok(())
}

fn frames(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(payload) = Payload::of(linked, examination)? else { return Ok(()) };
    // Tables that cannot be read are another rule's finding.
    let Ok(unwind) = unwind(&linked.image.elf()?) else { return Ok(()) };
    for frame in &payload.object.frames {
        let Some((section, range)) = &frame.range else { continue };
        let Some(address) = payload.addresses.get(section) else { continue };
        let start = address.wrapping_add(range.start);
        let wanted = Unwinding {
            rows: frame.rows.iter().map(|row| row.moved(*address)).collect(),
            is_signal_frame: frame.is_signal_frame,
            return_address: frame.return_address,
        };
        let name = payload.object.function_at(*section, range.start).map_or("", |function| function.name());
        unwinding::expect(examination, &unwind, start, &wanted, name, "the object");
    }
    Ok(())
}
