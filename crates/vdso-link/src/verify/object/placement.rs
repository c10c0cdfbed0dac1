// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where a linker placed each section of the object in an image, also among the code of other objects.
//!
//! The exported symbols place the sections of the entry points. Each reference in a placed section places the section that it
//! refers to. A section that no reference reaches is searched by its bytes.

use crate::LinkedImage;
use object::LittleEndian as LE;
use std::collections::BTreeMap;
use std::ops::Range;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::frames::EH_FRAME;
use vdso_elf::anatomy::tables::{Home, Relocation, Section};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::memory::Memory;
use vdso_elf::symbols::exported;

/// Width of the field of a relocation, in bytes: a checked object has `R_X86_64_PC32` and `R_X86_64_PLT32` only.
const FIELD: usize = 4;

/// An exported function of the object that the image has too.
pub(super) struct Entry {
    /// Index of its section in the object.
    pub(super) section: usize,
    /// Offset in the section, in bytes.
    pub(super) value: u64,
    /// Its name.
    pub(super) name: &'static str,
    /// Its address in the image.
    pub(super) address: u64,
}

/// The object in its place.
pub(super) struct Payload<'a> {
    linked: &'a LinkedImage,
    /// The object.
    pub(super) object: Anatomy<'a>,
    memory: Memory<'a>,
    /// The exported functions, by which the rest was found.
    pub(super) entries: Vec<Entry>,
    /// Address of each section that was placed, by its index in the object.
    pub(super) addresses: BTreeMap<usize, u64>,
}

