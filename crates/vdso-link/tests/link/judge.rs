// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Requirements for every spliced image, read by means that the splice does not use.

use gimli::{BaseAddresses, CieOrFde, EhFrame, EhFrameHdr, LittleEndian, Pointer, UnwindContext, UnwindSection as _};
use goblin::elf::Elf;
use object::LittleEndian as LE;
use object::elf::{DT_GNU_HASH, DT_HASH, DT_VERSYM, DynamicTag, FileHeader64};
use object::read::elf::{FileHeader as _, GnuHashTable, HashTable};
use std::collections::BTreeMap;
use vdso_link::{Image, LinkedImage};

/// Checks a splice; panics with the violation.
pub fn judge(spliced: &LinkedImage) {
    let original = spliced.original.as_ref().unwrap();
    let (old, new) = (Elf::parse(original.data()).unwrap(), Elf::parse(spliced.image.data()).unwrap());
    segments(&old, &new, spliced.image.data());
    untouched(original, &spliced.image, &old);
    exports(original, spliced, &old, &new);
    unwind(original, &spliced.image);
}

/// One load segment that the file contains, and that contains all tables.
fn segments(old: &Elf<'_>, new: &Elf<'_>, data: &[u8]) {
    assert_eq!(old.program_headers.len(), new.program_headers.len());
    let load = &new.program_headers[0];
    assert_eq!((load.p_offset, load.p_vaddr, load.p_filesz), (0, 0, load.p_memsz));
    assert!(load.p_filesz > old.program_headers[0].p_filesz && load.p_filesz <= data.len() as u64);
    for section in new.section_headers.iter().filter(|section| section.is_alloc()) {
        assert_eq!(section.sh_addr, section.sh_offset);
        assert!(section.sh_addr + section.sh_size <= load.p_filesz);
    }
    let mut places: Vec<_> = new.section_headers.iter().map(|section| section.file_range().unwrap_or(0..0)).collect();
    places.sort_by_key(|place| place.start);
    assert!(places.is_sorted_by(|before, after| before.end <= after.start), "sections overlap: {places:x?}");
}

/// The mapped bytes of the original, but for the headers and the values of dynamic entries.
fn untouched(original: &Image, image: &Image, old: &Elf<'_>) {
    let dynamic = old.program_headers.iter().find(|header| header.p_type == goblin::elf::program_header::PT_DYNAMIC);
    let dynamic = dynamic.unwrap().file_range();
    for at in 64 + 56 * old.program_headers.len()..old.program_headers[0].p_filesz as usize {
        if !dynamic.contains(&at) || (at - dynamic.start) % 16 < 8 {
            assert_eq!(original.data()[at], image.data()[at], "byte {at:#x}");
        }
    }
}

/// Everything old is where it was, ours is added or in the place of its namesake, and both hash tables find each.
fn exports(original: &Image, spliced: &LinkedImage, old: &Elf<'_>, new: &Elf<'_>) {
    let (before, after) = (symbols(original.data(), old), symbols(spliced.image.data(), new));
    let text = new
        .section_headers
        .iter()
        .position(|section| new.shdr_strtab.get_at(section.sh_name) == Some(".text.vgetrandom"));
    let old_end = original.elf().unwrap().elf_program_headers()[0].p_filesz.get(LE);
    for (name, symbol) in &before {
        if !spliced.exports.iter().any(|export| export.name == *name) {
            assert_eq!(after.get(name), Some(symbol), "{name}");
        }
    }
    let (_, node) = before["__vdso_time"];
    for export in spliced.exports {
        let (symbol, version) = &after[export.name];
        assert!(
            symbol.st_value >= old_end && symbol.st_size > 0 && symbol.is_function(),
            "{}: {symbol:?}",
            export.name
        );
        assert_eq!(symbol.st_bind() == goblin::elf::sym::STB_WEAK, export.weak);
        assert_eq!(*version, node, "{}", export.name);
        assert!(new.section_headers.is_empty() || Some(symbol.st_shndx) == text, "{}", export.name);
    }
    let names: Vec<&str> = after.keys().copied().collect();
    assert_eq!(names.len() + 1, new.dynsyms.len(), "a symbol is there twice");
    lookups(spliced.image.data(), new, &names);
}

/// Name to symbol and version index, the null symbol left out.
fn symbols<'a>(data: &[u8], elf: &'a Elf<'_>) -> BTreeMap<&'a str, (goblin::elf::Sym, u16)> {
    let versions = &data[entry(elf, DT_VERSYM) as usize..];
    let named = elf.dynsyms.iter().zip(versions.chunks_exact(2)).skip(1).map(|(mut symbol, version)| {
        let name = elf.dynstrtab.get_at(symbol.st_name).unwrap();
        symbol.st_name = 0;
        (name, (symbol, u16::from_le_bytes(version.try_into().unwrap())))
    });
    named.collect()
}

