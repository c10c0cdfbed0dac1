// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The 64-bit vDSO image inside of a `vmlinux`, which holds it as data, in whole pages, as processes will see it.
//!
//! Where the file has its symbol table, `vdso_image_64` says where: the structure begins with the address of the image and
//! its size (Linux `arch/x86/include/asm/vdso.h`, filled in by `vdso2c`). Otherwise each page that is not writable is looked
//! at. The file may take hundreds of megabytes and is never read whole.

use crate::error::Error;
use crate::image::Image;
use crate::parser::header_mistake;
use goblin::elf::Elf;
use object::elf::{ET_DYN, FileHeader64, PF_W, PT_LOAD, ProgramHeader64, STT_OBJECT};
use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use object::{LittleEndian as LE, Object as _, ObjectSymbol as _, ReadCache, ReadRef as _};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::SONAME;

/// More than a kernel takes with all its debug information, in bytes.
const LARGEST: u64 = 4 << 30;

/// More than any vDSO takes, in bytes.
const LARGEST_IMAGE: u64 = 1 << 20;

/// More segments than any kernel has; each address is looked up in all of them.
const MOST_LOADS: usize = 16;

/// More files of the kind of an image than any kernel holds; each is taken apart to see whether it is one.
const MOST_CANDIDATES: usize = 64;

/// The structure that describes the image to the kernel.
const DESCRIPTION: &str = "vdso_image_64";

const PAGE: u64 = PAGE_SIZE as u64;

/// A kernel, read in parts on demand.
struct Kernel<'a> {
    path: &'a Path,
    /// For the pages, which are not to stay in memory.
    file: &'a File,
    elf: ElfFile64<'a, LE, &'a ReadCache<&'a File>>,
}

/// Finds the image in the kernel at `path`, which is not changed, and takes a copy of its pages.
///
/// # Errors
/// [`Error::Io`] where the file cannot be read, [`Error::Malformed`] where it is no ELF file or its description leads nowhere.
/// [`Error::Refused`] where there is no image in it, or several and no symbol that tells which.
pub fn image_in(path: &Path) -> Result<Image, Error> {
    let io = |reason| Error::Io { path: path.into(), reason };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() > LARGEST {
        return Err(Error::Refused {
            path: path.into(),
            what: format!("a file of more than {} GiB", LARGEST >> 30),
            next: "name the vmlinux of a kernel build".into(),
        });
    }
    // The cache keeps all that is read through it: headers and the symbol table.
    let cache = ReadCache::new(&file);
    let malformed = |what: String| Error::Malformed { path: path.into(), offset: 0, what, wanted: WANTED.into() };
    let length = cache.len().unwrap_or(0).min(size_of::<FileHeader64<LE>>() as u64);
    let start = cache.read_bytes_at(0, length).unwrap_or_default();
    if let Some((_, what)) = header_mistake(start) {
        return Err(malformed(what));
    }
    let elf = ElfFile64::parse(&cache).map_err(|error| malformed(error.to_string()))?;
    let kernel = Kernel { path, file: &file, elf };
    let loads = kernel.loads().count();
    if loads > MOST_LOADS {
        return Err(malformed(format!("{loads} PT_LOAD")));
    }
    match kernel.described()? {
        Some(image) => Ok(image),
        None => kernel.found(),
    }
}

/// The expected kind of file.
const WANTED: &str = "the uncompressed vmlinux of an x86-64 kernel; from a bzImage, scripts/extract-vmlinux makes it";

