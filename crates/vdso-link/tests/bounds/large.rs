// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Files that one thing makes large.

use object::LittleEndian as LE;
use object::elf::{
    FileHeader64, PT_LOAD, PT_NOTE, ProgramHeader64, SHF_ALLOC, SHF_EXECINSTR, SHT_NOTE, SHT_PROGBITS, SHT_RELA,
    SHT_STRTAB, SHT_SYMTAB, SectionFlags, SectionHeader64, SectionType,
};
use object::endian::{U16, U32, U64};
use object::pod::{bytes_of, bytes_of_slice, from_bytes, slice_from_bytes};

/// A file that grows: tables are appended, and the headers changed accordingly.
struct Growing {
    data: Vec<u8>,
    header: FileHeader64<LE>,
    segments: Vec<ProgramHeader64<LE>>,
    sections: Vec<SectionHeader64<LE>>,
}

impl Growing {
    fn new(data: &[u8]) -> Self {
        let header: FileHeader64<LE> = *from_bytes(data).unwrap().0;
        let table = |offset: u64| &data[offset as usize..];
        let segments = slice_from_bytes(table(header.e_phoff.get(LE)), header.e_phnum.get(LE).into()).unwrap().0;
        let sections = slice_from_bytes(table(header.e_shoff.get(LE)), header.e_shnum.get(LE).into()).unwrap().0;
        Self { data: data.to_vec(), header, segments: segments.to_vec(), sections: sections.to_vec() }
    }

    /// Appends bytes at an aligned offset and returns that offset.
    fn append(&mut self, bytes: &[u8]) -> u64 {
        self.data.resize(self.data.len().next_multiple_of(16), 0);
        let offset = self.data.len() as u64;
        self.data.extend_from_slice(bytes);
        offset
    }

    /// Appends a section.
    fn section(&mut self, kind: SectionType, flags: SectionFlags, bytes: &[u8]) -> &mut SectionHeader64<LE> {
        let offset = self.append(bytes);
        let mut section = self.sections[1];
        section.sh_type = U32::new(LE, kind);
        section.sh_flags = U64::new(LE, flags);
        section.sh_offset = U64::new(LE, offset);
        section.sh_size = U64::new(LE, bytes.len() as u64);
        section.sh_addralign = U64::new(LE, 1);
        self.sections.push(section);
        self.sections.last_mut().unwrap()
    }

    /// Returns the first section of a type.
    fn first(&mut self, kind: SectionType) -> &mut SectionHeader64<LE> {
        self.sections.iter_mut().find(|it| it.sh_type.get(LE) == kind).unwrap()
    }

    /// Returns the file, with its headers at the end.
    fn finish(mut self) -> Vec<u8> {
        if self.sections.len() >= 0xff00 {
            // The size of the first section then holds the number.
            self.sections[0].sh_size = U64::new(LE, self.sections.len() as u64);
            self.header.e_shnum = U16::new(LE, 0);
        } else {
            self.header.e_shnum = U16::new(LE, self.sections.len() as u16);
        }
        let sections = std::mem::take(&mut self.sections);
        let offset = self.append(bytes_of_slice(&sections));
        self.header.e_shoff = U64::new(LE, offset);
        let table = self.header.e_phoff.get(LE) as usize;
        let segments = bytes_of_slice(&self.segments);
        self.data[table..table + segments.len()].copy_from_slice(segments);
        self.data[..64].copy_from_slice(bytes_of(&self.header));
        self.data
    }
}

/// The two kinds of files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ImageOrObject {
    /// A vDSO image.
    Image,
    /// A relocatable object.
    Object,
}

/// A file that one thing makes large.
pub struct LargeFile {
    /// The thing that makes it large.
    pub name: &'static str,
    /// The kind of file that it can be; `None` for both.
    pub is: Option<ImageOrObject>,
    /// Words of the refusal; `None` if every operation accepts the file.
    pub refusal: Option<&'static str>,
    grow: fn(&mut Growing, usize),
}

