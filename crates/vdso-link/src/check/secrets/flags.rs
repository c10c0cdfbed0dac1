// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where flags come from, and what gets into general-purpose registers.

use super::{instructions, is_read, read, routines, written};
use crate::Examination;
use iced_x86::{ConditionCode, Mnemonic, Register, RflagsBits};
use std::mem::offset_of;
use vdso_abi::state::VgetrandomState;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::flow::{self, Fact};
use vdso_elf::anatomy::functions::Code;

/// The flags that arithmetic sets, as bits of the decoder.
const ARITHMETIC: u32 =
    RflagsBits::OF | RflagsBits::SF | RflagsBits::ZF | RflagsBits::AF | RflagsBits::CF | RflagsBits::PF;

/// The source of a flag; of two sources the greater one counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// General-purpose registers and immediate values.
    Count,
    /// The compare of a register with the state's word, which holds no secret.
    Word,
    /// Memory or vector registers; also flags and registers that the caller set.
    Data,
}

/// The known facts of the flags.
#[derive(Clone, PartialEq)]
struct Flags {
    /// The origin of each flag in [`ARITHMETIC`], by bit number.
    origins: [Origin; ARITHMETIC.count_ones() as usize],
    /// General-purpose registers that no longer hold what the caller put there, by register number.
    overwritten: u32,
}

impl Flags {
    const AT_ENTRY: Self = Self { origins: [Origin::Data; ARITHMETIC.count_ones() as usize], overwritten: 0 };

    /// The worst origin among the flags of a mask.
    fn worst(&self, mask: u32) -> Option<Origin> {
        self.origins.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, origin)| *origin).max()
    }
}

impl Fact for Flags {
    fn join(&self, other: &Self) -> Self {
        Self {
            origins: std::array::from_fn(|bit| self.origins[bit].max(other.origins[bit])),
            overwritten: self.overwritten | other.overwritten,
        }
    }

    fn after(&self, code: &Code) -> Self {
        let modified = code.instruction.rflags_modified() & ARITHMETIC;
        let inherited = self.worst(code.instruction.rflags_read() & ARITHMETIC);
        let own = if is_look_at_word(code, self.overwritten) {
            Origin::Word
        } else if takes_data(code) {
            Origin::Data
        } else {
            Origin::Count
        };
        let origin = inherited.map_or(own, |inherited| inherited.max(own));
        // A shift by zero leaves the flags as they were.
        let may_keep = code.instruction.op1_register() == Register::CL;
        let floor = |bit: usize| if may_keep { self.origins[bit] } else { Origin::Count };
        let next = |bit| if modified >> bit & 1 == 1 { origin.max(floor(bit)) } else { self.origins[bit] };
        let registers = written(code).filter(|register| register.is_gpr());
        Self {
            origins: std::array::from_fn(next),
            overwritten: registers.fold(self.overwritten, |mask, register| mask | register_bit(register)),
        }
    }
}

fn register_bit(register: Register) -> u32 {
    1 << register.full_register().number()
}

/// Whether an instruction reads memory, a vector register or a mask.
fn takes_data(code: &Code) -> bool {
    let reads_memory = code.info.used_memory().iter().any(|memory| is_read(memory.access()));
    reads_memory || read(code).any(|register| register.is_vector_register() || register.is_k() || register.is_mm())
}

/// The one compare with memory that is allowed: of a whole register with the word of the state, whose address is an
/// argument as it came.
fn is_look_at_word(code: &Code, overwritten: u32) -> bool {
    let instruction = &code.instruction;
    let base = instruction.memory_base();
    instruction.mnemonic() == Mnemonic::Cmp
        && [instruction.op0_register(), instruction.op1_register()].iter().any(|register| register.is_gpr64())
        && base.is_gpr64()
        && overwritten & register_bit(base) == 0
        && instruction.memory_index() == Register::None
        && instruction.memory_displacement64() == offset_of!(VgetrandomState, word) as u64
}

/// Two operands and a condition: only cmovcc has both.
fn is_cmov(code: &Code) -> bool {
    code.instruction.condition_code() != ConditionCode::None && code.instruction.op_count() == 2
}

/// The rule `secrets/branches`.
pub fn branches(object: &Anatomy, examination: &mut Examination) {
    for function in routines(object) {
        let before = flow::before_each(function, Flags::AT_ENTRY);
        for (code, flags) in function.code.iter().zip(&before) {
            let instruction = &code.instruction;
            let branches = instruction.is_jcc_short_or_near() || instruction.is_loop() || instruction.is_loopcc();
            let Some(flags) = flags.as_ref().filter(|_| branches || instruction.is_jcx_short()) else { continue };
            examination.look();
            let cause = match flags.worst(instruction.rflags_read()) {
                Some(Origin::Data) => {
                    "flags of a memory operand, of a vector test, or those at entry: count in a register"
                }
                Some(Origin::Word) => {
                    "the compare with the state's word: let cmovcc set the count, and branch on the count"
                }
                Some(Origin::Count) | None => continue,
            };
            examination.find(function.place(code), function.show(code), "a branch on the block count", cause);
        }
    }
}

/// The rule `secrets/general-registers`.
pub fn general_registers(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object).filter(|(_, code)| writes_general_register(code)) {
        examination.look();
        if takes_data(code) {
            let cause = "a load, a movd/movq/pextr, a pmovmskb or an exchange: keep data in vector registers, and look at \
                         the word by `cmp reg, mem` and `cmovcc`";
            let wanted = "arithmetic on registers and immediates";
            examination.find(function.place(code), function.show(code), wanted, cause);
        }
    }
    for function in routines(object) {
        let before = flow::before_each(function, Flags::AT_ENTRY);
        for (code, flags) in function.code.iter().zip(&before) {
            let Some(flags) = flags.as_ref().filter(|_| writes_general_register(code)) else { continue };
            let limit = if is_cmov(code) { Origin::Word } else { Origin::Count };
            if flags.worst(code.instruction.rflags_read()).is_some_and(|origin| origin > limit) {
                let wanted = "flags of register arithmetic; for cmovcc also those of the compare with the state's word";
                let cause = "a carry, a set or a move by flags that depend on data, or on what the caller left in them";
                examination.find(function.place(code), function.show(code), wanted, cause);
            }
        }
    }
}

fn writes_general_register(code: &Code) -> bool {
    // `ret` moves rsp by what it is, not by data.
    code.instruction.mnemonic() != Mnemonic::Ret && written(code).any(Register::is_gpr)
}