/// The value of a dynamic entry.
fn entry(elf: &Elf<'_>, tag: DynamicTag) -> u64 {
    elf.dynamic.as_ref().unwrap().dyns.iter().find(|entry| entry.d_tag == tag.0 as u64).unwrap().d_val
}

/// Both hash tables, through the dynamic entries, lead to every name and to no other.
fn lookups(data: &[u8], elf: &Elf<'_>, names: &[&str]) {
    let table = |tag| &data[entry(elf, tag) as usize..];
    let sysv = HashTable::<FileHeader64<LE>>::parse(LE, table(DT_HASH)).unwrap();
    let gnu = GnuHashTable::<FileHeader64<LE>>::parse(LE, table(DT_GNU_HASH)).unwrap();
    assert_eq!(sysv.symbol_table_length() as usize, elf.dynsyms.len());
    assert_eq!(gnu.symbol_table_length(LE).unwrap() as usize, elf.dynsyms.len());
    let header = FileHeader64::<LE>::parse(data).unwrap();
    let sections = header.sections(LE, data).unwrap();
    if sections.is_empty() {
        return;
    }
    let symbols = sections.symbols(LE, data, object::elf::SHT_DYNSYM).unwrap();
    let versions = sections.versions(LE, data).unwrap().unwrap();
    let find = |name: &str| {
        let name = name.as_bytes();
        let by_sysv = sysv.find(LE, name, object::elf::hash(name), None, &symbols, &versions);
        let by_gnu = gnu.find(LE, name, object::elf::gnu_hash(name), None, &symbols, &versions);
        assert_eq!(by_sysv.map(|found| found.0), by_gnu.map(|found| found.0), "{name:?}");
        by_gnu.is_some()
    };
    assert!(names.iter().all(|name| find(name)));
    assert!(!find("__vdso_get_nothing") && !find("") && !find("getrando"));
}

/// The search table is sorted and names every description; every old one says the same as before.
fn unwind(original: &Image, image: &Image) {
    let (before, after) = (rows(original), rows(image));
    for (start, rows) in &before {
        assert_eq!(after.get(start), Some(rows), "unwinding at {start:#x}");
    }
    let end = original.elf().unwrap().elf_program_headers()[0].p_filesz.get(LE);
    let ours = after.range(end..).count();
    assert!(ours >= 3 && before.len() + ours == after.len(), "{} + {ours} of {}", before.len(), after.len());
}

/// For each description: its first address, and its rows in words.
fn rows(image: &Image) -> BTreeMap<u64, Vec<String>> {
    let elf = image.elf().unwrap();
    let header =
        elf.elf_program_headers().iter().find(|segment| segment.p_type.get(LE) == object::elf::PT_GNU_EH_FRAME);
    let header = header.unwrap().p_vaddr.get(LE);
    let bases = BaseAddresses::default().set_eh_frame_hdr(header);
    let parsed = EhFrameHdr::new(&image.data()[header as usize..], LittleEndian).parse(&bases, 8).unwrap();
    let Pointer::Direct(frames) = parsed.eh_frame_ptr() else { panic!("an indirect pointer") };
    let bases = bases.set_eh_frame(frames);
    let section = EhFrame::new(&image.data()[frames as usize..], LittleEndian);

    let table = parsed.table().unwrap();
    let mut pairs = Vec::new();
    let mut iterator = table.iter(&bases);
    while let Some((start, fde)) = iterator.next().unwrap() {
        pairs.push((start.pointer(), fde.pointer() - frames));
    }
    assert!(pairs.is_sorted(), "{pairs:x?}");

    let mut entries = section.entries(&bases);
    let mut described = BTreeMap::new();
    let mut context = UnwindContext::new();
    while described.len() < pairs.len() {
        let CieOrFde::Fde(fde) = entries.next().unwrap().expect("fewer descriptions than pairs") else { continue };
        let fde = fde.parse(|section, bases, offset| section.cie_from_offset(bases, offset)).unwrap();
        assert!(pairs.contains(&(fde.initial_address(), fde.offset() as u64)), "{:#x}", fde.initial_address());
        let mut rows = fde.rows(&section, &bases, &mut context).unwrap();
        let mut words = vec![format!("signal frame: {}", fde.is_signal_trampoline())];
        while let Some(row) = rows.next_row().unwrap() {
            words.push(format!("{row:?}"));
        }
        described.insert(fde.initial_address(), words);
    }
    described
}
