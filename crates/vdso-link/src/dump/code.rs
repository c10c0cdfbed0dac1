// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The functions of an image, and a digest of each that does not depend on where the linker put what it refers to.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind};
use object::LittleEndian as LE;
use object::elf::{SHN_UNDEF, STT_FUNC, SymbolType};
use std::ops::Range;
use vdso_elf::dynamic::Dynamic;
use vdso_elf::memory::Memory;
use vdso_elf::parser::ElfFile;
use vdso_elf::sections::sections;
use vdso_elf::symbols::exported;

/// A function by one of its names.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// First address.
    pub(super) start: u64,
    /// Address of the end, by the size of the symbol.
    pub(super) end: u64,
    /// Of its names an exported one where there is one, and of several the first by alphabet, which is the strong one.
    pub(super) name: String,
}

/// All functions by address, one for each, from both symbol tables.
pub(super) fn functions(elf: &ElfFile<'_>) -> Vec<Function> {
    let is_function = |kind: SymbolType, size: u64| kind == STT_FUNC && size > 0;
    let exports = exported(elf, &Dynamic::of(elf)).into_iter();
    let exports = exports.filter(|it| is_function(it.symbol.st_type(), it.symbol.st_size.get(LE))).map(|it| {
        let start = it.symbol.st_value.get(LE);
        Function { start, end: start.saturating_add(it.symbol.st_size.get(LE)), name: it.name.to_owned() }
    });
    let table = elf.elf_symbol_table();
    let others = table.iter().filter(|it| is_function(it.st_type(), it.st_size.get(LE)));
    let others = others.filter(|it| it.st_shndx.get(LE) != SHN_UNDEF).map(|it| {
        let start = it.st_value.get(LE);
        let name = table.symbol_name(LE, it).map_or("?".into(), super::text);
        let name = format!("{:#}", rustc_demangle::demangle(&name));
        Function { start, end: start.saturating_add(it.st_size.get(LE)), name }
    });
    let mut exports: Vec<_> = exports.collect();
    exports.sort_by(|a, b| a.name.cmp(&b.name));
    let mut functions: Vec<_> = exports.into_iter().chain(others).collect();
    // The sort is stable: of several names for one address the first stays.
    functions.sort_by_key(|function| function.start);
    functions.dedup_by_key(|function| function.start);
    functions
}

/// The code of an image, ready to be digested.
pub(super) struct Code<'data> {
    memory: Memory<'data>,
    /// Mapped sections with their names, by address.
    sections: Vec<(Range<u64>, String)>,
    /// Where functions begin, so that each byte is decoded once however wild the sizes are.
    starts: Vec<u64>,
}

impl<'data> Code<'data> {
    /// Looks up what the digests need.
    pub(super) fn of(elf: &ElfFile<'data>) -> Self {
        let mapped = sections(elf).into_iter().filter(|it| it.is_allocated() && !it.addresses().is_empty());
        let mut sections: Vec<_> = mapped.map(|it| (it.addresses(), super::text(it.bytes))).collect();
        sections.sort_by_key(|(range, _)| range.start);
        let starts = functions(elf).into_iter().map(|function| function.start).collect();
        Self { memory: Memory::of(elf), sections, starts }
    }

    /// The digest of a function's instructions, in which a reference stands for its section and the offset in it; where
    /// another function begins inside, up to there.
    pub(super) fn digest(&self, start: u64, size: u64) -> Option<String> {
        let next = self.starts.partition_point(|&other| other <= start);
        let end = start.saturating_add(size).min(self.starts.get(next).copied().unwrap_or(u64::MAX));
        let bytes = self.memory.bytes(start, end.checked_sub(start)?)?;
        let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
        let mut text = Vec::new();
        while decoder.can_decode() {
            let at = decoder.position();
            let instruction = decoder.decode();
            let mut encoding = bytes[at..decoder.position()].to_vec();
            if let Some((target, field)) = reference(&instruction, &decoder) {
                encoding[field].fill(0);
                text.extend(encoding);
                text.extend(self.place(target).bytes());
            } else {
                text.extend(encoding);
            }
        }
        Some(super::digest(&text))
    }

    /// An address as section and offset; outside of all sections as a distance from the image's base.
    pub(super) fn place(&self, address: u64) -> String {
        let after = self.sections.partition_point(|(range, _)| range.start <= address);
        let section = after.checked_sub(1).map(|index| &self.sections[index]);
        match section.filter(|(range, _)| range.contains(&address)) {
            Some((range, name)) => format!("{name}+{:#x}", address - range.start),
            None => super::signed(address.cast_signed()),
        }
    }
}

/// The target of an instruction that holds a distance, and the bytes of its encoding with the distance.
fn reference(instruction: &Instruction, decoder: &Decoder<'_>) -> Option<(u64, Range<usize>)> {
    let fields = decoder.get_constant_offsets(instruction);
    let (target, offset, size) = if instruction.is_ip_rel_memory_operand() {
        (instruction.ip_rel_memory_address(), fields.displacement_offset(), fields.displacement_size())
    } else if instruction.op_count() > 0 && instruction.op0_kind() == OpKind::NearBranch64 {
        (instruction.near_branch_target(), fields.immediate_offset(), fields.immediate_size())
    } else {
        return None;
    };
    Some((target, offset..(offset + size).min(instruction.len())))
}
