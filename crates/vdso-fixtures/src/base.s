# SPDX-License-Identifier: GPL-2.0-only OR MIT
# A stand-in for a kernel's vDSO: two functions with their short names, a note, and a table of alternatives.

	.text
	.globl	__vdso_time, __vdso_getcpu
	.weak	time, getcpu
	.type	__vdso_time, @function
	.type	time, @function
	.type	__vdso_getcpu, @function
	.type	getcpu, @function
__vdso_time:
	.cfi_startproc
	push	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	mov	answer(%rip), %eax
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	ret
	.cfi_endproc
	.size	__vdso_time, . - __vdso_time
	.set	time, __vdso_time

	.p2align 4
__vdso_getcpu:
	.cfi_startproc
.Lclock:
	rdtscp
	ret
	.cfi_endproc
	.size	__vdso_getcpu, . - __vdso_getcpu
	.set	getcpu, __vdso_getcpu

	.section .rodata, "a"
	.p2align 2
answer:
	.long	7

	# The record of 6.1: what is replaced by what, the processor's feature, both lengths.
	.section .altinstructions, "a"
	.long	.Lclock - ., answer - .
	.word	1 * 32 + 27
	.byte	3, 2

	# Something that is not mapped, besides the symbols.
	.section .remark, "", @progbits
	.asciz	"no program"
