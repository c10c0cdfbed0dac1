// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mistakes that can be written in assembly.

use crate::cases::{Case, Edit};

/// A case in which one rule speaks.
const fn case(name: &'static str, rule: &'static str, edits: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, rule, also: &[], edit: Edit::Source(edits) }
}

pub fn cases() -> Vec<Case> {
    let mut cases = sections_and_symbols();
    cases.extend(relocations_and_code());
    cases.extend(secrets());
    cases.extend(unwind());
    cases
}

fn sections_and_symbols() -> Vec<Case> {
    vec![
        case("identity-intermediate", "header/identity", &[("", ".section .gnu.lto_f,\"e\",@progbits\n.quad 1\n")]),
        case("sections-unknown", "sections/allocated", &[("", ".section .lookup,\"a\",@progbits\n.quad 1\n")]),
        case(
            "sections-executable-rodata",
            "sections/allocated",
            &[("", ".section .rodata.x,\"ax\",@progbits\n.quad 0\n")],
        ),
        case("sections-writable", "sections/writable", &[("", ".section .data,\"aw\",@progbits\n.quad 1\n")]),
        case("sections-bss", "sections/writable", &[("", ".section .bss,\"aw\",@nobits\n.zero 8\n")]),
        case("sections-tls", "sections/tls", &[("", ".section .tdata,\"awT\",@progbits\n.quad 1\n")]),
        case("sections-init", "sections/init", &[("", ".section .init_array,\"aw\",@init_array\n.quad 0\n")]),
        case("sections-got", "sections/got", &[("", ".section .got,\"aw\",@progbits\n.quad 0\n")]),
        case("sections-budget", "sections/budget", &[("", ".section .rodata.table,\"a\",@progbits\n.zero 4096\n")]),
        case("exports-binding", "symbols/exports", &[(".globl\t__vdso_getrandom", ".weak\t__vdso_getrandom")]),
        case(
            "exports-missing",
            "symbols/exports",
            &[("\t.weak\tgetrandom\n\t.set\tgetrandom, __vdso_getrandom\n", "")],
        ),
        case("exports-hidden", "symbols/exports", &[(".weak\tvgetrandom", ".weak\tvgetrandom\n\t.hidden\tvgetrandom")]),
        case(
            "aliases",
            "symbols/aliases",
            &[(".set\tvgetrandom, __vdso_vgetrandom", ".set\tvgetrandom, __vdso_getrandom")],
        ),
        case("symbols-visible", "symbols/hidden", &[("\t.hidden\tchacha20_refill_sse2\n", "")]),
        case("undefined-not-hidden", "symbols/undefined", &[("\t.hidden\ttimens__vdso_data\n", "")]),
        case("undefined-memset", "symbols/undefined", &[("lea\topaque_params(%rip)", "lea\tmemset(%rip)")]),
        case(
            "undefined-panic",
            "symbols/undefined",
            &[("lea\topaque_params(%rip)", "lea\t_ZN4core9panicking18panic_bounds_check17h0123456789abcdefE(%rip)")],
        ),
        case(
            "undefined-missing",
            "symbols/undefined",
            &[("\t.hidden\ttimens__vdso_data\n", ""), ("\tlea\ttimens__vdso_data(%rip), %rsi\n", "")],
        ),
    ]
}

