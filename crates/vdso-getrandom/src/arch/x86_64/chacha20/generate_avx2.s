# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# chacha20_generate_avx2: whole groups of ChaCha20 blocks to the caller's buffer.
#
#   unsafe extern "sysv64" fn(out: *mut u8, state: *mut VgetrandomState, counter: u64, groups: usize)
#
#   rdi   out      written: groups * 512 bytes
#   rsi   state    read: key; written: scratch in the drained batch
#   rdx   counter  number of the next block
#   rcx   groups   left to make
#   eax            double rounds left, constants
#
# CPU: AVX2. No stack, no callee-saved register, no call. Time depends on the number of groups alone: the key meets only
# moves, additions, xors, shifts and shuffles of whole registers.

.type chacha20_generate_avx2, @function
chacha20_generate_avx2:
	.cfi_startproc
	testq	%rcx, %rcx
	jz	.Lgenerate_avx2_done
.Lgenerate_avx2_group:
	avx2_permute	%rsi, %rdx
	avx2_store	%rdi, %rsi, 1
	addq	$512, %rdi
	addq	${blocks}, %rdx
	decq	%rcx
	jnz	.Lgenerate_avx2_group
.Lgenerate_avx2_done:
	# Every register held key or keystream (M2).
	vzeroall
	ret
	.cfi_endproc
.size chacha20_generate_avx2, . - chacha20_generate_avx2