/// The large files. `grow` takes the number of bytes to add.
pub const LARGE_FILES: [LargeFile; 11] = [
    LargeFile {
        name: "an unmapped section",
        is: None,
        refusal: None,
        grow: |it, size| {
            it.section(SHT_PROGBITS, SectionFlags(0), &vec![7; size]);
        },
    },
    LargeFile {
        name: "sections",
        is: None,
        refusal: Some("sections, where at most"),
        grow: |it, size| {
            let section = it.sections[0];
            it.sections.resize(size / 64, section);
        },
    },
    LargeFile {
        name: "symbols",
        is: None,
        refusal: Some("symbols, where at most"),
        grow: |it, size| {
            let offset = it.append(&vec![0; size / 24 * 24]);
            let table = it.first(SHT_SYMTAB);
            table.sh_offset = U64::new(LE, offset);
            table.sh_size = U64::new(LE, size as u64 / 24 * 24);
        },
    },
    LargeFile {
        name: "a string table without names",
        is: None,
        refusal: Some("bytes of a string table, where at most"),
        grow: |it, size| {
            it.section(SHT_STRTAB, SectionFlags(0), &vec![0; size]);
        },
    },
    LargeFile {
        name: "a name",
        is: None,
        refusal: Some("bytes of a name, where at most"),
        grow: |it, _| {
            it.section(SHT_STRTAB, SectionFlags(0), &[b'x'; 1 << 20]);
        },
    },
    LargeFile {
        name: "code",
        is: None,
        refusal: Some("where at most"),
        grow: |it, size| {
            it.section(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, &vec![0x90; size]);
        },
    },
    LargeFile {
        name: "sections that overlap",
        is: None,
        refusal: Some("which overlap in the file"),
        grow: |it, size| {
            let section = *it.section(SHT_PROGBITS, SectionFlags(0), &vec![7; size]);
            it.sections.resize(400, section);
        },
    },
    LargeFile {
        name: "a load segment",
        is: Some(ImageOrObject::Image),
        refusal: Some("bytes in a segment or a mapped section"),
        grow: |it, size| {
            it.append(&vec![0; size]);
            let end = it.data.len() as u64;
            let load = it.segments.iter_mut().find(|it| it.p_type.get(LE) == PT_LOAD).unwrap();
            load.p_filesz = U64::new(LE, end);
            load.p_memsz = U64::new(LE, end);
        },
    },
    LargeFile {
        name: "notes",
        is: Some(ImageOrObject::Image),
        refusal: Some("bytes in a segment or a mapped section"),
        grow: |it, size| {
            // Twelve zeros are a note without a name.
            let offset = it.section(SHT_NOTE, SectionFlags(0), &vec![0; size]).sh_offset;
            let notes = it.segments.iter_mut().find(|it| it.p_type.get(LE) == PT_NOTE).unwrap();
            notes.p_offset = offset;
            notes.p_filesz = U64::new(LE, size as u64);
        },
    },
    LargeFile {
        name: "program headers",
        is: Some(ImageOrObject::Image),
        refusal: Some("program headers, where at most"),
        grow: |it, size| {
            let count = (size / 56).min(0xfffe);
            let offset = it.append(&vec![0; 56 * count]);
            it.header.e_phoff = U64::new(LE, offset);
            it.header.e_phnum = U16::new(LE, count as u16);
        },
    },
    LargeFile {
        name: "relocations",
        is: Some(ImageOrObject::Object),
        refusal: Some("relocations, where at most"),
        grow: |it, size| {
            let old = *it.first(SHT_RELA);
            let section = it.section(SHT_RELA, SectionFlags(0), &vec![0; size / 24 * 24]);
            (section.sh_link, section.sh_info, section.sh_entsize) = (old.sh_link, old.sh_info, old.sh_entsize);
        },
    },
];

/// Makes a large file of at most `length` bytes from a good one.
pub fn grown(good: &[u8], file: &LargeFile, length: usize) -> Vec<u8> {
    let mut growing = Growing::new(good);
    // The headers of all sections follow.
    (file.grow)(&mut growing, length - good.len() - 512 * 64);
    growing.finish()
}
