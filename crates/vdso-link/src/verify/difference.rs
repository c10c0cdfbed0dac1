// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What a splice changed, by meaning: each difference has a key that names the field, and the keys that a splice may
//! change are listed with the reason.

use super::read::dynamic::Dynamic;
use super::read::memory::Memory;
use super::read::sections::{Section, content, place, sections};
use crate::object_file::ElfFile;
use crate::rule::Place;
use object::LittleEndian as LE;
use object::elf::{DT_STRSZ, Dyn64, FileHeader64, Ident, PT_DYNAMIC, ProgramHeader64};
use std::fmt;
use std::ops::Range;

/// One difference between an image and its splice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs, in a form that is the same for every image: `phdr[PT_LOAD].p_filesz`.
    pub key: String,
    /// Where.
    pub place: Place,
    /// What the original has.
    pub original: String,
    /// What the splice has.
    pub spliced: String,
}

/// Keys that a splice may change.
#[derive(Debug)]
pub struct Acceptance {
    /// What is before the last dot.
    pub subjects: &'static [&'static str],
    /// What is behind it.
    pub fields: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

/// Everything that a splice may change. What it appends behind the load segment of the original is not a difference.
pub static ACCEPTED: &[Acceptance] = &[
    Acceptance {
        subjects: &["ehdr"],
        fields: &["e_shoff", "e_shnum"],
        reason: "the section headers stand behind what was appended, and there are more of them",
    },
    Acceptance {
        subjects: &["phdr[PT_LOAD]"],
        fields: &["p_filesz", "p_memsz"],
        reason: "what was appended is mapped",
    },
    Acceptance {
        subjects: &["phdr[PT_GNU_EH_FRAME]"],
        fields: &["p_offset", "p_vaddr", "p_paddr", "p_filesz", "p_memsz"],
        reason: "the unwind tables are made anew, since their addresses are relative, and appended",
    },
    Acceptance {
        subjects: &[
            "dynamic[DT_HASH]",
            "dynamic[DT_GNU_HASH]",
            "dynamic[DT_SYMTAB]",
            "dynamic[DT_STRTAB]",
            "dynamic[DT_VERSYM]",
        ],
        fields: &["d_ptr"],
        reason: "tables that hold the new symbols are made anew and appended",
    },
    Acceptance {
        subjects: &["dynamic[DT_STRSZ]"],
        fields: &["d_val"],
        reason: "the new string table is the old one with names added",
    },
    Acceptance {
        subjects: &[
            "shdr[.hash]",
            "shdr[.gnu.hash]",
            "shdr[.dynsym]",
            "shdr[.dynstr]",
            "shdr[.gnu.version]",
            "shdr[.eh_frame]",
            "shdr[.eh_frame_hdr]",
        ],
        fields: &["sh_addr", "sh_offset", "sh_size"],
        reason: "the section header follows the table that was made anew",
    },
    Acceptance {
        subjects: &["shdr[.dynsym]"],
        fields: &["sh_info"],
        reason: "the index behind the last local symbol of the new table",
    },
    Acceptance {
        subjects: &["shdr[unmapped]"],
        fields: &["sh_offset"],
        reason: "what is not mapped stands behind what was appended",
    },
    Acceptance {
        subjects: &["shdr[.shstrtab]", "content[.shstrtab]"],
        fields: &["sh_size", "appended"],
        reason: "the names of the new sections are added",
    },
    Acceptance {
        subjects: &["shdr[.text.vgetrandom]", "shdr[.rodata.vgetrandom]"],
        fields: &["added"],
        reason: "the sections of the object; symbols need an index, or debuggers print ??",
    },
];

impl Difference {
    /// The entry of [`ACCEPTED`] that allows the difference.
    pub fn acceptance(&self) -> Option<&'static Acceptance> {
        let (subject, field) = self.key.rsplit_once('.')?;
        ACCEPTED.iter().find(|it| it.subjects.contains(&subject) && it.fields.contains(&field))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.key, self.original, self.spliced)
    }
}

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// How many fields or bytes were held against each other.
    pub(super) compared: usize,
    /// Those that differ.
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    fn field(&mut self, subject: &str, field: &str, place: &Place, original: u64, spliced: u64) {
        self.text(subject, field, place, format!("{original:#x}"), format!("{spliced:#x}"));
    }

    fn text(&mut self, subject: &str, field: &str, place: &Place, original: String, spliced: String) {
        self.compared += 1;
        if original != spliced {
            self.differences.push(Difference {
                key: format!("{subject}.{field}"),
                place: place.clone(),
                original,
                spliced,
            });
        }
    }
}

