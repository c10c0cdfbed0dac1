# SPDX-License-Identifier: GPL-2.0-only OR MIT
# A small object that keeps every rule. The bad inputs are made from it, each by one change.

	.hidden	vvar__vdso_data
	.hidden	timens__vdso_data
	.hidden	vvar__vdso_rng_data

# Entry points: one with a frame pointer and saved registers, one with a moving stack pointer.

	.section .text.entry,"ax",@progbits
	.p2align 4
	.globl	__vdso_vgetrandom
	.type	__vdso_vgetrandom,@function
__vdso_vgetrandom:
	.cfi_startproc
	push	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	mov	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	push	%rbx
	.cfi_offset %rbx, -24
	sub	$8, %rsp
	mov	%rcx, %rbx
	mov	vvar__vdso_rng_data(%rip), %rax
	cmpb	$0, vvar__vdso_rng_data+8(%rip)
	je	.Lslow
	call	fill
.Lslow:
	lea	vvar__vdso_data(%rip), %rdi
	lea	timens__vdso_data(%rip), %rsi
	call	getrandom_syscall
	add	$8, %rsp
	pop	%rbx
	pop	%rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	__vdso_vgetrandom, . - __vdso_vgetrandom

	.p2align 4
	.globl	__vdso_getrandom
	.type	__vdso_getrandom,@function
__vdso_getrandom:
	.cfi_startproc
	sub	$24, %rsp
	.cfi_adjust_cfa_offset 24
	lea	opaque_params(%rip), %rax
	movups	(%rax), %xmm0
	call	fill
	add	$24, %rsp
	.cfi_adjust_cfa_offset -24
	jmp	getrandom_syscall
	.cfi_endproc
	.size	__vdso_getrandom, . - __vdso_getrandom

	.weak	vgetrandom
	.set	vgetrandom, __vdso_vgetrandom
	.weak	getrandom
	.set	getrandom, __vdso_getrandom

# The one way into the kernel.

	.section .text.getrandom_syscall,"ax",@progbits
	.p2align 4
	.type	getrandom_syscall,@function
getrandom_syscall:
	.cfi_startproc
	mov	$318, %eax
	syscall
	ret
	.cfi_endproc
	.size	getrandom_syscall, . - getrandom_syscall

	.section .text.fill,"ax",@progbits
	.p2align 4
	.globl	fill
	.hidden	fill
	.type	fill,@function
fill:
	.cfi_startproc
	test	%rdi, %rdi
	jne	.Lfull
	xor	%eax, %eax
.Lfull:
	ret
	.cfi_endproc
	.size	fill, . - fill

# Cipher routines with the shape of the real ones and none of their work.

	.section .text.cipher,"ax",@progbits
	.p2align 4
	.globl	chacha20_generate_sse2
	.hidden	chacha20_generate_sse2
	.type	chacha20_generate_sse2,@function
chacha20_generate_sse2:
	.cfi_startproc
	movq	%rdx, %xmm1
.Lsse2_group:
	movdqu	(%rsi), %xmm0
	paddd	sigma(%rip), %xmm0
	pxor	%xmm1, %xmm0
	movdqu	%xmm0, (%rdi)
	add	$512, %rdi
	dec	%rcx
	jnz	.Lsse2_group
	pxor	%xmm0, %xmm0
	pxor	%xmm1, %xmm1
	ret
	.cfi_endproc
	.size	chacha20_generate_sse2, . - chacha20_generate_sse2

	.p2align 4
	.globl	chacha20_refill_sse2
	.hidden	chacha20_refill_sse2
	.type	chacha20_refill_sse2,@function
chacha20_refill_sse2:
	.cfi_startproc
	movdqu	(%rdi), %xmm0
	xor	%eax, %eax
	mov	$8, %ecx
	cmp	%rdx, 496(%rdi)
	cmove	%rcx, %rax
	test	%rax, %rax
	jz	.Lsse2_lost
	movdqu	%xmm0, 16(%rdi)
.Lsse2_lost:
	pxor	%xmm0, %xmm0
	ret
	.cfi_endproc
	.size	chacha20_refill_sse2, . - chacha20_refill_sse2

	.p2align 4
	.globl	chacha20_generate_avx2
	.hidden	chacha20_generate_avx2
	.type	chacha20_generate_avx2,@function
chacha20_generate_avx2:
	.cfi_startproc
.Lavx2_group:
	vbroadcasti128 (%rsi), %ymm0
	vpaddd	%ymm0, %ymm0, %ymm1
	vmovdqu	%ymm1, (%rdi)
	add	$512, %rdi
	sub	$1, %rcx
	ja	.Lavx2_group
	vzeroall
	ret
	.cfi_endproc
	.size	chacha20_generate_avx2, . - chacha20_generate_avx2

	.p2align 4
	.globl	chacha20_refill_avx2
	.hidden	chacha20_refill_avx2
	.type	chacha20_refill_avx2,@function
chacha20_refill_avx2:
	.cfi_startproc
	vmovdqu	(%rdi), %xmm0
	xor	%eax, %eax
	mov	$8, %ecx
	cmp	496(%rdi), %rdx
	cmove	%rcx, %rax
	test	%rax, %rax
	jz	.Lavx2_lost
	vmovdqu	%xmm0, 16(%rdi)
.Lavx2_lost:
	vpxor	%xmm0, %xmm0, %xmm0
	ret
	.cfi_endproc
	.size	chacha20_refill_avx2, . - chacha20_refill_avx2

	.p2align 4
	.globl	chacha20_generate_avx512vl
	.hidden	chacha20_generate_avx512vl
	.type	chacha20_generate_avx512vl,@function
chacha20_generate_avx512vl:
	.cfi_startproc
.Lavx512vl_group:
	vpbroadcastd (%rsi), %ymm16
	vprold	$7, %ymm16, %ymm1
	vmovdqu32 %ymm1, (%rdi)
	lea	512(%rdi), %rdi
	dec	%ecx
	jnz	.Lavx512vl_group
	vpxord	%ymm16, %ymm16, %ymm16
	vzeroall	# ymm0 to ymm15
	ret
	.cfi_endproc
	.size	chacha20_generate_avx512vl, . - chacha20_generate_avx512vl

	.p2align 4
	.globl	chacha20_refill_avx512vl
	.hidden	chacha20_refill_avx512vl
	.type	chacha20_refill_avx512vl,@function
chacha20_refill_avx512vl:
	.cfi_startproc
	vmovdqu32 (%rdi), %xmm0
	xor	%ecx, %ecx
	mov	$8, %eax
	cmp	%rdx, 0x1f0(%rdi)
	cmovne	%rcx, %rax
	or	%rax, %rax
	jz	.Lavx512vl_lost
	vmovdqu32 %xmm0, 16(%rdi)
.Lavx512vl_lost:
	vpxord	%xmm0, %xmm0, %xmm0
	ret
	.cfi_endproc
	.size	chacha20_refill_avx512vl, . - chacha20_refill_avx512vl

	.section .rodata,"a",@progbits
	.p2align 4
	.type	sigma,@object
sigma:
	.ascii	"expand 32-byte k"
	.size	sigma, . - sigma
	.type	opaque_params,@object
opaque_params:
	.quad	512, 3
	.size	opaque_params, . - opaque_params
