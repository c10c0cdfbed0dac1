// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! From an ELF file to a program: a linked image at its addresses, or an object with its relocations applied.

use crate::program::{Function, Program, Segment};
use foldhash::{HashMap, HashMapExt};
use object::elf::{R_X86_64_PC32, R_X86_64_PLT32};
use object::{
    Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionIndex, SectionKind,
};

/// Distance of the sections of an object from each other, in bytes: none of them is longer, and none needs more alignment.
const STRIDE: u64 = 0x1_0000;

/// Why a file is no program.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The parser refuses the file.
    #[error("the file is no ELF file that can be read: {0}")]
    Elf(#[from] object::Error),
    /// A relocation that an object of ours does not have.
    #[error(
        "relocation {kind:?} at offset {offset:#x} of section {section}: only 32-bit ones relative to the instruction are known"
    )]
    Relocation {
        /// The section.
        section: String,
        /// The offset in it.
        offset: u64,
        /// The relocation.
        kind: RelocationFlags,
    },
    /// A section is longer than an object of ours can have.
    #[error("section {0} is too long for a vDSO object")]
    TooLong(String),
}

/// Reads a program from the bytes of an ELF file.
///
/// # Errors
/// [`LoadError`]
pub fn load(bytes: &[u8]) -> Result<Program, LoadError> {
    let file = object::File::parse(bytes)?;
    let is_object = file.kind() == ObjectKind::Relocatable;
    let mut addresses = HashMap::new();
    let mut segments = Vec::new();
    for section in file.sections() {
        let is_read_only = matches!(section.kind(), SectionKind::Text | SectionKind::ReadOnlyData);
        if !is_read_only || section.size() == 0 {
            continue;
        }
        if is_object && section.size() > STRIDE {
            return Err(LoadError::TooLong(section.name()?.to_owned()));
        }
        let address = if is_object { (section.index().0 as u64 + 1) * STRIDE } else { section.address() };
        addresses.insert(section.index(), address);
        segments.push((section.index(), Segment { address, bytes: section.data()?.to_vec() }));
    }
    if is_object {
        for (index, segment) in &mut segments {
            relocate(&file, *index, segment, &addresses)?;
        }
    }
    let functions = file.symbols().filter_map(|symbol| {
        let base = if is_object { *addresses.get(&symbol.section_index()?)? } else { 0 };
        let is_function = symbol.kind() == object::SymbolKind::Text && symbol.size() > 0;
        let name = symbol.name().ok()?.to_owned();
        is_function.then(|| Function { name, address: base + symbol.address(), len: symbol.size() })
    });
    let functions = functions.collect();
    Ok(Program { segments: segments.into_iter().map(|(_, segment)| segment).collect(), functions })
}

fn relocate(
    file: &object::File<'_>,
    index: SectionIndex,
    segment: &mut Segment,
    addresses: &HashMap<SectionIndex, u64>,
) -> Result<(), LoadError> {
    let section = file.section_by_index(index)?;
    for (offset, relocation) in section.relocations() {
        let unknown = || LoadError::Relocation {
            section: section.name().unwrap_or_default().to_owned(),
            offset,
            kind: relocation.flags(),
        };
        let RelocationTarget::Symbol(symbol) = relocation.target() else { return Err(unknown()) };
        let symbol = file.symbol_by_index(symbol)?;
        // An undefined symbol is the kernel's data page, which the cipher never touches: its address stays open.
        let Some(base) = symbol.section_index().and_then(|section| addresses.get(&section)) else { continue };
        let RelocationFlags::Elf { r_type: R_X86_64_PC32 | R_X86_64_PLT32 } = relocation.flags() else {
            return Err(unknown());
        };
        let place = segment.address + offset;
        let target = (base + symbol.address()).wrapping_add_signed(relocation.addend());
        let field = segment.bytes.get_mut(offset as usize..offset as usize + 4).ok_or_else(unknown)?;
        field.copy_from_slice(&(target.wrapping_sub(place) as u32).to_le_bytes());
    }
    Ok(())
}