impl<'a> Payload<'a> {
    /// Places the sections; `None` where no object is known.
    ///
    /// # Errors
    /// [`Error::Malformed`] where image or object cannot be read.
    pub(super) fn of(linked: &'a LinkedImage) -> Result<Option<Self>, Error> {
        let Some(object) = &linked.object else { return Ok(None) };
        let (elf, object) = (linked.image.elf()?, Anatomy::of(object)?);
        let exports = exported(&elf, &Dynamic::of(&elf));
        let entry = |name: &'static str| {
            let export = exports.iter().find(|export| export.name == name)?;
            let symbol = object.symbol(name)?;
            let Home::Section(section) = symbol.home else { return None };
            Some(Entry { section, value: symbol.value, name, address: export.symbol.st_value.get(LE) })
        };
        let entries = linked.exports.iter().filter_map(|export| entry(export.name)).collect();
        let memory = Memory::of(&elf);
        let mut payload = Self { linked, object, memory, entries, addresses: BTreeMap::new() };
        payload.place_all();
        Ok(Some(payload))
    }

    /// The sections that a linker copies into the image as they are.
    pub(super) fn sections(&self) -> impl Iterator<Item = (usize, &Section<'a>)> {
        self.object.allocated().filter(|(_, section)| section.name != EH_FRAME && !section.data.is_empty())
    }

    fn place_all(&mut self) {
        let mut open = Vec::new();
        for index in 0..self.entries.len() {
            let Entry { section, value, address, .. } = self.entries[index];
            // A second entry point of a section is compared with this place, not believed.
            self.place(section, address.wrapping_sub(value), &mut open);
        }
        let mut doubtful = BTreeMap::new();
        self.follow(&mut open, &mut doubtful);
        let indices: Vec<usize> = self.sections().map(|(index, _)| index).collect();
        for index in indices {
            if !self.addresses.contains_key(&index)
                && let Some(address) = self.search(index)
            {
                self.place(index, address, &mut open);
                self.follow(&mut open, &mut doubtful);
            }
        }
        // A section whose bytes are nowhere was changed: the reference to it says where it should be.
        for (section, address) in doubtful {
            self.addresses.entry(section).or_insert(address);
        }
    }

    /// Places the sections that the sections in `open` refer to, and those that these refer to. A reference to other bytes
    /// than those of the section is doubtful: the reference was changed, or the section.
    fn follow(&mut self, open: &mut Vec<usize>, doubtful: &mut BTreeMap<usize, u64>) {
        while let Some(index) = open.pop() {
            for (section, address) in self.references(index) {
                if self.is_at(section, address) {
                    self.place(section, address, open);
                } else {
                    doubtful.entry(section).or_insert(address);
                }
            }
        }
    }

    /// Places a section, unless it has a place.
    fn place(&mut self, section: usize, address: u64, open: &mut Vec<usize>) {
        self.addresses.entry(section).or_insert_with(|| {
            open.push(section);
            address
        });
    }

    /// The sections that a placed section refers to, each with the address that the image has in the reference.
    fn references(&self, index: usize) -> Vec<(usize, u64)> {
        let Some(&base) = self.addresses.get(&index) else { return Vec::new() };
        let reference = |relocation: &Relocation| {
            let symbol = &self.object.symbols[relocation.symbol];
            let Home::Section(section) = symbol.home else { return None };
            let at = base.wrapping_add(relocation.offset);
            let field = self.memory.bytes(at, FIELD as u64)?.try_into().ok()?;
            // The psABI stores S + A - P.
            let target = at.wrapping_add_signed(i32::from_le_bytes(field).into());
            Some((section, target.wrapping_add_signed(relocation.addend.wrapping_neg()).wrapping_sub(symbol.value)))
        };
        self.object.sections[index].relocations.iter().filter_map(reference).collect()
    }

    /// Whether the image has the bytes of a section at an address, apart from the fields of its relocations.
    fn is_at(&self, section: usize, address: u64) -> bool {
        let section = &self.object.sections[section];
        let Some(found) = self.memory.bytes(address, section.data.len() as u64) else { return false };
        let fields = section.relocations.iter().map(|relocation| relocation.offset as usize);
        let mut start = 0;
        for field in fields.chain([section.data.len()]) {
            let end = field.clamp(start, section.data.len());
            if section.data[start..end] != found[start..end] {
                return false;
            }
            start = end.saturating_add(FIELD).min(section.data.len());
        }
        true
    }

    /// The address of a section by its bytes: the first after the section that precedes it in the object, because linkers
    /// keep the order of a file, or else the first in the image.
    fn search(&self, index: usize) -> Option<u64> {
        let section = &self.object.sections[index];
        let Range { start, end } = self.memory.range();
        let same_kind = |other: usize| self.object.sections[other].is_text() == section.is_text();
        let before = self.addresses.range(..index).rfind(|(other, _)| same_kind(**other));
        let after = before.map_or(start, |(&other, &address)| {
            address.saturating_add(self.object.sections[other].size).clamp(start, end)
        });
        let step = section.alignment.max(1);
        let aligned =
            |from: u64, to: u64| (from.checked_next_multiple_of(step).unwrap_or(to)..to).step_by(step as usize);
        aligned(after, end).chain(aligned(start, after)).find(|&address| self.is_at(index, address))
    }

    /// The bytes of a section that lies at an address, as the linker has to write them.
    pub(super) fn linked_bytes(&self, section: &Section<'_>, address: u64) -> Vec<u8> {
        let mut bytes = section.data.to_vec();
        for relocation in &section.relocations {
            let field =
                usize::try_from(relocation.offset).ok().and_then(|offset| bytes.get_mut(offset..)?.get_mut(..FIELD));
            if let (Some(field), Some(target)) = (field, self.target(relocation)) {
                // S + A - P of the psABI, for the two kinds that a checked object has.
                let distance = target.wrapping_sub(address).wrapping_sub(relocation.offset) as u32;
                field.copy_from_slice(&distance.to_le_bytes());
            }
        }
        bytes
    }

    /// The address that a relocation refers to, with its addend.
    fn target(&self, relocation: &Relocation) -> Option<u64> {
        let symbol = &self.object.symbols[relocation.symbol];
        let value = match symbol.home {
            Home::Section(section) => self.addresses.get(&section)?.wrapping_add(symbol.value),
            _ => self.linked.layout.value_of(symbol.name)?.cast_unsigned(),
        };
        Some(value.wrapping_add_signed(relocation.addend))
    }

    /// A section in pieces: its functions, and what lies between them.
    pub(super) fn pieces(&self, index: usize) -> Vec<Range<usize>> {
        let length = self.object.sections[index].data.len();
        let starts = self.object.functions.iter().filter(|function| function.section == index);
        let mut ends: Vec<usize> = starts.map(|function| (function.start as usize).min(length)).collect();
        ends.push(length);
        let mut start = 0;
        let pieces = ends.into_iter().map(|end| {
            let piece = start..end;
            start = end;
            piece
        });
        pieces.filter(|piece| !piece.is_empty()).collect()
    }
}
