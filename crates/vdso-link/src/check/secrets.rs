// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `secrets`: what the cipher routines may do with key and keystream.
//!
//! One argument runs through the family. Secrets come from memory into vector registers. A general-purpose register
//! never receives anything from memory or from a vector register (`secrets/general-registers`), so neither an address nor a
//! count can depend on a secret; branches see flags of general-purpose registers only (`secrets/branches`); and addresses
//! are made of general-purpose registers only (`secrets/addresses`). In vector registers nothing takes a time that depends on
//! its operands (`secrets/integers`). The last rules make the routine clear the registers that it wrote.

mod flags;
mod integers;
mod residue;

use super::ObjectRule;
use crate::{Examination, Rule};
use iced_x86::{FlowControl, Mnemonic, OpAccess, Register};
use object::elf;
use vdso_abi::routines::CIPHER_ROUTINES;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::functions::{Code, Function};
use vdso_elf::place::Place;

/// The rules of the family.
pub static RULES: [ObjectRule; 10] = [
    ObjectRule {
        rule: Rule {
            id: "secrets/present",
            title: "cipher routine is missing",
            requirement: "each cipher routine of vdso_abi::routines is a function of the object",
            reason: "The rules of this family find routines by name; a routine of another name would escape them.",
            breaks: "The proof: every other rule of this family would check nothing.",
        },
        apply: present,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/stack",
            title: "cipher routine uses the stack",
            requirement: "a cipher routine uses neither rsp nor rbp, except that `ret` returns",
            reason: "Contract M1: fork does not wipe stack memory, and a ChaCha state inside of a permutation can be \
                     computed backwards to the key.",
            breaks: "Forward secrecy: core dumps, swap and later stack overreads contain key material.",
        },
        apply: stack,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/saved-registers",
            title: "cipher routine writes a callee-saved register",
            requirement: "a cipher routine writes no callee-saved register (rbx, r12 to r15)",
            reason: "Without a stack it cannot restore one.",
            breaks: "Every caller compiled for the System V ABI, including Go's cgo stubs: its variables change.",
        },
        apply: saved_registers,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/calls",
            title: "control leaves the cipher routine before `ret`",
            requirement: "control leaves a cipher routine by `ret` only",
            reason: "A callee would run with secrets in the vector registers and could write them to the stack.",
            breaks: "Contract M1 and M2, without a finding of any other rule of this family.",
        },
        apply: calls,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/branches",
            title: "branch depends on secret data",
            requirement: "conditional branches of a cipher routine depend on arithmetic of general-purpose registers \
                          only",
            reason: "A branch on data reveals the data to processes on the same core, by its time and by the branch \
                     predictor.",
            breaks: "Users on the same machine as an attacker: the key leaks bit by bit.",
        },
        apply: flags::branches,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/general-registers",
            title: "secret data in a general-purpose register",
            requirement: "no general-purpose register of a cipher routine receives memory, vector registers, masks or \
                          their flags; only the compare with the state's word may decide a cmovcc",
            reason: "These registers hold counts and addresses; if no secret enters them, none can influence a branch \
                     or an address.",
            breaks: "Constant time; signal frames and callers, which can read the value that stays in such a register.",
        },
        apply: flags::general_registers,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/addresses",
            title: "memory address depends on secret data",
            requirement: "no memory operand of a cipher routine is indexed or masked by a vector register",
            reason: "A load whose address depends on data reveals the data through the caches.",
            breaks: "Users on the same machine as an attacker, as attacks on table-based ciphers have shown.",
        },
        apply: addresses,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/integers",
            title: "floating-point arithmetic in a cipher routine",
            requirement: "a cipher routine does no floating-point arithmetic",
            reason: "The time of divisions, square roots and denormal numbers depends on the operands; rounding and \
                     traps depend on the caller's MXCSR.",
            breaks: "Constant time; programs that have unmasked floating-point exceptions, by SIGFPE.",
        },
        apply: integers::integers,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/zeroed",
            title: "vector register is not zeroed at return",
            requirement: "every vector register that a cipher routine wrote is zero at each `ret`, on every path",
            reason: "Contract M2: vector registers survive the return, and signal frames and context switches write \
                     them to memory.",
            breaks: "Forward secrecy: the caller, a core dump or a debugger finds key or keystream.",
        },
        apply: residue::zeroed,
    },
    ObjectRule {
        rule: Rule {
            id: "secrets/upper-halves",
            title: "no vzeroupper or vzeroall before return",
            requirement: "after its last use of a ymm register a cipher routine runs vzeroupper or vzeroall before `ret`",
            reason: "Registers that are zero but count as used slow down every later SSE instruction of the caller and \
                     enlarge each XSAVE.",
            breaks: "Speed of programs compiled for SSE2, which is most of them; on older Intel cores by a factor.",
        },
        apply: residue::upper_halves,
    },
];

