// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The functions of the object, decoded.

use super::tables::{Home, Section, Symbol};
use crate::disassembly::{spaced, text};
use crate::place::Place;
use iced_x86::{
    ConstantOffsets, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfo, InstructionInfoFactory,
};
use object::elf;

/// The bytes that one or more symbols of type `STT_FUNC` cover.
pub struct Function<'data> {
    /// Index of its section.
    pub section: usize,
    /// Name of its section.
    pub section_name: &'data str,
    /// The names at its first byte, strong ones first.
    pub names: Vec<&'data str>,
    /// First offset, in bytes.
    pub start: u64,
    /// Offset of the end by the size of the symbol, in bytes; it can lie after the end of the section.
    pub end: u64,
    /// Its bytes, up to the next function or the end of the section.
    pub bytes: &'data [u8],
    /// The instructions in [`bytes`](Self::bytes), in order and without gaps.
    pub code: Vec<Code>,
}

/// One instruction. Its address is its offset in the section.
pub struct Code {
    /// As decoded; invalid where the bytes are none.
    pub instruction: Instruction,
    /// The registers and memory that it reads and writes.
    pub info: InstructionInfo,
    /// Where displacement and immediate are in its bytes.
    pub fields: ConstantOffsets,
    /// The symbol of the relocation that changes it.
    pub relocated_by: Option<String>,
}

/// Finds and decodes every function; each byte is decoded once, so that a wild symbol table costs no time.
pub fn decode<'data>(sections: &[Section<'data>], symbols: &[Symbol<'data>]) -> Vec<Function<'data>> {
    let mut code_symbols: Vec<_> = symbols.iter().filter_map(|symbol| extent(sections, symbol)).collect();
    code_symbols.sort_by_key(|&(section, symbol)| (section, symbol.value, symbol.bind == elf::STB_WEAK, symbol.index));

    let mut functions: Vec<Function> = Vec::new();
    for (section, symbol) in code_symbols {
        let end = symbol.value.saturating_add(symbol.size);
        match functions.last_mut() {
            Some(last) if (last.section, last.start) == (section, symbol.value) => {
                last.end = last.end.max(end);
                last.names.push(symbol.name);
            }
            _ => functions.push(Function {
                section,
                section_name: sections[section].name,
                names: vec![symbol.name],
                start: symbol.value,
                end,
                bytes: &[],
                code: Vec::new(),
            }),
        }
    }
    let next_starts: Vec<_> = functions.iter().skip(1).map(|next| Some((next.section, next.start))).collect();
    for (function, next) in functions.iter_mut().zip(next_starts.into_iter().chain([None])) {
        let section = &sections[function.section];
        let limit = next.filter(|&(section, _)| section == function.section).map_or(u64::MAX, |(_, start)| start);
        let end = function.end.min(limit).min(section.data.len() as u64);
        function.bytes = section.data.get(function.start as usize..end as usize).unwrap_or_default();
        function.code = instructions(section, symbols, function.start, function.bytes);
    }
    functions
}

/// The section of a symbol that names code.
fn extent<'a, 'data>(sections: &[Section], symbol: &'a Symbol<'data>) -> Option<(usize, &'a Symbol<'data>)> {
    let Home::Section(section) = symbol.home else { return None };
    let is_code = matches!(symbol.kind, elf::STT_FUNC | elf::STT_GNU_IFUNC) && sections[section].is_text();
    (is_code && symbol.size > 0).then_some((section, symbol))
}

fn instructions(section: &Section, symbols: &[Symbol], start: u64, bytes: &[u8]) -> Vec<Code> {
    let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
    let mut factory = InstructionInfoFactory::new();
    let mut code = Vec::new();
    while decoder.can_decode() {
        let instruction = decoder.decode();
        let relocations = section.relocations_in(instruction.ip()..instruction.next_ip());
        code.push(Code {
            info: factory.info(&instruction).clone(),
            fields: decoder.get_constant_offsets(&instruction),
            relocated_by: relocations.first().map(|relocation| symbols[relocation.symbol].name.to_owned()),
            instruction,
        });
    }
    code
}

impl Function<'_> {
    /// The name that stands for the function in messages.
    pub fn name(&self) -> &str {
        self.names.first().copied().unwrap_or_default()
    }

    /// Index of the instruction that begins at an offset.
    pub fn index_of(&self, offset: u64) -> Option<usize> {
        self.code.binary_search_by_key(&offset, |code| code.instruction.ip()).ok()
    }

    /// The instruction that covers an offset.
    pub fn code_at(&self, offset: u64) -> Option<&Code> {
        let after = self.code.partition_point(|code| code.instruction.ip() <= offset);
        self.code.get(after.checked_sub(1)?).filter(|code| offset < code.instruction.next_ip())
    }

    /// The place of an instruction.
    pub fn place(&self, code: &Code) -> Place {
        Place::new(self.section_name, code.instruction.ip()).in_symbol(self.name())
    }

    /// An instruction as people read it: its bytes and, in AT&T syntax, its text.
    pub fn show(&self, code: &Code) -> String {
        let from = code.instruction.ip().saturating_sub(self.start) as usize;
        let bytes = self.bytes.get(from..).unwrap_or_default();
        let bytes = spaced(&bytes[..bytes.len().min(code.instruction.len())]);
        let by = code.relocated_by.as_ref().map_or_else(String::new, |name| format!(", relocated by {name}"));
        format!("`{}` ({bytes}{by})", text(&code.instruction))
    }
}

impl Code {
    /// Whether the instruction is a jump or a call with its target in its own bytes.
    pub fn is_direct_branch(&self) -> bool {
        match self.instruction.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => true,
            FlowControl::Call => self.instruction.is_call_near(),
            _ => false,
        }
    }

    /// The offset that a direct jump or call goes to, where no relocation decides it.
    pub fn branch_target(&self) -> Option<u64> {
        (self.is_direct_branch() && self.relocated_by.is_none()).then(|| self.instruction.near_branch_target())
    }

    /// Whether control can go on to the next instruction.
    pub fn falls_through(&self) -> bool {
        use FlowControl::{Exception, IndirectBranch, Return, UnconditionalBranch};
        !matches!(self.instruction.flow_control(), UnconditionalBranch | IndirectBranch | Return | Exception)
    }
}
