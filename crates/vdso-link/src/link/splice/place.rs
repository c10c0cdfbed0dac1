// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A linker for one object: gives each section an address and resolves every reference, because no loader relocates a vDSO.

use super::eh_frame::Frames;
use crate::DataPageLayout;
use object::LittleEndian as LE;
use object::elf::{
    R_X86_64_PC32, R_X86_64_PLT32, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, STT_FUNC, STT_OBJECT, SymbolType,
};
use object::read::elf::ElfSection64;
use object::{
    Object as _, ObjectSection as _, ObjectSymbol as _, Relocation, RelocationFlags, RelocationTarget, SectionIndex,
    SymbolIndex,
};
use std::collections::BTreeMap;
use std::ops::Range;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::Export;
use vdso_elf::error::Error;
use vdso_elf::object::Object;
use vdso_elf::parser::ElfFile;

/// Alignment of the code and of the constants after it, in bytes: a cache line.
pub(super) const ALIGN: u64 = 64;

/// `int3`: what a stray jump between two functions meets.
const TEXT_FILL: u8 = 0xcc;

/// Size of the field that a 32-bit relocation fills, in bytes.
const FIELD: usize = size_of::<i32>();

/// The next step for an object that was not checked.
const NEXT: &str = "run `cargo xtask check` on it";

/// The object at its final address.
pub(super) struct Placed {
    /// Code and constants, relocated.
    pub(super) bytes: Vec<u8>,
    /// Addresses of the code; the first is that of `bytes`.
    pub(super) text: Range<u64>,
    /// Addresses of the constants; the end is that of `bytes`.
    pub(super) rodata: Range<u64>,
    /// The unwind information of the code.
    pub(super) frames: Frames,
    /// Where each wanted export came to lie, in the order in which they were asked for.
    pub(super) exports: Vec<PlacedExport>,
    /// Functions and constants by name, in the order of the object's symbol table.
    pub(super) symbols: Vec<PlacedSymbol>,
}

/// An export at its final address.
pub(super) struct PlacedExport {
    /// Name and binding.
    pub(super) export: Export,
    /// Address of the function.
    pub(super) address: u64,
    /// Size of the function, in bytes.
    pub(super) size: u64,
}

/// A function or a constant at its final address.
pub(super) struct PlacedSymbol {
    /// Its name, mangled as the object has it.
    pub(super) name: Vec<u8>,
    /// `STT_FUNC` or `STT_OBJECT`.
    pub(super) kind: SymbolType,
    /// Its address.
    pub(super) address: u64,
    /// Its size, in bytes.
    pub(super) size: u64,
}

/// Links `object` at `start`, with the data symbols where `layout` has them, and tells where `exports` came to lie.
///
/// # Errors
/// [`Error::Refused`] for a section or a reference that a vDSO cannot have. The check has excluded them; this code does not
/// rely on it, because a wrong placement would show only at run time.
pub(super) fn place(object: &Object, start: u64, layout: &DataPageLayout, exports: &[Export]) -> Result<Placed, Error> {
    let elf = object.elf()?;
    let mut linker = Linker { object, elf: &elf, layout, start, bytes: Vec::new(), addresses: BTreeMap::new() };
    linker.lay_out(Group::Text)?;
    let text = start..linker.end();
    linker.align(ALIGN, 0);
    let rodata = linker.end();
    linker.lay_out(Group::Rodata)?;
    let rodata = rodata..linker.end();
    // Only for relocation: the records are taken apart and written elsewhere, joined with those of the image.
    linker.align(ALIGN, 0);
    let frames = linker.end();
    linker.lay_out(Group::Frames)?;
    linker.relocate()?;

    let unwind = linker.bytes.split_off((frames - start) as usize);
    let frames = Frames::of_object(&unwind, frames, text.clone())
        .map_err(|what| linker.refused(format!(".eh_frame: {what}"), "build it with -C force-unwind-tables=yes"))?;
    linker.bytes.truncate((rodata.end - start) as usize);
    let exports = exports.iter().map(|export| linker.export(*export)).collect::<Result<_, _>>()?;
    let symbols = linker.symbols();
    Ok(Placed { bytes: linker.bytes, text, rodata, frames, exports, symbols })
}

/// Sections that are placed together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Text,
    Rodata,
    Frames,
}

impl Group {
    /// The group of an allocated section.
    fn of(section: &ElfSection64<'_, '_, LE>) -> Option<Self> {
        let flags = section.elf_section_header().sh_flags.get(LE);
        flags.contains(SHF_ALLOC).then(|| match section.name() {
            _ if flags.contains(SHF_EXECINSTR) => Self::Text,
            Ok(".eh_frame") => Self::Frames,
            _ => Self::Rodata,
        })
    }
}

/// The work in progress.
struct Linker<'a> {
    object: &'a Object,
    elf: &'a ElfFile<'a>,
    layout: &'a DataPageLayout,
    start: u64,
    bytes: Vec<u8>,
    /// Where each section that was laid out begins, by its index.
    addresses: BTreeMap<usize, u64>,
}

