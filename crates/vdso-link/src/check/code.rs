// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `code`: the instructions of all functions.

use super::ObjectRule;
use crate::{Examination, Rule};
use iced_x86::{CpuidFeature, FlowControl, Mnemonic};
use vdso_abi::routines::{CIPHER_ROUTINES, CpuFeature};
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::functions::{Code, Function};
use vdso_elf::place::Place;

/// The rules of the family.
pub static RULES: [ObjectRule; 7] = [
    ObjectRule {
        rule: Rule {
            id: "code/decodes",
            title: "function does not decode completely",
            requirement: "every function decodes completely, ends with its section or before, and overlaps no other",
            reason: "No other rule can check a byte that belongs to no instruction.",
            breaks: "Threads that reach the byte, by SIGILL; gdb and perf show wrong instructions from there on.",
        },
        apply: decodes,
    },
    ObjectRule {
        rule: Rule {
            id: "code/targets",
            title: "branch target is not the start of an instruction",
            requirement: "each direct branch lands on an instruction of a function, and no function runs off its end",
            reason: "A jump into the middle of an instruction runs code that no rule has checked.",
            breaks: "Every argument based on these rules: at run time any instruction can follow.",
        },
        apply: targets,
    },
    ObjectRule {
        rule: Rule {
            id: "code/padding",
            title: "code outside of all functions",
            requirement: "bytes of text outside of all functions are padding: nop, int3 or zero",
            reason: "The rules and all tools find code by its symbol of type STT_FUNC with a size.",
            breaks: "gdb, perf and crash reports, which print ?? there.",
        },
        apply: padding,
    },
    ObjectRule {
        rule: Rule {
            id: "code/indirect",
            title: "indirect call or jump",
            requirement: "no call or jump goes through a register or through memory",
            reason: "The kernel builds its vDSO for CPUs on which another process can steer such branches, and a table \
                     of targets needs relocations.",
            breaks: "Kernels with retpolines, whose objtool and reviewers reject it; the guarantee that the executed \
                     code is fixed.",
        },
        apply: indirect,
    },
    ObjectRule {
        rule: Rule {
            id: "code/forbidden",
            title: "forbidden instruction",
            requirement: "no instruction reads the processor's identity, time or random numbers, and none traps on \
                          purpose",
            reason: "Such instructions trap or return other values under virtualisation, sandboxes make them fault \
                     (prctl PR_SET_TSC, arch_prctl ARCH_SET_CPUID), and a trap kills the caller. The kernel decides \
                     once, at boot, which features to use.",
            breaks: "Programs under record and replay (rr), in sandboxes and in confidential guests, by SIGSEGV or \
                     SIGILL.",
        },
        apply: forbidden,
    },
    ObjectRule {
        rule: Rule {
            id: "code/syscall",
            title: "number of syscall instructions is not one",
            requirement: "the object holds exactly one syscall instruction",
            reason: "Contract E10: the object enters the kernel at one place, for getrandom(2).",
            breaks: "Seccomp filters and tracers that allow this one call; reviewers, who must find every system call.",
        },
        apply: syscall,
    },
    ObjectRule {
        rule: Rule {
            id: "code/features",
            title: "instruction needs an undeclared processor feature",
            requirement: "instructions belong to x86-64 with SSE2, and in a cipher routine to the features that \
                          vdso_abi::routines declares",
            reason: "The kernel chooses the cipher routine by the features that it enabled; all other code runs on \
                     every x86-64 processor.",
            breaks: "Processors without the extension and guests without XSAVE, by SIGILL.",
        },
        apply: features,
    },
];

/// Every instruction that is one, with its function.
fn instructions<'a, 'data>(object: &'a Anatomy<'data>) -> impl Iterator<Item = (&'a Function<'data>, &'a Code)> {
    let of = |function: &'a Function<'data>| function.code.iter().map(move |code| (function, code));
    object.functions.iter().flat_map(of).filter(|(_, code)| !code.instruction.is_invalid())
}

