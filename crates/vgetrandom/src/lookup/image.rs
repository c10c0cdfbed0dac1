// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Looks up one function in a vDSO image in memory.
//!
//! The image comes from the kernel, so it is trusted. Still, every address is checked against the loaded segment and every
//! loop is bounded, so that an unknown format results in "no function" and not in a fault.

#![expect(unsafe_code, reason = "reads the image in memory")]

use crate::arch::vdso::MACHINE;
use core::mem::offset_of;

// Values of the ELF specification.
const MAGIC: [u8; 6] = [0x7f, b'E', b'L', b'F', 2, 1];
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const DT_NULL: u64 = 0;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_GNU_HASH: u64 = 0x6fff_fef5;
const STT_FUNC: u8 = 2;

/// Maximum number of headers, entries and symbols that are read. A vDSO has 5 program headers, and some 20 dynamic entries
/// and symbols.
const LIMIT: u64 = 1024;

#[derive(Clone, Copy)]
#[repr(C)]
struct Header {
    ident: [u8; 16],
    kind: u16,
    machine: u16,
    version: u32,
    entry: u64,
    program_headers: u64,
    sections: u64,
    flags: u32,
    len: u16,
    program_header_len: u16,
    program_header_count: u16,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct ProgramHeader {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    physical: u64,
    file_len: u64,
    memory_len: u64,
    align: u64,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Dynamic {
    tag: u64,
    value: u64,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    len: u64,
}

/// A loaded image, addressed by the virtual addresses in its file.
struct Memory {
    start: *const u8,
    /// Address of the first byte, as the file gives it.
    address: u64,
    len: u64,
}

impl Memory {
    /// Reads a value. `None` if it is not in the image.
    fn read<T: Copy>(&self, address: u64) -> Option<T> {
        let offset = address.checked_sub(self.address)?;
        if offset.checked_add(size_of::<T>() as u64)? > self.len {
            return None;
        }
        // SAFETY: within the loaded segment, which is readable; `T` is one of the types above, valid for every bit pattern.
        Some(unsafe { self.start.add(offset as usize).cast::<T>().read_unaligned() })
    }
}

/// Address of the exported function `name`.
///
/// # Safety
/// `base` is the ELF header of an image that is mapped as the kernel maps one, for the rest of the process.
pub unsafe fn find_function(base: *const u8, name: &[u8]) -> Option<*const u8> {
    let memory = load(base)?;
    let dynamic = dynamic(&memory, base)?;
    let strings = dynamic.strings?;
    let symbols = dynamic.symbols?;
    let count = dynamic.symbol_count(&memory)?;
    let value = (0..count.min(LIMIT)).find_map(|index| {
        let symbol: Symbol = memory.read(symbols + index * size_of::<Symbol>() as u64)?;
        let is_defined_function = symbol.section != 0 && symbol.info & 0xf == STT_FUNC;
        (is_defined_function && is_string(&memory, strings + u64::from(symbol.name), name)).then_some(symbol.value)
    })?;
    memory.read::<u8>(value)?;
    // SAFETY: the address lies in the image, as just read.
    Some(unsafe { base.add((value - memory.address) as usize) })
}

/// The image's loadable segment, of which a vDSO has one.
fn load(base: *const u8) -> Option<Memory> {
    let file = Memory { start: base, address: 0, len: crate::abi::PAGE_SIZE as u64 };
    let header: Header = file.read(0)?;
    if header.ident[..MAGIC.len()] != MAGIC || header.machine != MACHINE {
        return None;
    }
    let segment = program_headers(&file)?.find(|segment| segment.kind == PT_LOAD && segment.offset == 0)?;
    Some(Memory { start: base, address: segment.address, len: segment.memory_len })
}

fn program_headers(file: &Memory) -> Option<impl Iterator<Item = ProgramHeader> + '_> {
    let header: Header = file.read(0)?;
    let (start, step) = (header.program_headers, u64::from(header.program_header_len));
    Some(
        (0..u64::from(header.program_header_count)).map_while(move |index| file.read(start.checked_add(index * step)?)),
    )
}

/// Tables that the dynamic section names, as addresses that the file gives.
#[derive(Default)]
struct Tables {
    strings: Option<u64>,
    symbols: Option<u64>,
    hash: Option<u64>,
    gnu_hash: Option<u64>,
}

fn dynamic(memory: &Memory, base: *const u8) -> Option<Tables> {
    let file = Memory { start: base, address: 0, len: crate::abi::PAGE_SIZE as u64 };
    let start = program_headers(&file)?.find(|segment| segment.kind == PT_DYNAMIC)?.address;
    let mut tables = Tables::default();
    for index in 0..LIMIT {
        let entry: Dynamic = memory.read(start.checked_add(index * size_of::<Dynamic>() as u64)?)?;
        let field = match entry.tag {
            DT_NULL => break,
            DT_HASH => &mut tables.hash,
            DT_STRTAB => &mut tables.strings,
            DT_SYMTAB => &mut tables.symbols,
            DT_GNU_HASH => &mut tables.gnu_hash,
            _ => continue,
        };
        // The arithmetic on the address of a table cannot overflow if the table starts within the image.
        memory.read::<u8>(entry.value)?;
        *field = Some(entry.value);
    }
    Some(tables)
}

impl Tables {
    /// Number of dynamic symbols, which only the hash tables give. Images may have either kind.
    fn symbol_count(&self, memory: &Memory) -> Option<u64> {
        if let Some(hash) = self.hash {
            return memory.read::<[u32; 2]>(hash).map(|[_, chains]| u64::from(chains));
        }
        self.gnu_symbol_count(memory)
    }

