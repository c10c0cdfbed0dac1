# SPDX-License-Identifier: GPL-2.0-only OR MIT
# A stand-in for the object: four exports that return what they can reach.

	.hidden	vvar__vdso_data
	.hidden	timens__vdso_data
	.hidden	vvar__vdso_rng_data

	.text
	.globl	__vdso_vgetrandom, __vdso_getrandom
	.weak	vgetrandom, getrandom
	.type	__vdso_vgetrandom, @function
	.type	__vdso_getrandom, @function
	.type	vgetrandom, @function
	.type	getrandom, @function

# Returns the address of the data page.
__vdso_vgetrandom:
	.cfi_startproc
	lea	vvar__vdso_data(%rip), %rax
	lea	timens__vdso_data(%rip), %rcx
	lea	vvar__vdso_rng_data(%rip), %rdx
	ret
	.cfi_endproc
	.size	__vdso_vgetrandom, . - __vdso_vgetrandom

# Returns 40 + 2, the summands being a constant and a call away.
	.p2align 4
__vdso_getrandom:
	.cfi_startproc
	push	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	mov	forty(%rip), %ebx
	call	fixture_two@PLT
	add	%ebx, %eax
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	ret
	.cfi_endproc
	.size	__vdso_getrandom, . - __vdso_getrandom

	.set	vgetrandom, __vdso_vgetrandom
	.set	getrandom, __vdso_getrandom

	.section .text.two, "ax", @progbits
	.p2align 6
	.hidden	fixture_two
	.globl	fixture_two
	.type	fixture_two, @function
fixture_two:
	.cfi_startproc
	mov	$2, %eax
	ret
	.cfi_endproc
	.size	fixture_two, . - fixture_two

	.section .rodata.cst16, "aM", @progbits, 16
	.p2align 4
forty:
	.long	40, 0, 0, 0
