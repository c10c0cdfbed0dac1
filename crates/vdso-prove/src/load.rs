// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! From an ELF file to a program: a linked image at its addresses, or an object with its relocations applied.

use crate::find;
use crate::program::{Function, Program, Segment};
use object::elf::{ET_REL, R_X86_64_PC32, R_X86_64_PLT32, STT_FUNC};
use object::read::elf::FileHeader as _;
use object::{LittleEndian as LE, Object as _, ObjectSymbol as _, SymbolKind};
use std::path::Path;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::tables::{Home, Relocation};
use vdso_elf::memory::Memory;
use vdso_elf::unwind::unwind;
use vdso_elf::{Error, Image, Object};

/// Distance of the sections of an object from each other, in bytes: none of them is longer, and none needs more alignment.
const STRIDE: u64 = 0x1_0000;

/// Where the undefined symbols of an object are placed: the kernel's data pages, outside of all sections.
const UNDEFINED: u64 = 0x4000_0000;

/// Why a file is no program.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read as ELF.
    #[error(transparent)]
    Elf(#[from] Error),
    /// The object has what an object of this project does not have.
    #[error("{0}; `check` lists what is wrong with it")]
    Object(String),
}

/// Reads a program from the bytes of an ELF file; `path` is its name in messages.
///
/// # Errors
/// [`LoadError`]
pub fn load(path: &Path, bytes: Vec<u8>) -> Result<Program, LoadError> {
    let image = Image::from_bytes(path, bytes)?;
    if image.elf()?.elf_header().e_type(LE) == ET_REL {
        return object(&Object::from_bytes(path, image.data().to_vec())?);
    }
    let mut program = linked(&image)?;
    find::name_routines(&mut program);
    Ok(program)
}

/// The loaded part of an image, with its functions by the symbol table or, where that has none, by the unwind tables.
fn linked(image: &Image) -> Result<Program, Error> {
    let elf = image.elf()?;
    let memory = Memory::of(&elf);
    let range = memory.range();
    let bytes = memory.bytes(range.start, range.end - range.start).unwrap_or_default().to_vec();
    let symbols = elf.symbols().chain(elf.dynamic_symbols());
    let mut functions: Vec<Function> = symbols
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition() && symbol.size() > 0)
        .filter_map(|symbol| {
            let name = symbol.name().ok()?.to_owned();
            Some(Function { name, address: symbol.address(), len: symbol.size() })
        })
        .collect();
    // A table that cannot be read leaves the functions without a symbol unknown, and the proof says that they are missing.
    let described = unwind(&elf).map(|tables| tables.descriptions).unwrap_or_default();
    for covers in described.into_iter().map(|description| description.covers) {
        if !functions.iter().any(|function| function.address == covers.start) {
            let name = format!("function at {:#x}", covers.start);
            functions.push(Function { name, address: covers.start, len: covers.end - covers.start });
        }
    }
    Ok(Program { segments: vec![Segment { address: range.start, bytes }], functions })
}

/// An object with its sections at addresses that are free to choose.
fn object(object: &Object) -> Result<Program, LoadError> {
    let anatomy = Anatomy::of(object)?;
    let address = |section: usize| section as u64 * STRIDE;
    let mut segments = Vec::new();
    for (index, section) in anatomy.allocated() {
        if section.size > STRIDE {
            return Err(LoadError::Object(format!("section {} is longer than a vDSO", section.name)));
        }
        let mut segment = Segment { address: address(index), bytes: section.data.to_vec() };
        for relocation in &section.relocations {
            let symbol = &anatomy.symbols[relocation.symbol];
            let target = match symbol.home {
                Home::Section(home) => address(home) + symbol.value,
                Home::Undefined => UNDEFINED + symbol.index as u64 * STRIDE,
                Home::Absolute | Home::Common => {
                    return Err(LoadError::Object(format!("symbol {} is in no section", symbol.name)));
                }
            };
            // Tables for unwinding have other relocations, and nothing executes them.
            if section.is_text() {
                relocate(&mut segment, relocation, target)
                    .ok_or_else(|| LoadError::Object(format!("a relocation of {} is unknown", section.name)))?;
            }
        }
        segments.push(segment);
    }
    let functions = anatomy.symbols.iter().filter(|symbol| symbol.kind == STT_FUNC && symbol.size > 0);
    let functions = functions.filter_map(|symbol| {
        let Home::Section(home) = symbol.home else { return None };
        Some(Function { name: symbol.name.to_owned(), address: address(home) + symbol.value, len: symbol.size })
    });
    let functions = functions.collect();
    Ok(Program { segments, functions })
}

/// Applies a relocation of 32 bits relative to its place; `None` if it is another one.
fn relocate(segment: &mut Segment, relocation: &Relocation, target: u64) -> Option<()> {
    if !matches!(relocation.kind, R_X86_64_PC32 | R_X86_64_PLT32) {
        return None;
    }
    let place = segment.address + relocation.offset;
    let value = target.wrapping_add_signed(relocation.addend).wrapping_sub(place) as u32;
    let at = usize::try_from(relocation.offset).ok()?;
    segment.bytes.get_mut(at..at.checked_add(4)?)?.copy_from_slice(&value.to_le_bytes());
    Some(())
}