fn decodes(object: &Anatomy, examination: &mut Examination) {
    for function in &object.functions {
        examination.look();
        if let Some(code) = function.code.iter().find(|code| code.instruction.is_invalid()) {
            let found = format!("a byte that begins no instruction: {}", function.show(code));
            let cause = "data between instructions (move it to .rodata), or a .size that ends in an instruction";
            examination.find(function.place(code), found, "a valid instruction", cause);
        }
        let decoded = function.start + function.bytes.len() as u64;
        if decoded < function.end {
            let place = Place::new(function.section_name, decoded).in_symbol(function.name());
            let found = format!("another function or the end of the section, before the end at {:#x}", function.end);
            let cause = "a .size that is too large, or a label with a .type inside of a function";
            examination.find(place, found, "the rest of the function", cause);
        }
    }
}

fn targets(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object) {
        let Some(target) = code.branch_target() else { continue };
        examination.look();
        let landing = object.function_at(function.section, target).and_then(|function| function.index_of(target));
        if landing.is_none() {
            let found = format!("{}, to {}+{target:#x}", function.show(code), function.section_name);
            let cause = "a label in bytes without a function symbol, or a displacement written as a number";
            examination.find(function.place(code), found, "a target that is an instruction of a function", cause);
        }
    }
    for function in &object.functions {
        let Some(last) = function.code.last().filter(|code| !code.instruction.is_invalid()) else { continue };
        examination.look();
        if last.falls_through() {
            let found = format!("the function ends with {}", function.show(last));
            let cause = "a missing ret or jmp, or a .size that ends too early";
            examination.find(function.place(last), found, "a return or an unconditional jump at the end", cause);
        }
    }
}

fn padding(object: &Anatomy, examination: &mut Examination) {
    for (index, section) in object.allocated().filter(|(_, section)| section.is_text()) {
        let mut end = 0;
        let functions = object.functions.iter().filter(|function| function.section == index);
        let covered = functions.map(|function| (function.start, function.start + function.bytes.len() as u64));
        let section_end = section.data.len() as u64;
        for (start, next_end) in covered.chain([(section_end, section_end)]) {
            examination.look();
            let gap = section.data.get(end as usize..start as usize).unwrap_or_default();
            if let Some(offset) = first_unlike_padding(gap) {
                let place = Place::new(section.name, end + offset as u64);
                let found = format!("{} bytes without a function symbol, from {:#04x} on", gap.len(), gap[offset]);
                let cause =
                    "a label without `.type name, @function` and `.size name, . - name`, or a size that is too small";
                examination.find(place, found, "nop, int3 or zero bytes", cause);
            }
            end = end.max(next_end);
        }
    }
}

/// Where a run of bytes stops being padding.
fn first_unlike_padding(bytes: &[u8]) -> Option<usize> {
    let mut decoder = iced_x86::Decoder::new(64, bytes, iced_x86::DecoderOptions::NONE);
    let mut offset = 0;
    while let Some(byte) = bytes.get(offset) {
        if matches!(byte, 0x00 | 0xcc) {
            offset += 1;
            continue;
        }
        decoder.set_position(offset).ok()?;
        let instruction = decoder.decode();
        if instruction.mnemonic() != Mnemonic::Nop {
            return Some(offset);
        }
        offset += instruction.len();
    }
    None
}

fn indirect(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object) {
        examination.look();
        if matches!(code.instruction.flow_control(), FlowControl::IndirectBranch | FlowControl::IndirectCall) {
            let cause = "a `match` that became a jump table (-C jump-tables=no), a call of an `extern` function (through the \
                         GOT), or a function pointer: write out the branches, call with `sym`";
            examination.find(function.place(code), function.show(code), "a direct call or jump", cause);
        }
    }
}

fn forbidden(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object) {
        examination.look();
        if let Some(cause) = why_forbidden(code.instruction.mnemonic()) {
            examination.find(function.place(code), function.show(code), "no such instruction in the object", cause);
        }
    }
}

