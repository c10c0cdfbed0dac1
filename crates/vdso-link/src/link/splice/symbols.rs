// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The new dynamic symbols: the old ones, with ours added or put in the place of their namesakes.

use super::base::Base;
use super::hash::{self, GnuHash};
use super::place::Placed;
use object::LittleEndian as LE;
use object::elf::{
    SHN_UNDEF, STB_GLOBAL, STB_LOCAL, STB_WEAK, STT_FUNC, Sym64, SymbolInfo, SymbolOther, SymbolSection, VersymIndex,
};
use object::endian::{U16, U32, U64};
use object::pod::bytes_of;
use vdso_elf::error::Error;

/// A symbol with its name and version.
#[derive(Clone, Copy)]
struct Symbol<'data> {
    name: &'data [u8],
    version: VersymIndex,
    entry: Sym64<LE>,
}

impl Symbol<'_> {
    /// Order of groups in the table: local ones come first (ELF requires it), then those that lookups must not find.
    fn rank(&self) -> u8 {
        match (self.entry.st_bind(), self.entry.st_shndx.get(LE)) {
            (STB_LOCAL, _) => 0,
            (_, SHN_UNDEF) => 1,
            _ => 2,
        }
    }
}

/// All dynamic symbols in their final order.
pub(super) struct Symbols<'data> {
    symbols: Vec<Symbol<'data>>,
    strings: Vec<u8>,
    gnu_hash: GnuHash,
}

impl<'data> Symbols<'data> {
    /// Joins the symbols of `base` with the exports of the object, whose code is in section `text`.
    ///
    /// # Errors
    /// [`Error::Malformed`] where a name leaves the string table.
    pub(super) fn merge(base: &Base<'data>, placed: &Placed, text: SymbolSection) -> Result<Self, Error> {
        let mut symbols = Vec::new();
        for (entry, version) in base.symbols.iter().zip(base.versions) {
            symbols.push(Symbol { name: base.name(entry)?, version: version.0.get(LE), entry: *entry });
        }
        // The old strings keep their offsets: version definitions, soname and run path refer to them as well.
        let mut strings = base.strings.to_vec();
        for export in &placed.exports {
            let name = export.export.name.as_bytes();
            let binding = if export.export.weak { STB_WEAK } else { STB_GLOBAL };
            let namesake = symbols
                .iter_mut()
                .find(|symbol| symbol.name == name && symbol.rank() == 2 && symbol.version.index().0 == base.version);
            let mut entry = Sym64 {
                st_name: U32::new(LE, strings.len() as u32),
                st_info: SymbolInfo::new(binding, STT_FUNC),
                st_other: SymbolOther(0),
                st_shndx: U16::new(LE, text),
                st_value: U64::new(LE, export.address),
                st_size: U64::new(LE, export.size),
            };
            if let Some(symbol) = namesake {
                entry.st_name = symbol.entry.st_name;
                symbol.entry = entry;
            } else {
                strings.extend_from_slice(name);
                strings.push(0);
                symbols.push(Symbol { name, version: VersymIndex(base.version), entry });
            }
        }
        let gnu_hash = GnuHash::for_symbols(symbols.iter().filter(|symbol| symbol.rank() == 2).count());
        // Stable, so that equal inputs give equal bytes and old symbols keep their order inside of a bucket.
        symbols
            .sort_by_key(|symbol| (symbol.rank(), if symbol.rank() == 2 { gnu_hash.bucket(symbol.name) } else { 0 }));
        Ok(Self { symbols, strings, gnu_hash })
    }

    /// How many symbols are local; `sh_info` of `.dynsym`.
    pub(super) fn locals(&self) -> usize {
        self.symbols.partition_point(|symbol| symbol.rank() == 0)
    }

    /// `.hash`
    pub(super) fn hash(&self) -> Vec<u8> {
        hash::sysv(self.symbols.iter().map(|symbol| symbol.name))
    }

    /// `.gnu.hash`
    pub(super) fn gnu_hash(&self) -> Vec<u8> {
        let first = self.symbols.partition_point(|symbol| symbol.rank() < 2);
        let names: Vec<_> = self.symbols[first..].iter().map(|symbol| symbol.name).collect();
        self.gnu_hash.write(first, &names)
    }

    /// `.dynsym`
    pub(super) fn dynsym(&self) -> Vec<u8> {
        self.symbols.iter().flat_map(|symbol| bytes_of(&symbol.entry)).copied().collect()
    }

    /// `.dynstr`
    pub(super) fn dynstr(&self) -> Vec<u8> {
        self.strings.clone()
    }

    /// `.gnu.version`, in the order of the symbols.
    pub(super) fn versym(&self) -> Vec<u8> {
        self.symbols.iter().flat_map(|symbol| symbol.version.0.to_le_bytes()).collect()
    }
}