/// ELF header and program headers, field by field.
pub(super) fn headers(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let (a, b) = (old.elf_header(), new.elf_header());
    let place = Place::new("ELF header", 0);
    let ident = |header: &FileHeader64<LE>| format!("{:02x?}", &object::pod::bytes_of(header)[..size_of::<Ident>()]);
    comparison.text("ehdr", "e_ident", &place, ident(a), ident(b));
    let fields = |header: &FileHeader64<LE>| {
        [
            ("e_type", header.e_type.get(LE).0.into()),
            ("e_machine", header.e_machine.get(LE).0.into()),
            ("e_version", header.e_version.get(LE).into()),
            ("e_entry", header.e_entry.get(LE)),
            ("e_phoff", header.e_phoff.get(LE)),
            ("e_shoff", header.e_shoff.get(LE)),
            ("e_flags", header.e_flags.get(LE).0.into()),
            ("e_ehsize", header.e_ehsize.get(LE).into()),
            ("e_phentsize", header.e_phentsize.get(LE).into()),
            ("e_phnum", header.e_phnum.get(LE).into()),
            ("e_shentsize", header.e_shentsize.get(LE).into()),
            ("e_shnum", header.e_shnum.get(LE).into()),
            ("e_shstrndx", u64::from(header.e_shstrndx.get(LE).0)),
        ]
    };
    for ((name, was), (_, is)) in fields(a).into_iter().zip(fields(b)) {
        comparison.field("ehdr", name, &place, was, is);
    }

    let fields = |segment: &ProgramHeader64<LE>| {
        [
            ("p_type", segment.p_type.get(LE).0.into()),
            ("p_flags", segment.p_flags.get(LE).0.into()),
            ("p_offset", segment.p_offset.get(LE)),
            ("p_vaddr", segment.p_vaddr.get(LE)),
            ("p_paddr", segment.p_paddr.get(LE)),
            ("p_filesz", segment.p_filesz.get(LE)),
            ("p_memsz", segment.p_memsz.get(LE)),
            ("p_align", segment.p_align.get(LE)),
        ]
    };
    // A different number of segments shows as e_phnum.
    for (index, (a, b)) in (0..).zip(old.elf_program_headers().iter().zip(new.elf_program_headers())) {
        let place = Place::new("program headers", size_of::<ProgramHeader64<LE>>() as u64 * index);
        for ((name, was), (_, is)) in fields(a).into_iter().zip(fields(b)) {
            comparison.field(&format!("phdr[{:?}]", a.p_type.get(LE)), name, &place, was, is);
        }
    }
    comparison
}

/// The dynamic entries, one by one.
pub(super) fn dynamic(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let (old, new) = (Dynamic::of(old), Dynamic::of(new));
    let place = Place::new(".dynamic", 0);
    comparison.field("dynamic", "entries", &place, old.entries.len() as u64, new.entries.len() as u64);
    for (a, b) in old.entries.iter().zip(&new.entries) {
        let subject = format!("dynamic[{:?}]", a.tag);
        let place = Place::new(".dynamic", a.offset);
        comparison.text(&subject, "d_tag", &place, format!("{:?}", a.tag), format!("{:?}", b.tag));
        // Sizes and counts are values, tables are pointers; the ABI gives one field two names.
        let field = if a.tag == DT_STRSZ { "d_val" } else { "d_ptr" };
        comparison.field(&subject, field, &place, a.value, b.value);
    }
    comparison
}

