// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Reads the tables of the object; each failure names file and offset.

use super::tables::{Home, Relocation, Section, Symbol};
use crate::error::Error;
use crate::parser::ElfFile;
use object::LittleEndian as LE;
use object::SymbolIndex;
use object::elf;
use object::read::elf::{FileHeader as _, SectionHeader as _, SectionTable, Sym as _};
use std::path::Path;

type Header = elf::FileHeader64<LE>;
type SectionHeader = elf::SectionHeader64<LE>;

/// A parsed file and its name.
pub struct Reader<'data, 'file> {
    path: &'file Path,
    data: &'data [u8],
    file: &'file ElfFile<'data>,
}

impl<'data, 'file> Reader<'data, 'file> {
    /// A file that is of the size of objects.
    pub fn of(path: &'file Path, data: &'data [u8], file: &'file ElfFile<'data>) -> Self {
        Self { path, data, file }
    }

    /// The ELF header.
    pub fn header(&self) -> &'data Header {
        self.file.elf_header()
    }

    /// All sections, without their relocations.
    pub fn sections(&self) -> Result<Vec<Section<'data>>, Error> {
        let table = self.file.elf_section_table();
        table.iter().enumerate().map(|(index, header)| self.section(table, index, header)).collect()
    }

    fn section(
        &self,
        table: &SectionTable<'data, Header>,
        index: usize,
        header: &'data SectionHeader,
    ) -> Result<Section<'data>, Error> {
        let at = self.header().e_shoff(LE) + (index * size_of::<SectionHeader>()) as u64;
        let name = table.section_name(LE, header).map_err(|error| self.unreadable(at, error, "a section header"))?;
        let data = header.data(LE, self.data).map_err(|error| self.unreadable(at, error, "a section header"))?;
        Ok(Section {
            name: self.text(at, name)?,
            kind: header.sh_type(LE),
            flags: header.sh_flags(LE),
            size: header.sh_size(LE),
            alignment: header.sh_addralign(LE),
            data,
            file_offset: header.sh_offset(LE),
            relocations: Vec::new(),
        })
    }

    /// All symbols; each section that they name is one of `sections`.
    pub fn symbols(&self, sections: &[Section<'data>]) -> Result<Vec<Symbol<'data>>, Error> {
        let table = self.file.elf_symbol_table();
        let start = match self.file.elf_section_table().section(table.section()) {
            Ok(header) => header.sh_offset(LE),
            Err(_) => 0,
        };
        let mut symbols = Vec::new();
        for (index, symbol) in table.symbols().iter().enumerate() {
            let at = start + (index * size_of::<elf::Sym64<LE>>()) as u64;
            let unreadable = |error| self.unreadable(at, error, "a symbol");
            let name = table.symbol_name(LE, symbol).map_err(unreadable)?;
            let home = match table.symbol_section(LE, symbol, SymbolIndex(index)).map_err(unreadable)? {
                Some(section) if section.0 < sections.len() => Home::Section(section.0),
                Some(section) => {
                    return Err(self.malformed(
                        at,
                        format!("a symbol in section {}", section.0),
                        "a section that exists",
                    ));
                }
                None if symbol.is_absolute(LE) => Home::Absolute,
                None if symbol.st_shndx(LE) == elf::SHN_UNDEF => Home::Undefined,
                None => Home::Common,
            };
            let name = match home {
                Home::Section(section) if symbol.st_type() == elf::STT_SECTION => sections[section].name,
                _ => self.text(at, name)?,
            };
            symbols.push(Symbol {
                index,
                name,
                home,
                value: symbol.st_value(LE),
                size: symbol.st_size(LE),
                kind: symbol.st_type(),
                bind: symbol.st_bind(),
                visibility: symbol.st_visibility(),
            });
        }
        Ok(symbols)
    }

    /// Gives each section its relocations; each symbol that they name is one of `symbols`.
    pub fn relocations(&self, sections: &mut [Section<'data>], symbols: usize) -> Result<(), Error> {
        let (is_object, table) = (self.header().e_type(LE) == elf::ET_REL, self.file.elf_symbol_table().section());
        for header in self.file.elf_section_table().iter() {
            // Those of an image name dynamic symbols. That it is no object, is the finding.
            if !is_object && header.sh_link(LE) as usize != table.0 {
                continue;
            }
            let at = header.sh_offset(LE);
            let target = header.sh_info(LE) as usize;
            match header.sh_type(LE) {
                elf::SHT_RELA => {}
                elf::SHT_REL | elf::SHT_RELR | elf::SHT_CREL => {
                    let wanted = "SHT_RELA, the only form that the x86-64 psABI has for objects";
                    return Err(self.malformed(at, "relocations without explicit addends".into(), wanted));
                }
                _ => continue,
            }
            let entries =
                header.rela(LE, self.data).map_err(|error| self.unreadable(at, error, "a relocation section"))?;
            let Some(section) = sections.get_mut(target) else {
                return Err(self.malformed(at, format!("relocations of section {target}"), "a section that exists"));
            };
            for (entry, rela) in entries.map_or(&[][..], |(entries, _)| entries).iter().enumerate() {
                let symbol = rela.r_sym(LE, false) as usize;
                if symbol >= symbols {
                    let at = at + size_of_val(rela) as u64 * entry as u64;
                    return Err(self.malformed(at, format!("a relocation by symbol {symbol}"), "a symbol that exists"));
                }
                section.relocations.push(Relocation {
                    offset: rela.r_offset.get(LE),
                    kind: rela.r_type(LE, false),
                    symbol,
                    addend: rela.r_addend.get(LE),
                });
            }
            section.relocations.sort_by_key(|relocation| relocation.offset);
        }
        Ok(())
    }

    fn text(&self, offset: u64, name: &'data [u8]) -> Result<&'data str, Error> {
        let not_text = |_| self.malformed(offset, "a name that is not UTF-8".into(), "a readable name");
        std::str::from_utf8(name).map_err(not_text)
    }

    fn unreadable(&self, offset: u64, error: object::read::Error, wanted: &str) -> Error {
        self.malformed(offset, error.to_string(), &format!("{wanted} that can be read; build the object again"))
    }

    fn malformed(&self, offset: u64, what: String, wanted: &str) -> Error {
        Error::Malformed { path: self.path.into(), offset, what, wanted: wanted.into() }
    }
}