fn relocations_and_code() -> Vec<Case> {
    vec![
        case("kind-got", "relocations/kind", &[("lea\topaque_params(%rip)", "mov\topaque_params@GOTPCREL(%rip)")]),
        case("kind-absolute", "relocations/kind", &[("\t.quad\t512, 3", "\t.quad\t512, fill")]),
        case(
            "kind-absolute-code",
            "relocations/kind",
            &[("lea\topaque_params(%rip), %rax", "mov\t$opaque_params, %rax")],
        ),
        case("calls-visible", "relocations/calls", &[("jmp\tgetrandom_syscall", "jmp\t__vdso_vgetrandom")]),
        case("calls-inside", "relocations/calls", &[("jmp\tgetrandom_syscall", "jmp\tgetrandom_syscall+5")]),
        Case {
            name: "calls-memcpy",
            rule: "relocations/calls",
            // A call of a function that is not there names a symbol that is not there.
            also: &["symbols/undefined"],
            edit: Edit::Source(&[("jmp\tgetrandom_syscall", "jmp\tmemcpy")]),
        },
        case("target-beyond", "relocations/target", &[("paddd\tsigma(%rip)", "paddd\tsigma+24(%rip)")]),
        case("target-before", "relocations/target", &[("paddd\tsigma(%rip)", "paddd\tsigma-4(%rip)")]),
        case(
            "data-page-beyond",
            "relocations/data-page",
            &[("vvar__vdso_rng_data+8(%rip)", "vvar__vdso_rng_data+16(%rip)")],
        ),
        case("data-page-called", "relocations/data-page", &[("jmp\tgetrandom_syscall", "jmp\tvvar__vdso_data")]),
        case(
            "data-page-table",
            "relocations/data-page",
            &[("\t.quad\t512, 3", "\t.quad\t512\n\t.long vvar__vdso_data - ., 0")],
        ),
        case("decodes-data", "code/decodes", &[(".Lfull:\n\tret", ".Lfull:\n\tret\n\t.byte\t0x06")]),
        case("decodes-size", "code/decodes", &[(".size\tfill, . - fill", ".size\tfill, . - fill + 8")]),
        case("targets-inside", "code/targets", &[("jne\t.Lfull", "jne\t.Lfull - 1")]),
        case("targets-end", "code/targets", &[(".Lfull:\n\tret", ".Lfull:\n\tnop")]),
        case(
            "padding",
            "code/padding",
            &[(".size\tfill, . - fill", ".size\tfill, . - fill\n\tnopl\t(%rax)\n\txor\t%eax, %eax")],
        ),
        case("indirect-jump", "code/indirect", &[("jmp\tgetrandom_syscall", "jmp\t*%rax")]),
        case("indirect-call", "code/indirect", &[("movups\t(%rax), %xmm0", "call\t*(%rax)")]),
        case("forbidden-rdtsc", "code/forbidden", &[("mov\t%rcx, %rbx", "rdtsc")]),
        case("forbidden-cpuid", "code/forbidden", &[("movups\t(%rax), %xmm0", "xgetbv")]),
        case("forbidden-ud2", "code/forbidden", &[(".Lfull:\n\tret", ".Lfull:\n\tud2")]),
        case("syscall-twice", "code/syscall", &[("\txor\t%eax, %eax\n.Lfull:", "\tsyscall\n.Lfull:")]),
        case("syscall-never", "code/syscall", &[("\tsyscall\n", "")]),
        case("features-baseline", "code/features", &[("\txor\t%eax, %eax\n.Lfull:", "\tpopcnt\t%rdi, %rax\n.Lfull:")]),
        case("features-sse2", "code/features", &[("movq\t%rdx, %xmm1", "pshufb\t%xmm1, %xmm1")]),
        case("features-avx512vl", "code/features", &[("vprold\t$7, %ymm16, %ymm1", "vpaddb\t%ymm16, %ymm16, %ymm1")]),
        case("zeroed-beyond-vzeroall", "secrets/zeroed", &[("vpxord\t%ymm16, %ymm16, %ymm16\n", "nop\n")]),
        case("features-avx2", "code/features", &[("vpaddd\t%ymm0, %ymm0, %ymm1", "vprold\t$7, %ymm0, %ymm1")]),
    ]
}

