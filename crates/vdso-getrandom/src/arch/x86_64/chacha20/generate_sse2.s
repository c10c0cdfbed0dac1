# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# chacha20_generate_sse2: whole groups of ChaCha20 blocks to the caller's buffer.
#
#   unsafe extern "sysv64" fn(out: *mut u8, state: *mut VgetrandomState, counter: u64, groups: usize)
#
#   rdi   out      written: groups * 512 bytes
#   rsi   state    read: key; written: scratch in the drained batch
#   rdx   counter  number of the next block
#   rcx   blocks   left to make, four at a time
#   eax            double rounds left, constants
#
# CPU: SSE2. No stack, no callee-saved register, no call. Time depends on the number of groups alone: the key meets only
# moves, additions, xors, shifts and shuffles of whole registers.

.type chacha20_generate_sse2, @function
chacha20_generate_sse2:
	.cfi_startproc
	imulq	${blocks}, %rcx, %rcx
	testq	%rcx, %rcx
	jz	.Lgenerate_sse2_done
	.p2align 5
.Lgenerate_sse2_four:
	sse2_permute	%rsi, %rdx
	sse2_store	%rdi, 0, %rsi, 1
	addq	$256, %rdi
	addq	$4, %rdx
	subq	$4, %rcx
	jnz	.Lgenerate_sse2_four
.Lgenerate_sse2_done:
	sse2_zero
	ret
	.cfi_endproc
.size chacha20_generate_sse2, . - chacha20_generate_sse2
