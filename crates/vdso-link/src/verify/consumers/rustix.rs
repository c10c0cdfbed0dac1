// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! rustix without libc (`src/backend/linux_raw/vdso.rs` and `param/auxv.rs`; 1.1).

use super::is_named;
use object::LittleEndian as LE;
use object::elf::{
    self, DT_GNU_HASH, DT_SYMENT, DT_VERDEF, DT_VERSYM, ELFOSABI_GNU, ELFOSABI_SYSV, EM_X86_64, ET_DYN, FileHeader64,
    PF_R, PF_X, PN_XNUM, PT_DYNAMIC, PT_GNU_RELRO, PT_INTERP, PT_LOAD, ProgramHeader64, STB_GLOBAL, STB_WEAK, STT_FUNC,
    STT_NOTYPE, Sym64, VER_DEF_CURRENT,
};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::hash::{GnuHash, SysvHash};
use vdso_elf::parser::ElfFile;
use vdso_elf::symbols::Symbols;
use vdso_elf::versions::definitions;

/// See [`LookUp`](super::LookUp).
pub(super) fn look_up(elf: &ElfFile<'_>, name: &str, version: &str) -> Result<u64, &'static str> {
    accept_header(elf)?;
    accept_segments(elf)?;
    let dynamic = Dynamic::of(elf);
    if !dynamic.terminated {
        return Err("the dynamic table has no end");
    }
    // It looks at each, not at the last as for all other tags.
    let mut sizes = dynamic.entries.iter().filter(|entry| entry.tag == DT_SYMENT);
    if sizes.any(|entry| entry.value != size_of::<Sym64<LE>>() as u64) {
        return Err("DT_SYMENT is not the size of a symbol");
    }
    let fits = |&index: &u32| {
        let callable = Symbols::of(&dynamic).get(index).is_some_and(|symbol| {
            matches!(symbol.st_type(), STT_FUNC | STT_NOTYPE) && matches!(symbol.st_bind(), STB_GLOBAL | STB_WEAK)
        });
        callable && is_named(&dynamic, index, name) && has_version(&dynamic, index, version)
    };
    let index = if dynamic.value(DT_GNU_HASH).is_some() {
        let table = GnuHash::of(&dynamic).ok_or("DT_GNU_HASH leaves the image")?;
        let hash = elf::gnu_hash(name.as_bytes());
        let mut bucket = table.bucket(hash).filter(|(_, stored)| stored | 1 == hash | 1).map(|(index, _)| index);
        bucket.find(fits)
    } else {
        let table = SysvHash::of(&dynamic).ok_or("no hash table")?;
        table.bucket(elf::hash(name.as_bytes())).find(fits)
    };
    let symbol = index.and_then(|index| Symbols::of(&dynamic).get(index)).ok_or("no symbol in its bucket matches")?;
    let address = symbol.st_value.get(LE);
    // It asserts this, so that a breach is a panic of the program.
    let load = dynamic.memory.range();
    if address < load.start || address > load.end {
        return Err("its address lies outside of PT_LOAD");
    }
    Ok(address)
}

fn accept_header(elf: &ElfFile<'_>) -> Result<(), &'static str> {
    let header = elf.elf_header();
    let known_abi = matches!(header.e_ident.os_abi, ELFOSABI_SYSV | ELFOSABI_GNU) && header.e_ident.abi_version == 0;
    let known_sizes = usize::from(header.e_ehsize.get(LE)) == size_of::<FileHeader64<LE>>()
        && usize::from(header.e_phentsize.get(LE)) == size_of::<ProgramHeader64<LE>>();
    if !known_abi {
        return Err("it does not know the OS ABI");
    }
    if header.e_type.get(LE) != ET_DYN || header.e_machine.get(LE) != EM_X86_64 {
        return Err("it is no x86-64 shared object");
    }
    if !known_sizes || header.e_phoff.get(LE) < size_of::<FileHeader64<LE>>() as u64 {
        return Err("the headers have unusual sizes");
    }
    if header.e_phnum.get(LE) == PN_XNUM {
        return Err("the number of segments is not in the ELF header");
    }
    Ok(())
}

fn accept_segments(elf: &ElfFile<'_>) -> Result<(), &'static str> {
    let mut load = None;
    for segment in elf.elf_program_headers() {
        match segment.p_type.get(LE) {
            PT_LOAD if load.is_none() => load = Some(segment.p_flags.get(LE)),
            PT_DYNAMIC if segment.p_offset.get(LE) < size_of::<FileHeader64<LE>>() as u64 => {
                return Err("PT_DYNAMIC overlaps the ELF header");
            }
            PT_INTERP | PT_GNU_RELRO => return Err("it has PT_INTERP or PT_GNU_RELRO, as programs have"),
            _ => {}
        }
    }
    let readable_code = load.is_some_and(|flags| flags.contains(PF_R | PF_X));
    if readable_code { Ok(()) } else { Err("no PT_LOAD that is readable and executable") }
}

/// Stops at a definition of another revision, so that all that follow are lost with it.
fn has_version(dynamic: &Dynamic<'_>, index: u32, version: &str) -> bool {
    if dynamic.value(DT_VERSYM).is_none() || dynamic.value(DT_VERDEF).is_none() {
        return true;
    }
    let Some(found) = Symbols::of(dynamic).version(index) else { return false };
    let known = definitions(dynamic).into_iter().take_while(|definition| definition.revision == VER_DEF_CURRENT);
    let mut matching = known.filter(|definition| !definition.base && definition.index & 0x7fff == found.index().0);
    matching.next().is_some_and(|definition| {
        definition.hash == elf::hash(version.as_bytes()) && definition.name == Some(version.as_bytes())
    })
}