impl Kernel<'_> {
    /// The image that the symbol tells; `None` where the file is stripped.
    fn described(&self) -> Result<Option<Image>, Error> {
        let mut objects = self.elf.symbols().filter(|symbol| symbol.elf_symbol().st_type() == STT_OBJECT);
        let Some(symbol) = objects.find(|symbol| symbol.name() == Ok(DESCRIPTION)) else { return Ok(None) };
        let description = self.at(symbol.address(), 16).and_then(|bytes| bytes.as_chunks().0.try_into().ok());
        let Some([data, size]) = description.map(|words: [[u8; 8]; 2]| words.map(u64::from_le_bytes)) else {
            return Err(self.malformed(symbol.address(), format!("{DESCRIPTION} is not in the file")));
        };
        let pages = (data % PAGE, size % PAGE) == (0, 0) && (1..=LARGEST_IMAGE).contains(&size);
        let image = pages.then(|| self.at(data, size)).flatten().and_then(|bytes| self.image(bytes));
        image.map(Some).ok_or_else(|| {
            self.malformed(data, format!("{DESCRIPTION} says {size:#x} bytes here, which are no vDSO image"))
        })
    }

    /// The only image that lies in read-only pages.
    fn found(&self) -> Result<Image, Error> {
        let mut found: Option<(u64, Image)> = None;
        let mut candidates = 0;
        for load in self.loads().filter(|load| !load.p_flags(LE).contains(PF_W)) {
            let (start, size) = (load.p_vaddr(LE), load.p_filesz(LE).min(LARGEST));
            let first = start.next_multiple_of(PAGE).wrapping_sub(start);
            for address in (first..size).step_by(PAGE_SIZE).map(|offset| start.wrapping_add(offset)) {
                let Some(size) = self.candidate_at(address) else { continue };
                candidates += 1;
                if candidates > MOST_CANDIDATES {
                    let what = format!("more than {MOST_CANDIDATES} shared objects lie in it");
                    return Err(self.refused(what, "name the vmlinux with its symbol table, which tells the right one"));
                }
                let Some(image) = self.at(address, size).and_then(|bytes| self.image(bytes)) else { continue };
                if let Some((other, _)) = found {
                    let what = format!("64-bit vDSO images lie at {other:#x} and at {address:#x}");
                    return Err(self.refused(what, "name the vmlinux with its symbol table, which tells the right one"));
                }
                found = Some((address, image));
            }
        }
        found
            .map(|(_, image)| image)
            .ok_or_else(|| self.refused("no 64-bit vDSO image lies in it".into(), &format!("name {WANTED}")))
    }

    /// The size in whole pages of the shared object that begins at an address, if one of the size of images does.
    fn candidate_at(&self, address: u64) -> Option<u64> {
        let header = self.at(address, size_of::<FileHeader64<LE>>() as u64)?;
        if header_mistake(&header).is_some() {
            return None;
        }
        let header = FileHeader64::<LE>::parse(&header[..]).ok()?;
        if header.e_type(LE) != ET_DYN {
            return None;
        }
        // Section headers end a stripped file, and the kernel keeps the whole of it.
        let table = u64::from(header.e_shentsize(LE)) * u64::from(header.e_shnum(LE));
        let end = header.e_shoff(LE).checked_add(table).filter(|end| (1..=LARGEST_IMAGE).contains(end))?;
        Some(end.next_multiple_of(PAGE))
    }

    /// The bytes as an image, where they are one of a vDSO.
    fn image(&self, bytes: Vec<u8>) -> Option<Image> {
        let name = format!("{} (vDSO)", self.path.display());
        let image = Image::from_bytes(name.as_ref(), bytes).ok()?;
        (Elf::parse(image.data()).ok()?.soname == Some(SONAME)).then_some(image)
    }

    /// The bytes of the file for a range of addresses that is at most as long as an image.
    fn at(&self, address: u64, size: u64) -> Option<Vec<u8>> {
        self.loads().find_map(|load| {
            let offset = address.checked_sub(load.p_vaddr(LE))?;
            let there = offset.checked_add(size)? <= load.p_filesz(LE);
            let place = load.p_offset(LE).checked_add(offset).filter(|_| there)?;
            let mut bytes = vec![0; usize::try_from(size).ok()?];
            self.file.read_exact_at(&mut bytes, place).ok()?;
            Some(bytes)
        })
    }

    fn loads(&self) -> impl Iterator<Item = &ProgramHeader64<LE>> {
        self.elf.elf_program_headers().iter().filter(|segment| segment.p_type(LE) == PT_LOAD)
    }

    fn malformed(&self, address: u64, what: String) -> Error {
        Error::Malformed { path: self.path.into(), offset: address, what, wanted: WANTED.into() }
    }

    fn refused(&self, what: String, next: &str) -> Error {
        Error::Refused { path: self.path.into(), what, next: next.into() }
    }
}
