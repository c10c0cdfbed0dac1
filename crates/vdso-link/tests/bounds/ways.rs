// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Files that are large, each in one way.

use object::LittleEndian as LE;
use object::elf::{
    FileHeader64, PT_LOAD, PT_NOTE, ProgramHeader64, SHF_ALLOC, SHF_EXECINSTR, SHT_NOTE, SHT_PROGBITS, SHT_RELA,
    SHT_STRTAB, SHT_SYMTAB, SectionFlags, SectionHeader64, SectionType,
};
use object::endian::{U16, U32, U64};
use object::pod::{bytes_of, bytes_of_slice, from_bytes, slice_from_bytes};

/// A file that grows: tables are appended, and the headers made to say so.
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

    /// Appends bytes at an aligned offset, which is returned.
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

    /// The first section of a type.
    fn first(&mut self, kind: SectionType) -> &mut SectionHeader64<LE> {
        self.sections.iter_mut().find(|it| it.sh_type.get(LE) == kind).unwrap()
    }

    /// The file, with its headers at the end.
    fn finish(mut self) -> Vec<u8> {
        if self.sections.len() >= 0xff00 {
            // How many there are then stands in the first.
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

/// A way to make a file large.
pub struct Way {
    pub name: &'static str,
    /// Words of the refusal; `None` for what all doors take.
    pub refusal: Option<&'static str>,
    grow: fn(&mut Growing, usize),
}

/// The ways that objects and images have in common; the number is how many bytes to add.
pub const WAYS: [Way; 7] = [
    Way {
        name: "an unmapped section",
        refusal: None,
        grow: |it, size| {
            it.section(SHT_PROGBITS, SectionFlags(0), &vec![7; size]);
        },
    },
    Way {
        name: "sections",
        refusal: Some("sections, where at most"),
        grow: |it, size| {
            let section = it.sections[0];
            it.sections.resize(size / 64, section);
        },
    },
    Way {
        name: "symbols",
        refusal: Some("symbols, where at most"),
        grow: |it, size| {
            let offset = it.append(&vec![0; size / 24 * 24]);
            let table = it.first(SHT_SYMTAB);
            table.sh_offset = U64::new(LE, offset);
            table.sh_size = U64::new(LE, size as u64 / 24 * 24);
        },
    },
    Way {
        name: "a string table without names",
        refusal: Some("bytes of a string table, where at most"),
        grow: |it, size| {
            it.section(SHT_STRTAB, SectionFlags(0), &vec![0; size]);
        },
    },
    Way {
        name: "a name",
        refusal: Some("bytes of a name, where at most"),
        grow: |it, _| {
            it.section(SHT_STRTAB, SectionFlags(0), &[b'x'; 1 << 20]);
        },
    },
    Way {
        name: "code",
        refusal: Some("where at most"),
        grow: |it, size| {
            it.section(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, &vec![0x90; size]);
        },
    },
    Way {
        name: "sections that overlap",
        refusal: Some("which overlap in the file"),
        grow: |it, size| {
            let section = *it.section(SHT_PROGBITS, SectionFlags(0), &vec![7; size]);
            it.sections.resize(400, section);
        },
    },
];

/// Those of images.
pub const OF_IMAGES: [Way; 3] = [
    Way {
        name: "a load segment",
        refusal: Some("bytes in a segment or a mapped section"),
        grow: |it, size| {
            it.append(&vec![0; size]);
            let end = it.data.len() as u64;
            let load = it.segments.iter_mut().find(|it| it.p_type.get(LE) == PT_LOAD).unwrap();
            load.p_filesz = U64::new(LE, end);
            load.p_memsz = U64::new(LE, end);
        },
    },
    Way {
        name: "notes",
        refusal: Some("bytes in a segment or a mapped section"),
        grow: |it, size| {
            // Twelve zeros are a note without a name.
            let offset = it.section(SHT_NOTE, SectionFlags(0), &vec![0; size]).sh_offset;
            let notes = it.segments.iter_mut().find(|it| it.p_type.get(LE) == PT_NOTE).unwrap();
            notes.p_offset = offset;
            notes.p_filesz = U64::new(LE, size as u64);
        },
    },
    Way {
        name: "program headers",
        refusal: Some("program headers, where at most"),
        grow: |it, size| {
            let count = (size / 56).min(0xfffe);
            let offset = it.append(&vec![0; 56 * count]);
            it.header.e_phoff = U64::new(LE, offset);
            it.header.e_phnum = U16::new(LE, count as u16);
        },
    },
];

/// Those of objects.
pub const OF_OBJECTS: [Way; 1] = [Way {
    name: "relocations",
    refusal: Some("relocations, where at most"),
    grow: |it, size| {
        let old = *it.first(SHT_RELA);
        let section = it.section(SHT_RELA, SectionFlags(0), &vec![0; size / 24 * 24]);
        (section.sh_link, section.sh_info, section.sh_entsize) = (old.sh_link, old.sh_info, old.sh_entsize);
    },
}];

/// A good file of a length in one way.
pub fn grown(good: &[u8], way: &Way, length: usize) -> Vec<u8> {
    let mut growing = Growing::new(good);
    // The headers of all sections come behind.
    (way.grow)(&mut growing, length - good.len() - 512 * 64);
    growing.finish()
}
