# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# chacha20_refill_sse2: the next key and the next batch, from the present key.
#
#   unsafe extern "sysv64" fn(state: *mut VgetrandomState, counter: u64, in_use: u64) -> u64
#
#   rdi   state    read: key, word; written: key, batch
#   rsi   counter  number of the first block
#   rdx   in_use   the tag of this call
#   rcx   blocks   left to make, four at a time
#   eax            double rounds left, constants; at the end blocks made: 8, or 0 because the state lost the tag
#
# CPU: SSE2. No stack, no callee-saved register, no call. Time depends on the word alone.
#
# The upper four blocks come first, because the lower ones overwrite the key (M3). For each four, the word is checked when
# they have read the key for the last time and none of them has been stored: after a wipe in between, the registers hold
# output of a zero key, or words that could be run backwards to the key, and must not become a batch (R2). If the second
# check fails, the 240 bytes of the upper blocks stay stored: the first check was valid, so they are output of a live key.

.type chacha20_refill_sse2, @function
chacha20_refill_sse2:
	.cfi_startproc
	movl	${blocks}, %ecx
	addq	$4, %rsi
	.p2align 5
.Lrefill_sse2_four:
	sse2_permute	%rdi, %rsi
	xorl	%eax, %eax
	cmpq	%rdx, {word}(%rdi)
	cmovneq	%rax, %rcx
	testq	%rcx, %rcx
	jz	.Lrefill_sse2_done
	subq	$4, %rcx
	jz	.Lrefill_sse2_lower
	sse2_store	%rdi, 256, %rdi, 0
	subq	$4, %rsi
	jmp	.Lrefill_sse2_four
.Lrefill_sse2_lower:
	sse2_store	%rdi, 0, %rdi, 1
	movl	${blocks}, %eax
.Lrefill_sse2_done:
	sse2_zero
	ret
	.cfi_endproc
.size chacha20_refill_sse2, . - chacha20_refill_sse2