/// The cipher routines that the object has.
fn routines<'a, 'data>(object: &'a Anatomy<'data>) -> impl Iterator<Item = &'a Function<'data>> {
    let is_cipher = |function: &&Function| CIPHER_ROUTINES.iter().any(|routine| function.names.contains(&routine.name));
    object.functions.iter().filter(is_cipher)
}

/// Their instructions; what does not decode is another rule's subject.
fn instructions<'a, 'data>(object: &'a Anatomy<'data>) -> impl Iterator<Item = (&'a Function<'data>, &'a Code)> {
    let of = |function: &'a Function<'data>| function.code.iter().map(move |code| (function, code));
    routines(object).flat_map(of).filter(|(_, code)| !code.instruction.is_invalid())
}

fn is_write(access: OpAccess) -> bool {
    matches!(access, OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite)
}

fn is_read(access: OpAccess) -> bool {
    matches!(access, OpAccess::Read | OpAccess::CondRead | OpAccess::ReadWrite | OpAccess::ReadCondWrite)
}

/// Registers that an instruction writes, implied ones included.
fn written(code: &Code) -> impl Iterator<Item = Register> {
    code.info.used_registers().iter().filter(|used| is_write(used.access())).map(|used| used.register())
}

/// Registers that an instruction reads, implied ones included.
fn read(code: &Code) -> impl Iterator<Item = Register> {
    code.info.used_registers().iter().filter(|used| is_read(used.access())).map(|used| used.register())
}

fn present(object: &Anatomy, examination: &mut Examination) {
    for routine in CIPHER_ROUTINES {
        examination.look();
        if routines(object).all(|function| !function.names.contains(&routine.name)) {
            let place = match object.symbol(routine.name) {
                Some(symbol) => symbol.entry(),
                None => Place::new(".symtab", 0).in_symbol(routine.name),
            };
            let found = match object.symbol(routine.name) {
                Some(symbol) if symbol.kind != elf::STT_FUNC => "a symbol that is no function",
                Some(_) => "a symbol without size, or outside of text",
                None => "no symbol of this name",
            };
            let cause = "the routine was renamed, inlined or dropped as unused: keep `#[unsafe(no_mangle)]` on the naked \
                         function, or change vdso_abi::routines";
            examination.find(place, found, "a function in text", cause);
        }
    }
}

fn stack(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object) {
        examination.look();
        // `secrets/calls` checks calls.
        if matches!(code.instruction.mnemonic(), Mnemonic::Ret | Mnemonic::Call) {
            continue;
        }
        let uses_stack = |register: Register| matches!(register.full_register(), Register::RSP | Register::RBP);
        if code.info.used_registers().iter().any(|used| uses_stack(used.register())) {
            let cause = "a spill or a saved register: put spills into the drained batch area, use rax, rcx, rdx, rsi, rdi, \
                         r8 to r11";
            examination.find(function.place(code), function.show(code), "no access through rsp or rbp", cause);
        }
    }
}

fn saved_registers(object: &Anatomy, examination: &mut Examination) {
    use Register::{R12, R13, R14, R15, RBX};
    for (function, code) in instructions(object) {
        examination.look();
        if written(code).any(|register| matches!(register.full_register(), RBX | R12 | R13 | R14 | R15)) {
            let cause = "one register too many: use rax, rcx, rdx, rsi, rdi, r8 to r11";
            examination.find(function.place(code), function.show(code), "no write to rbx, r12 to r15", cause);
        }
    }
}

fn calls(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object) {
        examination.look();
        let leaves = match code.instruction.flow_control() {
            FlowControl::Call | FlowControl::IndirectCall | FlowControl::IndirectBranch => true,
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                code.branch_target().is_none_or(|target| !(function.start..function.end).contains(&target))
            }
            _ => false,
        };
        if leaves {
            let cause = "shared code as a subroutine: use a macro, so that it is assembled in place";
            examination.find(function.place(code), function.show(code), "jumps inside the routine, and `ret`", cause);
        }
    }
}

fn addresses(object: &Anatomy, examination: &mut Examination) {
    use Mnemonic::{Maskmovdqu, Maskmovq, Vmaskmovdqu, Vmaskmovpd, Vmaskmovps, Vpmaskmovd, Vpmaskmovq, Xlatb};
    for (function, code) in instructions(object).filter(|(_, code)| !code.info.used_memory().is_empty()) {
        examination.look();
        let masked = matches!(
            code.instruction.mnemonic(),
            Maskmovdqu | Maskmovq | Vmaskmovdqu | Vmaskmovpd | Vmaskmovps | Vpmaskmovd | Vpmaskmovq | Xlatb
        );
        if masked || code.instruction.is_vsib() {
            let cause = "a gather, a scatter or a masked move: ChaCha20 needs none, permute in registers instead";
            examination.find(function.place(code), function.show(code), "addresses made of public registers", cause);
        }
    }
}
