// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Files up to the largest that is read cost time and memory in proportion to their length, whatever they hold: each of their
//! tables is within its bound, or they are refused.

#[expect(dead_code, reason = "the tests that it is from need more of it")]
#[path = "link/fixture.rs"]
mod fixture;

use fixture::{Base, GOOD, assemble, checked};
use object::LittleEndian as LE;
use object::elf::{
    FileHeader64, PT_LOAD, PT_NOTE, ProgramHeader64, SHF_ALLOC, SHF_EXECINSTR, SHT_NOTE, SHT_PROGBITS, SHT_RELA,
    SHT_STRTAB, SHT_SYMTAB, SectionFlags, SectionHeader64, SectionType,
};
use object::endian::{U16, U32, U64};
use object::pod::{bytes_of, bytes_of_slice, from_bytes, slice_from_bytes};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use vdso_link::link::splice::splice;
use vdso_link::link::unsplice::unsplice;
use vdso_link::{CheckedObject, Error, Image, LinkedImage, Object, check, diff, dump, verify};

/// An allocator that knows how much was in use at most.
struct Meter;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: what is handed out comes from the system's allocator.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(IN_USE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's promise about the layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise that the block is one of ours, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static METER: Meter = Meter;

/// The numbers are of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The length of the large files, in bytes: the largest that is read.
const LARGE: usize = 64 << 20;

/// What a door may have allocated at a time beside copies of the file, in bytes.
const EXTRA: usize = 192 << 20;

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
struct Way {
    name: &'static str,
    /// Words of the refusal; `None` for what all doors take.
    refusal: Option<&'static str>,
    grow: fn(&mut Growing, usize),
}

/// The ways that objects and images have in common; the number is how many bytes to add.
const WAYS: [Way; 7] = [
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
const OF_IMAGES: [Way; 3] = [
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
const OF_OBJECTS: [Way; 1] = [Way {
    name: "relocations",
    refusal: Some("relocations, where at most"),
    grow: |it, size| {
        let old = *it.first(SHT_RELA);
        let section = it.section(SHT_RELA, SectionFlags(0), &vec![0; size / 24 * 24]);
        (section.sh_link, section.sh_info, section.sh_entsize) = (old.sh_link, old.sh_info, old.sh_entsize);
    },
}];

/// A good file of a length in one way.
fn grown(good: &[u8], way: &Way, length: usize) -> Vec<u8> {
    let mut growing = Growing::new(good);
    // The headers of all sections come behind.
    (way.grow)(&mut growing, length - good.len() - 512 * 64);
    growing.finish()
}

/// Sends a file through a door; sees to it that it takes no more memory than it may, and says what came back.
fn pass(door: &str, data: &[u8], through: impl FnOnce(Vec<u8>) -> Result<(), Error>) -> Result<(), Error> {
    let copy = data.to_vec();
    let before = IN_USE.load(Relaxed);
    MOST.store(before, Relaxed);
    let outcome = through(copy);
    let taken = MOST.load(Relaxed).saturating_sub(before);
    // A splice has the original, the new file and the way back from it; each buffer may have grown to twice its size.
    assert!(taken <= 6 * data.len() + EXTRA, "{door} took {taken} bytes for {} of the file", data.len());
    outcome
}

/// What each door says of a file.
type Door = (&'static str, fn(&CheckedObject, Vec<u8>) -> Result<(), Error>);

const IMAGE_DOORS: [Door; 5] = [
    ("verify", |_, data| verify(LinkedImage::found(Image::from_bytes(Path::new("large.so"), data)?)?).map(drop)),
    ("dump", |_, data| dump(&Image::from_bytes(Path::new("large.so"), data)?).map(|dump| drop(dump.to_string()))),
    ("diff", |_, data| {
        let image = Image::from_bytes(Path::new("large.so"), data)?;
        diff(&image, &image).map(|differences| assert!(differences.is_empty()))
    }),
    ("splice", |object, data| {
        let spliced = splice(object, Image::from_bytes(Path::new("large.so"), data)?)?;
        let original = spliced.original.unwrap();
        assert_eq!(unsplice(&spliced.image)?.data(), original.data());
        Ok(())
    }),
    ("unsplice", |_, data| match unsplice(&Image::from_bytes(Path::new("large.so"), data)?) {
        // What nobody spliced is refused for that.
        Err(Error::Refused { what, .. }) if what.contains("it has no section") => Ok(()),
        other => other.map(drop),
    }),
];

const OBJECT_DOORS: [Door; 1] = [("check", |_, data| check(Object::from_bytes(Path::new("large.o"), data)?).map(drop))];

/// Sends files that are large in several ways through doors.
fn all<'a>(good: &[u8], object: &CheckedObject, doors: &[Door], ways: impl Iterator<Item = &'a Way>) {
    let _alone = ALONE.lock();
    for way in ways {
        for length in [LARGE / 2, LARGE] {
            let data = grown(good, way, length);
            assert!(data.len() <= LARGE, "{}: {} bytes", way.name, data.len());
            for (name, door) in doors {
                let started = std::time::Instant::now();
                let outcome = pass(name, &data, |data| door(object, data));
                println!("{name}: {} of {} MiB: {:?}", way.name, data.len() >> 20, started.elapsed());
                match (outcome, way.refusal) {
                    (Ok(()), None) => {}
                    (Err(error), Some(words)) if error.to_string().contains(words) => {}
                    (outcome, _) => panic!("{name}: {}: {outcome:?}", way.name),
                }
            }
        }
    }
}

#[test]
fn large_images_take_time_by_their_length() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let base = Base::WITH_GETRANDOM.link(folder.path());
    all(base.data(), &object, &IMAGE_DOORS, WAYS.iter().chain(&OF_IMAGES));
}

#[test]
fn large_objects_take_time_by_their_length() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    all(object.object().data(), &object, &OBJECT_DOORS, WAYS.iter().chain(&OF_OBJECTS));
}