impl Linker<'_> {
    /// The first address that is still free.
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Fills up to the next multiple of `alignment`.
    fn align(&mut self, alignment: u64, fill: u8) {
        let length = self.end().next_multiple_of(alignment) - self.start;
        self.bytes.resize(length as usize, fill);
    }

    /// Appends all sections of a group, in the order in which the object has them.
    fn lay_out(&mut self, group: Group) -> Result<(), Error> {
        for section in self.elf.sections().filter(|section| Group::of(section) == Some(group)) {
            let name = section.name().unwrap_or("?");
            let data = section.data().map_err(|error| self.malformed(name, &error.to_string()))?;
            let flags = section.elf_section_header().sh_flags.get(LE);
            let fits = !flags.contains(SHF_WRITE) && !flags.contains(SHF_TLS) && data.len() as u64 == section.size();
            let alignment = section.align().max(1);
            if !fits || !alignment.is_power_of_two() || alignment > PAGE_SIZE as u64 {
                let what =
                    format!("section {name} is writable, thread-local, without content or aligned beyond a page");
                return Err(self.refused(what, NEXT));
            }
            self.align(alignment, if group == Group::Text { TEXT_FILL } else { 0 });
            self.addresses.insert(section.index().0, self.end());
            self.bytes.extend_from_slice(data);
        }
        Ok(())
    }

    /// Resolves every relocation of every section that was laid out.
    fn relocate(&mut self) -> Result<(), Error> {
        for (&index, &address) in &self.addresses {
            let section = self
                .elf
                .section_by_index(SectionIndex(index))
                .map_err(|error| self.malformed("?", &error.to_string()))?;
            for (offset, relocation) in section.relocations() {
                let distance = self.distance(&section, address, offset, &relocation)?;
                let field = (address - self.start + offset) as usize;
                self.bytes[field..field + FIELD].copy_from_slice(&distance.to_le_bytes());
            }
        }
        Ok(())
    }

    /// The value of a relocated field inside of its section, which lies at `address`.
    fn distance(
        &self,
        section: &ElfSection64<'_, '_, LE>,
        address: u64,
        offset: u64,
        relocation: &Relocation,
    ) -> Result<i32, Error> {
        let name = section.name().unwrap_or("?");
        if offset.checked_add(FIELD as u64).is_none_or(|end| end > section.size()) {
            return Err(self.malformed(name, &format!("a relocation at {offset:#x}, outside of the section")));
        }
        let refused = |what: &str| self.refused(format!("{name}+{offset:#x}: {what}"), NEXT);
        let RelocationFlags::Elf { r_type: R_X86_64_PC32 | R_X86_64_PLT32 } = relocation.flags() else {
            return Err(refused(&format!("{:?} is not PC-relative", relocation.flags())));
        };
        let RelocationTarget::Symbol(symbol) = relocation.target() else {
            return Err(refused("a relocation without a symbol"));
        };
        let value = self.value(symbol).ok_or_else(|| refused("a reference to something without an address"))?;
        // S + A - P of the psABI; PLT32 is the same for a function in the same image.
        let distance = value.wrapping_add(relocation.addend()).wrapping_sub((address + offset) as i64);
        i32::try_from(distance).map_err(|_| refused("a reference further than 2 GiB"))
    }

    /// The address of a symbol: of the object where it is defined, of the layout where it is not.
    fn value(&self, index: SymbolIndex) -> Option<i64> {
        let symbol = self.elf.symbol_by_index(index).ok()?;
        if symbol.is_undefined() {
            return self.layout.value_of(symbol.name().ok()?);
        }
        let section = self.addresses.get(&symbol.section_index()?.0)?;
        section.checked_add(symbol.address()).and_then(|address| i64::try_from(address).ok())
    }

    /// Where an export came to lie.
    fn export(&self, export: Export) -> Result<PlacedExport, Error> {
        let named = self.elf.symbols().find(|symbol| symbol.is_global() && symbol.name() == Ok(export.name));
        let placed = named.and_then(|symbol| {
            let address = u64::try_from(self.value(symbol.index()).filter(|_| symbol.is_definition())?).ok()?;
            Some(PlacedExport { export, address, size: symbol.size() })
        });
        placed.ok_or_else(|| {
            let what = format!("the object does not define {}", export.name);
            self.refused(what, "build it again with `cargo xtask build-vdso`")
        })
    }

    /// The symbols with a name and a place.
    fn symbols(&self) -> Vec<PlacedSymbol> {
        let named = self.elf.symbols().filter(|symbol| symbol.is_definition());
        let placed = named.filter_map(|symbol| {
            let kind = symbol.elf_symbol().st_type();
            let address = self.value(symbol.index()).and_then(|value| u64::try_from(value).ok())?;
            let name = symbol.name_bytes().ok()?.to_vec();
            matches!(kind, STT_FUNC | STT_OBJECT).then(|| PlacedSymbol { name, kind, address, size: symbol.size() })
        });
        placed.collect()
    }

    fn refused(&self, what: String, next: &str) -> Error {
        Error::Refused { path: self.object.path().into(), what, next: next.into() }
    }

    fn malformed(&self, section: &str, what: &str) -> Error {
        Error::Malformed {
            path: self.object.path().into(),
            offset: 0,
            what: format!("section {section}: {what}"),
            wanted: "an object that lies within its file".into(),
        }
    }
}
