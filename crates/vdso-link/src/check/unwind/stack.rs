// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Follows rsp, rbp and the callee-saved registers through a function, and compares with the unwind table.

use crate::Examination;
use gimli::{RegisterRule, X86_64};
use iced_x86::{Code as Opcode, Instruction, Mnemonic, OpAccess, OpKind, Register};
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::flow::{self, Fact};
use vdso_elf::anatomy::functions::Code;
use vdso_elf::row::Row;

/// The callee-saved registers of the System V ABI, with their DWARF numbers.
const SAVED: [(Register, gimli::Register); 6] = [
    (Register::RBX, X86_64::RBX),
    (Register::RBP, X86_64::RBP),
    (Register::R12, X86_64::R12),
    (Register::R13, X86_64::R13),
    (Register::R14, X86_64::R14),
    (Register::R15, X86_64::R15),
];

/// Length of what a push stores, in bytes.
const SLOT: i64 = 8;

/// The known facts of the frame. Distances are in bytes below the CFA; `None` where paths disagree or the value was
/// computed in a way that is not followed.
#[derive(Clone, PartialEq)]
struct Frame {
    rsp: Option<i64>,
    /// Known only while rbp holds the address of a place in this frame.
    rbp: Option<i64>,
    /// By index in [`SAVED`].
    saved: [Saved; SAVED.len()],
}

#[derive(Clone, Copy, PartialEq)]
struct Saved {
    /// Whether the register holds something else than the caller's value.
    changed: bool,
    /// Where in the frame the caller's value is kept.
    slot: Option<i64>,
}

impl Frame {
    /// At the first instruction only the return address lies below the CFA.
    const AT_ENTRY: Self =
        Self { rsp: Some(SLOT), rbp: None, saved: [Saved { changed: false, slot: None }; SAVED.len()] };

    /// How far below the CFA a memory operand lies, where it is addressed by rsp or rbp alone.
    fn operand(&self, instruction: &Instruction) -> Option<i64> {
        if instruction.memory_index() != Register::None {
            return None;
        }
        let base = match instruction.memory_base() {
            Register::RSP => self.rsp,
            Register::RBP => self.rbp,
            _ => None,
        };
        base.map(|base| base.wrapping_sub(instruction.memory_displacement64() as i64))
    }

    fn saved_mut(&mut self, register: Register) -> Option<&mut Saved> {
        let index = SAVED.iter().position(|(saved, _)| *saved == register)?;
        self.saved.get_mut(index)
    }

    /// A register is stored at a distance below the CFA; the first store of a caller's value is the one that counts.
    fn store(&mut self, register: Register, distance: Option<i64>) {
        if let Some(saved) = self.saved_mut(register)
            && !saved.changed
            && saved.slot.is_none()
        {
            saved.slot = distance;
        }
    }

    /// A register is loaded from a distance below the CFA: from its own slot it gets the caller's value back.
    fn load(&mut self, register: Register, distance: Option<i64>) {
        if register == Register::RBP {
            self.rbp = None;
        }
        if let Some(saved) = self.saved_mut(register) {
            saved.changed = distance.is_none() || saved.slot != distance;
        }
    }

    /// A register gets a value that is none of the above.
    fn overwrite(&mut self, register: Register) {
        match register {
            Register::RSP => self.rsp = None,
            _ => self.load(register, None),
        }
    }
}

impl Fact for Frame {
    fn join(&self, other: &Self) -> Self {
        let same = |a: Option<i64>, b| if a == b { a } else { None };
        Self {
            rsp: same(self.rsp, other.rsp),
            rbp: same(self.rbp, other.rbp),
            saved: std::array::from_fn(|index| Saved {
                changed: self.saved[index].changed || other.saved[index].changed,
                slot: same(self.saved[index].slot, other.saved[index].slot),
            }),
        }
    }

    fn after(&self, code: &Code) -> Self {
        let mut frame = self.clone();
        let instruction = &code.instruction;
        let [op0, op1] = [instruction.op0_register(), instruction.op1_register()];
        match (instruction.mnemonic(), op0, op1) {
            // The callee takes the return address away again, and keeps what it must.
            (Mnemonic::Call, ..) => {}
            (Mnemonic::Push, register, _) if register != Register::RSP => {
                frame.rsp = self.rsp.map(|rsp| rsp.wrapping_add(SLOT));
                frame.store(register, frame.rsp);
            }
            (Mnemonic::Pop, register, _) if register.is_gpr64() && register != Register::RSP => {
                frame.load(register, self.rsp);
                frame.rsp = self.rsp.map(|rsp| rsp.wrapping_sub(SLOT));
            }
            (Mnemonic::Leave, ..) => {
                frame.load(Register::RBP, self.rbp);
                frame.rsp = self.rbp.map(|rbp| rbp.wrapping_sub(SLOT));
            }
            (Mnemonic::Mov, Register::RBP, Register::RSP) => {
                frame.overwrite(Register::RBP);
                frame.rbp = self.rsp;
            }
            (Mnemonic::Mov, Register::RSP, Register::RBP) => frame.rsp = self.rbp,
            (Mnemonic::Lea, register @ (Register::RSP | Register::RBP), _) => {
                frame.overwrite(register);
                let distance = self.operand(instruction);
                if register == Register::RSP { frame.rsp = distance } else { frame.rbp = distance }
            }
            (Mnemonic::Sub | Mnemonic::Add, Register::RSP, Register::None) if is_immediate(instruction) => {
                let amount = instruction.immediate(1) as i64;
                let amount = if instruction.mnemonic() == Mnemonic::Sub { amount } else { amount.wrapping_neg() };
                frame.rsp = self.rsp.map(|rsp| rsp.wrapping_add(amount));
            }
            (Mnemonic::Mov, Register::None, register) if instruction.code() == Opcode::Mov_rm64_r64 => {
                frame.store(register, self.operand(instruction));
            }
            (Mnemonic::Mov, register, Register::None) if instruction.code() == Opcode::Mov_r64_rm64 => {
                frame.load(register, self.operand(instruction));
            }
            _ => {
                let written = code.info.used_registers().iter().filter(|used| {
                    !matches!(
                        used.access(),
                        OpAccess::Read | OpAccess::CondRead | OpAccess::None | OpAccess::NoMemAccess
                    )
                });
                written.for_each(|used| frame.overwrite(used.register().full_register()));
            }
        }
        frame
    }
}