fn why_forbidden(mnemonic: Mnemonic) -> Option<&'static str> {
    use Mnemonic::*;
    match mnemonic {
        Cpuid | Xgetbv => Some("run-time detection of the processor: go by the `simd` byte of the data page"),
        Rdtsc | Rdtscp | Rdpmc | Rdpid => Some("a clock or a processor number: nothing here depends on one"),
        Rdrand | Rdseed => Some("the processor's own generator: only the kernel's output may become a key"),
        Int | Int1 | Int3 | Into | Ud0 | Ud1 | Ud2 | Hlt => {
            Some("an abort, or a path that the compiler takes for impossible: return an error instead")
        }
        Sysenter | Sysexit | Sysret | Vmcall | Vmmcall => Some("a way into the kernel that is not `syscall`"),
        Xbegin | Xabort | Xend => Some("a transaction: it fails at will under single-step and on most processors"),
        _ => None,
    }
}

fn syscall(object: &Anatomy, examination: &mut Examination) {
    let mut calls = Vec::new();
    for (function, code) in instructions(object) {
        examination.look();
        if code.instruction.mnemonic() == Mnemonic::Syscall {
            calls.push((function, code));
        }
    }
    let wanted = "one syscall instruction in the object";
    if calls.is_empty() && examination.examined > 0 {
        let cause = "the fallback was optimised away or is an undefined function: contract E4, E5 and E9 need it";
        examination.find(Place::default(), "no syscall instruction", wanted, cause);
    }
    if calls.len() > 1 {
        for (function, code) in &calls {
            let found = format!("one of {} syscall instructions", calls.len());
            let cause = "the wrapper was inlined more than once: keep it `#[inline(never)]` or naked";
            examination.find(function.place(code), found, wanted, cause);
        }
    }
}

fn features(object: &Anatomy, examination: &mut Examination) {
    use CpuidFeature::*;
    const BASELINE: [CpuidFeature; 13] =
        [INTEL8086, INTEL186, INTEL286, INTEL386, INTEL486, X64, CMOV, CX8, SSE, SSE2, MULTIBYTENOP, PAUSE, CET_IBT];
    let checked_elsewhere = |code: &Code| {
        let mnemonic = code.instruction.mnemonic();
        mnemonic == Mnemonic::Syscall || why_forbidden(mnemonic).is_some()
    };
    for (function, code) in instructions(object).filter(|(_, code)| !checked_elsewhere(code)) {
        examination.look();
        let declared = CIPHER_ROUTINES.iter().find(|routine| function.names.contains(&routine.name));
        let (extensions, wanted) = extensions(declared.map_or(CpuFeature::Sse2, |routine| routine.feature));
        let allowed = |feature: &CpuidFeature| BASELINE.contains(feature) || extensions.contains(feature);
        let foreign: Vec<_> = code.instruction.cpuid_features().iter().filter(|feature| !allowed(feature)).collect();
        if !foreign.is_empty() {
            let names: Vec<_> = foreign.iter().map(|feature| format!("{feature:?}")).collect();
            let found = format!("{}, which needs {}", function.show(code), names.join(" and "));
            let cause = "a wider instruction in assembly, or a target feature in the build; declare the routine in \
                         vdso_abi::routines and choose it by the `simd` byte";
            examination.find(function.place(code), found, wanted, cause);
        }
    }
}

/// The extensions that a routine of this class may use, and the same in words.
fn extensions(class: CpuFeature) -> (&'static [CpuidFeature], &'static str) {
    use CpuidFeature::{AVX, AVX2, AVX512F, AVX512VL};
    match class {
        CpuFeature::Sse2 => (&[], "x86-64 with SSE2"),
        CpuFeature::Avx2 => (&[AVX, AVX2], "SSE2, AVX or AVX2"),
        CpuFeature::Avx512vl => (&[AVX, AVX2, AVX512F, AVX512VL], "SSE2, AVX, AVX2 or AVX-512VL"),
    }
}
