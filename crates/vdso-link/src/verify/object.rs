// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules that hold an image against the object that it was made from, where that is known.
//!
//! The object was looked at instruction by instruction, so that its code need not be understood again: it only has to be
//! there, at the place that [`placement`] finds, with the distances that this place gives.

mod placement;

use self::placement::{Entry, Payload};
use super::ImageRule;
use super::unwinding::{self, Unwinding};
use crate::{Examination, LinkedImage, Rule};
use vdso_elf::disassembly::spaced;
use vdso_elf::error::Error;
use vdso_elf::memory::Memory;
use vdso_elf::place::Place;
use vdso_elf::sections::place;
use vdso_elf::unwind::unwind;

/// Why code differs from that of the object.
const CAUSE: &str = "the image was changed after it was linked, or it was linked from another object";

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-object/code",
            title: "code differs from the checked object",
            requirement: "code and constants are those of the checked object, with the distances of this image in them",
            reason: "The object rules checked each of its instructions; they say nothing about an image with other ones.",
            breaks: "Every guarantee of the object rules: one changed byte can put keys on the stack, or make them \
                     constant.",
        },
        applies: |linked| linked.object.is_some(),
        apply: code,
    },
    ImageRule {
        rule: Rule {
            id: "image-object/unwind",
            title: "unwind table differs from the checked object",
            requirement: "the unwind table describes our code as the table of the checked object does",
            reason: "The object rules compared its rows with the pushes and pops of the code; a readable row may still \
                     be wrong.",
            breaks: "Backtraces and pthread_cancel from a signal in our code, which take another value for the return \
                     address.",
        },
        applies: |linked| linked.object.is_some(),
        apply: frames,
    },
];

fn code(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(payload) = Payload::of(linked)? else { return Ok(()) };
    let elf = linked.image.elf()?;
    for Entry { section, value, name, address } in &payload.entries {
        let wanted = payload.addresses.get(section).map_or(*address, |base| base.wrapping_add(*value));
        examination.expect(
            *address == wanted,
            place(&elf, *address).in_symbol(name),
            format_args!("{name} at {address:#x}"),
            format_args!("{name} at {wanted:#x}, where its code is"),
        );
    }
    for (index, section) in payload.sections() {
        let Some(&address) = payload.addresses.get(&index) else {
            let found = format!("no bytes of {} of the object", section.name);
            examination.find(Place::default(), found, "every section of the object", CAUSE);
            continue;
        };
        let wanted = payload.linked_bytes(section, address);
        let found = Memory::of(&elf).from(address).unwrap_or_default();
        examination.examined += wanted.len();
        for piece in payload.pieces(index) {
            let differs = |offset: &usize| found.get(*offset) != wanted.get(*offset);
            let Some(offset) = piece.clone().find(differs) else { continue };
            let show = |bytes: &[u8]| spaced(&bytes[offset..bytes.len().min(offset + 8).min(piece.end)]);
            let name = payload.object.function_at(index, offset as u64).map_or("", |function| function.name());
            examination.find(
                place(&elf, address.wrapping_add(offset as u64)).in_symbol(name),
                if offset < found.len() { format!("the bytes {}", show(found)) } else { "the end of the image".into() },
                format!("the bytes {}, as {}+{offset:#x} of the object", show(&wanted), section.name),
                CAUSE,
            );
        }
    }
    Ok(())
}

fn frames(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(payload) = Payload::of(linked)? else { return Ok(()) };
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
