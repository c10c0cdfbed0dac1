// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The symbol table for debuggers, where the image still has one: our functions get names, as those of the kernel have.

use super::base::Base;
use super::place::Placed;
use super::sections::Sections;
use crate::DataPageLayout;
use object::LittleEndian as LE;
use object::elf::{
    SHN_ABS, SHT_SYMTAB, STB_GLOBAL, STB_LOCAL, STB_WEAK, STT_FUNC, STT_NOTYPE, Sym64, SymbolInfo, SymbolOther,
    SymbolSection,
};
use object::endian::{U16, U32, U64};
use object::pod::{bytes_of_slice, slice_from_all_bytes};
use vdso_abi::exports::DATA_SYMBOLS;
use vdso_elf::error::Error;

/// The table while names are added to it.
struct Table<'a> {
    symbols: Vec<Sym64<LE>>,
    /// Its string table, which only grows: other tables may use it too.
    strings: &'a mut Vec<u8>,
}

impl Table<'_> {
    /// A symbol whose name is in the table from now on.
    fn symbol(&mut self, name: &[u8], info: SymbolInfo, section: SymbolSection, value: u64, size: u64) -> Sym64<LE> {
        let offset = self.strings.len() as u32;
        self.strings.extend_from_slice(name);
        self.strings.push(0);
        Sym64 {
            st_name: U32::new(LE, offset),
            st_info: info,
            st_other: SymbolOther(0),
            st_shndx: U16::new(LE, section),
            st_value: U64::new(LE, value),
            st_size: U64::new(LE, size),
        }
    }

    /// Index of the first symbol with this name from `first` on.
    fn find(&self, first: usize, name: &[u8]) -> Option<usize> {
        let is_named = |symbol: &Sym64<LE>| {
            let rest = self.strings.get(symbol.st_name.get(LE) as usize..).unwrap_or_default();
            rest.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&0))
        };
        self.symbols.iter().skip(first).position(is_named).map(|position| first + position)
    }
}

/// Adds the symbols of the object, its exports in the place of namesakes, and those data symbols that the image has not.
/// An image without such a table keeps none.
///
/// # Errors
/// [`Error::Malformed`] for a table that is no table.
pub(super) fn add(
    base: &Base<'_>,
    sections: &mut Sections,
    placed: &Placed,
    layout: &DataPageLayout,
) -> Result<(), Error> {
    let Some((index, header)) = sections.find(SHT_SYMTAB) else { return Ok(()) };
    let malformed =
        |what: &str| base.memory.malformed(header.sh_offset.get(LE), what, "a symbol table as ld writes it");
    let symbols = slice_from_all_bytes::<Sym64<LE>>(sections.content(index));
    let symbols = symbols.map_err(|()| malformed(".symtab is no array of symbols"))?.to_vec();
    let locals = header.sh_info.get(LE) as usize;
    if locals > symbols.len() {
        return Err(malformed("sh_info of .symtab is larger than the table"));
    }
    let (text, rodata) = (sections.text, SymbolSection(sections.text.0 + 1));
    let strings = sections.content_mut(header.sh_link.get(LE) as usize);
    let mut table = Table { symbols, strings: strings.ok_or_else(|| malformed("sh_link of .symtab is no section"))? };

    let mut ours = Vec::new();
    let is_export = |name: &[u8]| placed.exports.iter().any(|export| export.export.name.as_bytes() == name);
    for symbol in placed.symbols.iter().filter(|symbol| !is_export(&symbol.name)) {
        let section = if symbol.kind == STT_FUNC { text } else { rodata };
        let info = SymbolInfo::new(STB_LOCAL, symbol.kind);
        ours.push(table.symbol(&symbol.name, info, section, symbol.address, symbol.size));
    }
    for name in DATA_SYMBOLS.iter().filter(|name| table.find(0, name.as_bytes()).is_none()).collect::<Vec<_>>() {
        let value = layout.value_of(name).unwrap_or_default();
        let section = SymbolSection(SHN_ABS.0);
        ours.push(table.symbol(
            name.as_bytes(),
            SymbolInfo::new(STB_LOCAL, STT_NOTYPE),
            section,
            value.cast_unsigned(),
            0,
        ));
    }
    for placed in &placed.exports {
        let binding = if placed.export.weak { STB_WEAK } else { STB_GLOBAL };
        let name = placed.export.name.as_bytes();
        let namesake = table.find(locals, name);
        let export = table.symbol(name, SymbolInfo::new(binding, STT_FUNC), text, placed.address, placed.size);
        match namesake {
            Some(index) => table.symbols[index] = export,
            None => table.symbols.push(export),
        }
    }

    // Local symbols stand before all others, says ELF, and sh_info tells where those begin.
    let info = (locals + ours.len()) as u32;
    table.symbols.splice(locals..locals, ours);
    let content = bytes_of_slice(&table.symbols).to_vec();
    if let Some(symbols) = sections.content_mut(index) {
        *symbols = content;
    }
    sections.set_info(index, info);
    Ok(())
}