fn secrets() -> Vec<Case> {
    vec![
        // Every line that names the routine is changed, its symbol with them.
        case(
            "present",
            "secrets/present",
            &[
                ("\t.globl\tchacha20_refill_sse2\n\t.hidden\tchacha20_refill_sse2\n", ""),
                (".type\tchacha20_refill_sse2", ".type\trefill"),
                ("\nchacha20_refill_sse2:", "\nrefill:"),
                (".size\tchacha20_refill_sse2, . - chacha20_refill_sse2", ".size\trefill, . - refill"),
            ],
        ),
        case("stack-spill", "secrets/stack", &[("paddd\tsigma(%rip), %xmm0", "movdqu\t%xmm0, -64(%rsp)")]),
        case("stack-rbp", "secrets/stack", &[("paddd\tsigma(%rip), %xmm0", "paddd\t(%rbp), %xmm0")]),
        Case {
            name: "saved-registers",
            rule: "secrets/saved-registers",
            // A routine without a stack has nowhere to keep the caller's value, so the unwind table cannot know it.
            also: &["unwind/registers"],
            edit: Edit::Source(&[("\tcmp\t%rdx, 496(%rdi)\n", "\tmov\t%rdx, %r12\n\tcmp\t%r12, 496(%rdi)\n")]),
        },
        case("secrets-call", "secrets/calls", &[("\tdec\t%rcx\n", "\tcall\tfill\n\tdec\t%rcx\n")]),
        case("secrets-tail-call", "secrets/calls", &[("pxor\t%xmm1, %xmm1\n\tret", "pxor\t%xmm1, %xmm1\n\tjmp\tfill")]),
        case(
            "branches-word",
            "secrets/branches",
            &[("cmp\t%rdx, 496(%rdi)\n\tcmove\t%rcx, %rax\n\ttest\t%rax, %rax\n", "cmp\t%rdx, 496(%rdi)\n")],
        ),
        case("branches-memory", "secrets/branches", &[("\tdec\t%rcx\n", "\tdecq\t(%rdi)\n")]),
        Case {
            name: "branches-vector",
            rule: "secrets/branches",
            // In SSE2, the instructions that set flags from vector registers compare numbers.
            also: &["secrets/integers"],
            edit: Edit::Source(&[("\tdec\t%rcx\n", "\tdec\t%rcx\n\tucomisd\t%xmm0, %xmm1\n")]),
        },
        case("integers-division", "secrets/integers", &[("paddd\tsigma(%rip), %xmm0", "divps\tsigma(%rip), %xmm0")]),
        case(
            "branches-entry",
            "secrets/branches",
            &[("add\t$512, %rdi\n\tsub\t$1, %rcx", "lea\t512(%rdi), %rdi\n\tlea\t-1(%rcx), %rcx")],
        ),
        case("registers-load", "secrets/general-registers", &[("\tdec\t%rcx\n", "\tmov\t(%rsi), %rax\n\tdec\t%rcx\n")]),
        case("registers-movq", "secrets/general-registers", &[("\tdec\t%rcx\n", "\tmovq\t%xmm0, %rax\n\tdec\t%rcx\n")]),
        case(
            "registers-set",
            "secrets/general-registers",
            &[(
                "cmove\t%rcx, %rax\n\ttest\t%rax, %rax\n\tjz\t.Lavx2_lost",
                "sete\t%al\n\ttest\t%rax, %rax\n\tjz\t.Lavx2_lost",
            )],
        ),
        case(
            "registers-other-state",
            "secrets/general-registers",
            &[("cmp\t496(%rdi), %rdx", "add\t$64, %rdi\n\tcmp\t496(%rdi), %rdx")],
        ),
        case("registers-other-word", "secrets/general-registers", &[("cmp\t496(%rdi), %rdx", "cmp\t32(%rdi), %rdx")]),
        case(
            "addresses-gather",
            "secrets/addresses",
            &[("vpaddd\t%ymm0, %ymm0, %ymm1", "vpgatherdd\t%ymm0, (%rsi,%ymm1,4), %ymm2")],
        ),
        case("addresses-mask", "secrets/addresses", &[("vmovdqu\t%ymm1, (%rdi)", "vpmaskmovd\t%ymm1, %ymm0, (%rdi)")]),
        case("zeroed-forgotten", "secrets/zeroed", &[("\tpxor\t%xmm1, %xmm1\n\tret", "\tret")]),
        case(
            "zeroed-one-path",
            "secrets/zeroed",
            &[(".Lsse2_lost:\n\tpxor\t%xmm0, %xmm0\n", "\tpxor\t%xmm0, %xmm0\n.Lsse2_lost:\n")],
        ),
        Case {
            name: "zeroed-upper",
            rule: "secrets/zeroed",
            // An instruction that zeroes the upper halves also makes them unused, so both rules report that none does.
            also: &["secrets/upper-halves"],
            edit: Edit::Source(&[("\tvzeroall\n", "\tpxor\t%xmm0, %xmm0\n\tpxor\t%xmm1, %xmm1\n")]),
        },
        case(
            "upper-halves",
            "secrets/upper-halves",
            &[("\tvzeroall\n", "\tvpxor\t%xmm0, %xmm0, %xmm0\n\tvpxor\t%xmm1, %xmm1, %xmm1\n")],
        ),
    ]
}

fn unwind() -> Vec<Case> {
    vec![
        case(
            "covered",
            "unwind/covered",
            &[("fill:\n\t.cfi_startproc\n", "fill:\n"), ("\t.cfi_endproc\n\t.size\tfill", "\t.size\tfill")],
        ),
        case(
            "cfa-moving",
            "unwind/cfa",
            &[("\t.cfi_adjust_cfa_offset 24\n", ""), ("\t.cfi_adjust_cfa_offset -24\n", "")],
        ),
        case("cfa-frame-pointer", "unwind/cfa", &[("\t.cfi_def_cfa %rsp, 8\n", "")]),
        case("cfa-return-address", "unwind/cfa", &[(".Lfull:\n", ".Lfull:\n\t.cfi_undefined %rip\n")]),
        case("registers-forgotten", "unwind/registers", &[("\t.cfi_offset %rbx, -24\n", "")]),
        case("registers-wrong-place", "unwind/registers", &[(".cfi_offset %rbx, -24", ".cfi_offset %rbx, -32")]),
    ]
}