    /// Walks the last chain to its end.
    fn gnu_symbol_count(&self, memory: &Memory) -> Option<u64> {
        let hash = self.gnu_hash?;
        let [buckets, first, bloom, _] = memory.read::<[u32; 4]>(hash)?.map(u64::from);
        let bucket = hash + 16 + bloom * 8;
        let chain = bucket + buckets * 4;
        let heads = (0..buckets.min(LIMIT)).map_while(|index| memory.read::<u32>(bucket + index * 4));
        let last = u64::from(heads.max()?);
        if last < first {
            return Some(first);
        }
        let ends = |index: &u64| memory.read::<u32>(chain + (index - first) * 4).is_none_or(|hash| hash & 1 != 0);
        (last..last + LIMIT).find(ends).map(|index| index + 1)
    }
}

fn is_string(memory: &Memory, address: u64, wanted: &[u8]) -> bool {
    let bytes = wanted.iter().copied().chain([0]);
    (address..).zip(bytes).all(|(address, byte)| memory.read::<u8>(address) == Some(byte))
}

const _: () = assert!(offset_of!(Header, program_headers) == 32 && offset_of!(Header, program_header_len) == 54);
const _: () = assert!(size_of::<ProgramHeader>() == 56 && size_of::<Dynamic>() == 16 && size_of::<Symbol>() == 24);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::vdso_base;
    extern crate std;
    use std::vec::Vec;

    /// A copy of the running kernel's image, to be damaged.
    fn image() -> Vec<u8> {
        let base = vdso_base() as *const u8;
        let len = load(base).expect("the kernel maps a vDSO").len as usize;
        // SAFETY: the loaded segment.
        let mut bytes = unsafe { core::slice::from_raw_parts(base, len) }.to_vec();
        bytes.resize(len.next_multiple_of(crate::abi::PAGE_SIZE), 0);
        bytes
    }

    fn find(image: &[u8], name: &[u8]) -> Option<usize> {
        // SAFETY: a copy of an image, at least a page long.
        let address = unsafe { find_function(image.as_ptr(), name) }?;
        Some(address.addr() - image.as_ptr().addr())
    }

    /// Replaces the tag of one dynamic entry.
    fn replace_tag(image: &mut [u8], from: u64, to: u64) {
        let base = image.as_ptr();
        let memory = load(base).expect("the copy is an image");
        let file = Memory { start: base, address: 0, len: crate::abi::PAGE_SIZE as u64 };
        let segment =
            program_headers(&file).and_then(|mut all| all.find(|one| one.kind == PT_DYNAMIC)).expect("dynamic");
        let places = (segment.address..).step_by(16).take_while(|at| memory.read::<u64>(*at) != Some(DT_NULL));
        let at =
            places.into_iter().find(|at| memory.read::<u64>(*at) == Some(from)).expect("the entry is there") as usize;
        image[at..at + 8].copy_from_slice(&to.to_ne_bytes());
    }

    #[test]
    fn find_function_agrees_between_both_hash_tables() {
        // Every x86-64 vDSO has it.
        let name = b"__vdso_clock_gettime";
        let (whole, mut sysv, mut gnu) = (image(), image(), image());
        let found = find(&whole, name).expect("the function is there");
        let (mut has_sysv, mut has_gnu) = (false, false);
        let tables = dynamic(&load(whole.as_ptr()).expect("an image"), whole.as_ptr()).expect("dynamic");
        if tables.hash.is_some() && tables.gnu_hash.is_some() {
            replace_tag(&mut sysv, DT_GNU_HASH, u64::MAX);
            has_sysv = find(&sysv, name) == Some(found);
            replace_tag(&mut gnu, DT_HASH, u64::MAX);
            has_gnu = find(&gnu, name) == Some(found);
        }
        let has_both = tables.hash.is_some() && tables.gnu_hash.is_some();
        assert_eq!((has_sysv, has_gnu), (has_both, has_both));
    }

    #[test]
    fn find_function_misses_unknown_names_and_prefixes() {
        let image = image();
        assert_eq!(find(&image, b"__vdso_clock_gettim"), None);
        assert_eq!(find(&image, b"__vdso_clock_gettime_"), None);
        assert_eq!(find(&image, b""), None);
    }

    #[test]
    fn find_function_refuses_what_is_not_an_image() {
        let mut image = image();
        image[0] = 0;
        assert_eq!(find(&image, b"__vdso_clock_gettime"), None);
    }

    /// No byte of the headers and tables may lead out of the image.
    #[test]
    fn find_function_survives_every_damaged_byte() {
        let whole = image();
        let name = b"__vdso_clock_gettime";
        let mut lost = 0;
        for at in 0..crate::abi::PAGE_SIZE.min(whole.len()) {
            for value in [0, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                // A greater length of the segment is the kernel's word for memory that is mapped.
                let claims_more = load(damaged.as_ptr()).is_some_and(|memory| memory.len as usize > whole.len());
                if !claims_more && find(&damaged, name).is_none() {
                    lost += 1;
                }
            }
        }
        assert!(lost > 0, "no damage was noticed");
    }
}
