// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Changes in an image, by what its bytes mean.

use goblin::elf::Elf;
use object::elf::{DynamicTag, ProgramType};

/// An image that is being changed. Offsets come from the unchanged image, so that one change cannot hide the next.
pub struct Edit {
    /// The bytes with all changes so far.
    pub data: Vec<u8>,
    good: Vec<u8>,
}

impl Edit {
    /// Begins with the bytes of a good image.
    pub fn new(data: &[u8]) -> Self {
        Self { data: data.to_vec(), good: data.to_vec() }
    }

    fn elf(&self) -> Elf<'_> {
        Elf::parse(&self.good).expect("the good image is an ELF file")
    }

    /// Returns the offset of a program header.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn segment(&self, kind: ProgramType) -> usize {
        let index = self.elf().program_headers.iter().position(|it| it.p_type == kind.0).expect("there is one");
        64 + 56 * index
    }

    /// Returns the offset of a section header.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn section(&self, name: &str) -> usize {
        let elf = self.elf();
        let named = |it: &goblin::elf::SectionHeader| elf.shdr_strtab.get_at(it.sh_name) == Some(name);
        let index = elf.section_headers.iter().position(named).unwrap_or_else(|| panic!("no {name}"));
        elf.header.e_shoff as usize + 64 * index
    }

    /// Returns the offset of the content of a section.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn content(&self, name: &str) -> usize {
        self.u64(self.section(name) + 24) as usize
    }

    /// Returns the offset of a dynamic entry.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn entry(&self, tag: DynamicTag) -> usize {
        let dynamic = self.elf().dynamic.expect("there is a dynamic table");
        let index = dynamic.dyns.iter().position(|it| it.d_tag == tag.0 as u64).unwrap_or_else(|| panic!("no {tag:?}"));
        self.content(".dynamic") + 16 * index
    }

    /// Returns the index of a dynamic symbol.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn symbol_index(&self, name: &str) -> usize {
        let elf = self.elf();
        elf.dynsyms.iter().position(|it| elf.dynstrtab.get_at(it.st_name) == Some(name)).expect("it is exported")
    }

    /// Returns the offset of a dynamic symbol.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn symbol(&self, name: &str) -> usize {
        self.content(".dynsym") + 24 * self.symbol_index(name)
    }

    /// Returns the offset of the code of an exported function.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn code(&self, name: &str) -> usize {
        self.u64(self.symbol(name) + 8) as usize
    }

    /// Returns the offset of a symbol for debuggers.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn debug_symbol(&self, name: &str) -> usize {
        let elf = self.elf();
        let index = elf.syms.iter().position(|it| elf.strtab.get_at(it.st_name) == Some(name)).expect("it is there");
        self.content(".symtab") + 24 * index
    }

    /// Returns the offset of the FDE that covers an address: of its length field.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn description(&self, address: usize) -> usize {
        let header = self.content(".eh_frame_hdr");
        let count = self.u32(header + 8) as usize;
        let mut rows = (0..count).map(|row| header + 12 + 8 * row);
        let offset = |at: usize| (header as i64 + i64::from(self.u32(at) as i32)) as usize;
        let row = rows.rfind(|&row| offset(row) <= address).expect("the address is covered");
        offset(row + 4)
    }

    /// Returns the offset of the first occurrence of some bytes.
    ///
    /// # Panics
    /// If the good image has none.
    pub fn find(&self, bytes: &[u8]) -> usize {
        self.good.windows(bytes.len()).position(|window| window == bytes).expect("the bytes are there")
    }

    /// Reads a number of the good image.
    ///
    /// # Panics
    /// If the offset is outside of it.
    pub fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.good[offset..][..4].try_into().unwrap())
    }

    /// Reads a number of the good image.
    ///
    /// # Panics
    /// If the offset is outside of it.
    pub fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.good[offset..][..8].try_into().unwrap())
    }

    /// Writes bytes at an offset.
    ///
    /// # Panics
    /// If they are there already: a case must change something.
    pub fn put(&mut self, offset: usize, bytes: &[u8]) {
        assert_ne!(&self.data[offset..][..bytes.len()], bytes, "the change at {offset:#x} changes nothing");
        self.data[offset..][..bytes.len()].copy_from_slice(bytes);
    }

    /// Writes a number, as [`Self::put`] does.
    ///
    /// # Panics
    /// If it is there already.
    pub fn put_u16(&mut self, offset: usize, value: u16) {
        self.put(offset, &value.to_le_bytes());
    }

    /// Writes a number, as [`Self::put`] does.
    ///
    /// # Panics
    /// If it is there already.
    pub fn put_u32(&mut self, offset: usize, value: u32) {
        self.put(offset, &value.to_le_bytes());
    }

    /// Writes a number, as [`Self::put`] does.
    ///
    /// # Panics
    /// If it is there already.
    pub fn put_u64(&mut self, offset: usize, value: u64) {
        self.put(offset, &value.to_le_bytes());
    }
}