/// Every mapped byte of the original that is not in a header or the dynamic table.
pub(super) fn bytes(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let compared_by_field = compared_by_field(old);
    let (was, is) = (Memory::of(old), Memory::of(new));
    let start = was.range().start;
    let (was, is) = (was.from(start).unwrap_or(&[]), is.from(start).unwrap_or(&[]));
    let mut run: Option<Range<u64>> = None;
    for (address, &old_byte) in (start..).zip(was) {
        if compared_by_field.iter().any(|range| range.contains(&address)) {
            continue;
        }
        comparison.compared += 1;
        if is.get((address - start) as usize) == Some(&old_byte) {
            continue;
        }
        match &mut run {
            Some(run) if run.end == address => run.end += 1,
            _ => {
                comparison.differences.extend(run.replace(address..address + 1).map(|run| changed(old, run)));
            }
        }
    }
    comparison.differences.extend(run.map(|run| changed(old, run)));
    comparison
}

/// The difference of a range of bytes.
fn changed(old: &ElfFile<'_>, run: Range<u64>) -> Difference {
    let place = place(old, run.start);
    Difference {
        key: format!("bytes[{}].content", place.section),
        place,
        original: format!("{} bytes at {:#x}", run.end - run.start, run.start),
        spliced: "others".into(),
    }
}

/// The addresses whose content [`headers`] and [`dynamic`] compare.
fn compared_by_field(elf: &ElfFile<'_>) -> Vec<Range<u64>> {
    let table = elf.elf_header().e_phoff.get(LE);
    let segments = elf.elf_program_headers();
    let mut ranges =
        vec![0..size_of::<FileHeader64<LE>>() as u64, table..table.saturating_add(size_of_val(segments) as u64)];
    if let Some(segment) = segments.iter().find(|segment| segment.p_type.get(LE) == PT_DYNAMIC) {
        // What stands behind the end mark has no meaning that could be compared, so it must be equal as bytes.
        let entries = Dynamic::of(elf).entries.len() as u64 * size_of::<Dyn64<LE>>() as u64;
        let start = segment.p_vaddr.get(LE);
        ranges.push(start..start.saturating_add(entries));
    }
    ranges
}

/// Section headers by index, fields by name, and the content of what is not mapped.
pub(super) fn section_headers(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let (before, after) = (sections(old), sections(new));
    for was in &before {
        let place = Place::new(was.name.clone(), 0);
        let subject = format!("shdr[{}]", was.name);
        let Some(is) = after.get(was.index - 1) else {
            comparison.text(&subject, "lost", &place, "a section".into(), "nothing".into());
            continue;
        };
        comparison.text(&subject, "name", &place, was.name.clone(), is.name.clone());
        for ((field, a), (_, b)) in fields(was).into_iter().zip(fields(is)) {
            let unmapped = field == "sh_offset" && !was.is_allocated();
            comparison.field(if unmapped { "shdr[unmapped]" } else { &subject }, field, &place, a, b);
        }
        if !was.is_allocated() {
            let (a, b) = (content(old, was).unwrap_or(&[]), content(new, is).unwrap_or(&[]));
            let shown = |bytes: &[u8]| format!("{} bytes", bytes.len());
            let field = if b.starts_with(a) { "appended" } else { "changed" };
            comparison.compared += 1;
            if a != b {
                let key = format!("content[{}].{field}", was.name);
                comparison.differences.push(Difference { key, place, original: shown(a), spliced: shown(b) });
            }
        }
    }
    for added in after.iter().skip(before.len()) {
        let subject = format!("shdr[{}]", added.name);
        comparison.text(&subject, "added", &Place::new(added.name.clone(), 0), "nothing".into(), "a section".into());
    }
    comparison
}

/// All fields of a section header but its name, which is compared as a string.
fn fields(section: &Section<'_>) -> [(&'static str, u64); 9] {
    let header = section.header;
    [
        ("sh_type", header.sh_type.get(LE).0.into()),
        ("sh_flags", header.sh_flags.get(LE).0),
        ("sh_addr", header.sh_addr.get(LE)),
        ("sh_offset", header.sh_offset.get(LE)),
        ("sh_size", header.sh_size.get(LE)),
        ("sh_link", header.sh_link.get(LE).into()),
        ("sh_info", header.sh_info.get(LE).into()),
        ("sh_addralign", header.sh_addralign.get(LE)),
        ("sh_entsize", header.sh_entsize.get(LE)),
    ]
}
