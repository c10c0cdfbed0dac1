// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The dynamic symbols, found through the dynamic table.

use crate::dynamic::Dynamic;
use crate::parser::ElfFile;
use crate::place::Place;
use crate::sections::sections;
use object::LittleEndian as LE;
use object::elf::{
    DT_STRSZ, DT_STRTAB, DT_SYMTAB, DT_VERSYM, SHN_UNDEF, SHT_DYNSYM, STB_GLOBAL, STB_WEAK, Sym64, VersymIndex,
};
use object::endian::U16;

/// `DT_SYMTAB`, `DT_STRTAB` and `DT_VERSYM`; the table itself does not say how long it is.
#[derive(Clone, Debug)]
pub struct Symbols<'a, 'data> {
    dynamic: &'a Dynamic<'data>,
}

impl<'a, 'data> Symbols<'a, 'data> {
    /// The symbols of a dynamic table.
    pub fn of(dynamic: &'a Dynamic<'data>) -> Self {
        Self { dynamic }
    }

    /// The symbol of an index, as far as the load segment goes.
    pub fn get(&self, index: u32) -> Option<&'data Sym64<LE>> {
        let offset = u64::from(index) * size_of::<Sym64<LE>>() as u64;
        self.dynamic.memory.value(self.dynamic.value(DT_SYMTAB)?.checked_add(offset)?)
    }

    /// The name of a symbol, without its NUL; `None` where it leaves the string table.
    pub fn name(&self, symbol: &Sym64<LE>) -> Option<&'data [u8]> {
        self.string(u64::from(symbol.st_name.get(LE)))
    }

    /// A string of `DT_STRTAB`, without its NUL; `None` where it leaves the table.
    pub fn string(&self, offset: u64) -> Option<&'data [u8]> {
        let string = self.dynamic.memory.string(self.dynamic.value(DT_STRTAB)?.checked_add(offset)?)?;
        // Clients ignore the size and read up to the NUL; a string that ends outside of the table is wrong nevertheless.
        let end = offset.checked_add(string.len() as u64)?;
        self.dynamic.value(DT_STRSZ).is_none_or(|size| end < size).then_some(string)
    }

    /// The entry of the symbol in `DT_VERSYM`; `None` where there is no such table.
    pub fn version(&self, index: u32) -> Option<VersymIndex> {
        let address = self.dynamic.value(DT_VERSYM)?.checked_add(u64::from(index) * 2)?;
        self.dynamic.memory.value::<U16<LE>>(address).map(|version| VersymIndex(version.get(LE)))
    }
}

/// One dynamic symbol that other code may bind to: defined here, and global or weak.
#[derive(Clone, Copy, Debug)]
pub struct ExportedSymbol<'data> {
    /// Index in the table.
    pub index: u32,
    /// The entry.
    pub symbol: &'data Sym64<LE>,
    /// Its name; empty where it leaves the string table.
    pub name: &'data str,
}

impl ExportedSymbol<'_> {
    /// Where its entry stands.
    pub fn place(&self) -> Place {
        symbol_place(self.index).in_symbol(self.name)
    }
}

/// Where the entry of a symbol stands.
pub fn symbol_place(index: u32) -> Place {
    Place::new(".dynsym", u64::from(index) * size_of::<Sym64<LE>>() as u64)
}

/// How many dynamic symbols the section header of `DT_SYMTAB` states, the null symbol included; 0 without one.
pub fn symbol_count(elf: &ElfFile<'_>, dynamic: &Dynamic<'_>) -> u32 {
    let start = dynamic.value(DT_SYMTAB);
    let section = sections(elf).into_iter().find(|it| it.kind() == SHT_DYNSYM && Some(it.addresses().start) == start);
    let size = section.map_or(0, |section| section.header.sh_size.get(LE)).min(elf.data().len() as u64);
    u32::try_from(size / size_of::<Sym64<LE>>() as u64).unwrap_or(u32::MAX)
}

/// All symbols that other code may bind to, in the order of the table.
pub fn exported<'data>(elf: &ElfFile<'data>, dynamic: &Dynamic<'data>) -> Vec<ExportedSymbol<'data>> {
    let symbols = Symbols::of(dynamic);
    let all = (1..symbol_count(elf, dynamic)).map_while(|index| Some((index, symbols.get(index)?)));
    all.filter(|(_, symbol)| symbol.st_shndx.get(LE) != SHN_UNDEF && matches!(symbol.st_bind(), STB_GLOBAL | STB_WEAK))
        .map(|(index, symbol)| {
            let name = symbols.name(symbol).and_then(|name| std::str::from_utf8(name).ok());
            ExportedSymbol { index, symbol, name: name.unwrap_or("") }
        })
        .collect()
}
