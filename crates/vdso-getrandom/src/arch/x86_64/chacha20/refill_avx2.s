# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# chacha20_refill_avx2: the next key and the next batch, from the present key.
#
#   unsafe extern "sysv64" fn(state: *mut VgetrandomState, counter: u64, in_use: u64) -> u64
#
#   rdi   state    read: key, word; written: key, batch
#   rsi   counter  number of the first block
#   rdx   in_use   the tag of this call
#   rax   blocks   left to make; at the end, made: 8, or 0 because the state lost the tag
#   rcx            0
#   eax            double rounds left, constants, while the registers are filled
#
# CPU: AVX2. No stack, no callee-saved register, no call. Time depends on the word alone.
#
# The word is checked when the key has been read for the last time and nothing has been stored (M3): after a wipe in
# between, the registers hold output of a zero key, or words that could be run backwards to the key, and must not become a
# batch (R2).

.type chacha20_refill_avx2, @function
chacha20_refill_avx2:
	.cfi_startproc
	xorl	%ecx, %ecx
	avx2_permute	%rdi, %rsi
	movl	${blocks}, %eax
	cmpq	%rdx, {word}(%rdi)
	cmovneq	%rcx, %rax
	testq	%rax, %rax
	jz	.Lrefill_avx2_done
	avx2_store	%rdi, %rdi, 0
.Lrefill_avx2_done:
	# Every register held key or keystream (M2).
	vzeroall
	ret
	.cfi_endproc
.size chacha20_refill_avx2, . - chacha20_refill_avx2
