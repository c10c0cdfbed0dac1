// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Why the compiler writes what a rule forbids, and what to do about it.

use object::elf;

const MEMORY_ROUTINES: [&str; 6] = ["memset", "memcpy", "memmove", "memcmp", "bcmp", "strlen"];

/// Why an object would refer to a name that it does not define; empty where nothing is known.
pub fn of_undefined(name: &str) -> &'static str {
    let demangled = format!("{:#}", rustc_demangle::demangle(name));
    if let "memcmp" | "bcmp" = name {
        "`==` on arrays or slices calls memcmp even under #![no_builtins]: compare words, or let assembly do it"
    } else if MEMORY_ROUTINES.contains(&name) {
        "a zeroing or copying loop, or `*p = Big { .. }`, that the compiler took for a library routine: set \
         #![no_builtins] and move fixed sizes"
    } else if demangled.starts_with("core::panicking") || demangled.contains("panic") {
        "slice indexing, an overflow check, division or unwrap() can panic: use raw pointers and wrapping_* operations"
    } else if demangled.starts_with("core::") || demangled.starts_with("compiler_builtins::") {
        "a function of core that was not inlined: build with opt-level=3 and -C lto=fat, or do without it"
    } else if name == "__tls_get_addr" {
        "a thread-local variable: keep state in the caller's opaque state"
    } else if name == "_GLOBAL_OFFSET_TABLE_" {
        "an access through the GOT: take addresses by `lea symbol(%rip)`"
    } else if matches!(name, "rust_eh_personality" | "_Unwind_Resume") {
        "landing pads: build with -C panic=abort"
    } else if matches!(name, "__stack_chk_fail" | "__rust_probestack") {
        "stack protector or stack probes: keep frames small and leave the protector off"
    } else if name.starts_with("_ZN") || name.starts_with("_R") {
        "a Rust function of another crate: build one object with -C codegen-units=1 and -C lto=fat"
    } else {
        ""
    }
}

/// Why the compiler would write a relocation of a kind; empty where nothing is known.
pub fn of_relocation(kind: elf::RelocationType, symbol: &str) -> &'static str {
    match kind {
        _ if MEMORY_ROUTINES.contains(&symbol) => of_undefined(symbol),
        elf::R_X86_64_GOTPCREL | elf::R_X86_64_GOTPCRELX | elf::R_X86_64_REX_GOTPCRELX => {
            "an `extern` static or function, which the compiler reaches through the GOT even when it is hidden: take the \
             address by `lea symbol(%rip)` in asm!, and call through #[unsafe(naked)] functions or `call {}` with `sym`"
        }
        elf::R_X86_64_GOTTPOFF | elf::R_X86_64_TPOFF32 | elf::R_X86_64_TLSGD | elf::R_X86_64_TLSLD => {
            "a thread-local variable: keep state in the caller's opaque state"
        }
        elf::R_X86_64_32 | elf::R_X86_64_32S => {
            "an absolute address in code: -C relocation-model=static, or `$symbol` in assembly; build with \
             -C relocation-model=pic and write `symbol(%rip)`"
        }
        elf::R_X86_64_64 => {
            "an address in a constant: a table of functions or of strings, a &'static in a static; keep offsets or \
             write out the branches"
        }
        _ => "",
    }
}