fn is_immediate(instruction: &Instruction) -> bool {
    matches!(instruction.op1_kind(), OpKind::Immediate8to64 | OpKind::Immediate32to64)
}

/// A contradiction between table and code: found and wanted.
type Contradiction = (String, String);

/// Compares what is known before each instruction that can run with the row of the table, and reports where a
/// contradiction begins: it stays until the next line of CFI, mostly.
fn compare(
    object: &Anatomy,
    examination: &mut Examination,
    cause: &str,
    contradictions: impl Fn(&Frame, &Row) -> Vec<Contradiction>,
) {
    for function in &object.functions {
        let before = flow::before_each(function, Frame::AT_ENTRY);
        let mut standing = Vec::new();
        for (code, frame) in function.code.iter().zip(&before) {
            let offset = code.instruction.ip();
            let table = object.frame_at(function.section, offset);
            let row = table.and_then(|table| table.row_at(offset));
            let (Some(frame), Some(row)) = (frame, row) else { continue };
            examination.look();
            let now = contradictions(frame, row);
            for (found, wanted) in now.iter().filter(|contradiction| !standing.contains(*contradiction)) {
                let found = format!("the table says {found}, from {} on", function.show(code));
                examination.find(function.place(code), found, wanted, cause);
            }
            standing = now;
        }
    }
}

/// The rule `unwind/cfa`.
pub fn cfa(object: &Anatomy, examination: &mut Examination) {
    let cause = "a push, a pop or a change of rsp without its `.cfi_adjust_cfa_offset` or `.cfi_def_cfa` line, or a line \
                 too many: read the `.cfi` lines down to this instruction";
    compare(object, examination, cause, |frame, row| {
        let known = |register, distance: Option<i64>| match distance {
            Some(distance) => format!("CFA={register}+{distance}"),
            None => format!("a CFA by another register: {register} cannot be followed to here"),
        };
        let (said, wanted) = match row.cfa {
            Some((number, offset)) if number == X86_64::RSP.0 => (format!("CFA=rsp+{offset}"), known("rsp", frame.rsp)),
            Some((number, offset)) if number == X86_64::RBP.0 => (format!("CFA=rbp+{offset}"), known("rbp", frame.rbp)),
            _ => ("CFA by another register or an expression".to_owned(), known("rsp", frame.rsp)),
        };
        let return_address = match row.register(X86_64::RA.0) {
            Some(RegisterRule::Offset(offset)) => format!("return address at CFA{offset:+}"),
            _ => "no return address".to_owned(),
        };
        let pairs = [(said, wanted), (return_address, format!("return address at CFA{:+}", -SLOT))];
        pairs.into_iter().filter(|(said, wanted)| said != wanted).collect()
    });
}

/// The rule `unwind/registers`.
pub fn registers(object: &Anatomy, examination: &mut Examination) {
    let cause =
        "a saved register without its `.cfi_offset` line, or one with another offset: it belongs after the push";
    compare(object, examination, cause, |frame, row| {
        let contradiction = |(&(register, number), saved): (&(Register, gimli::Register), &Saved)| {
            let name = format!("{register:?}").to_lowercase();
            let said = match row.register(number.0) {
                None | Some(RegisterRule::SameValue) if !saved.changed => return None,
                None | Some(RegisterRule::SameValue) => format!("{name} unchanged"),
                Some(RegisterRule::Offset(offset)) if saved.slot == offset.checked_neg() => return None,
                Some(RegisterRule::Offset(offset)) => format!("{name} at CFA{offset:+}"),
                Some(_) => format!("{name} by a rule that is not followed here"),
            };
            let wanted = match (saved.slot, saved.changed) {
                (Some(slot), _) => format!("{name} at CFA{:+}", slot.wrapping_neg()),
                (None, false) => format!("{name} unchanged"),
                (None, true) => format!("{name} saved before it is changed"),
            };
            Some((said, wanted))
        };
        SAVED.iter().zip(&frame.saved).filter_map(contradiction).collect()
    });
}
