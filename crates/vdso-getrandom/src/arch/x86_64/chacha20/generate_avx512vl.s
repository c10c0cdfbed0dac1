# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# chacha20_generate_avx512vl: whole groups of ChaCha20 blocks to the caller's buffer.
#
#   unsafe extern "sysv64" fn(out: *mut u8, state: *mut VgetrandomState, counter: u64, groups: usize)
#
#   rdi   out      written: groups * 512 bytes
#   rsi   state    read: key; written: scratch in the drained batch
#   rdx   counter  number of the next block
#   rcx   groups   left to store
#   r8    sets     left to store of those that were filled
#   rax            second counter, double rounds left, constants
#
# CPU: AVX-512VL. No stack, no callee-saved register, no call. Time depends on the number of groups alone: the key meets only
# moves, additions, xors, shifts and shuffles of whole registers.

.type chacha20_generate_avx512vl, @function
chacha20_generate_avx512vl:
	.cfi_startproc
	testq	%rcx, %rcx
	jz	.Lgenerate_avx512vl_done
.Lgenerate_avx512vl_fill:
	cmpq	$2, %rcx
	jb	.Lgenerate_avx512vl_one
	avx512vl_permute_both	%rsi, %rdx
	movl	$2, %r8d
	jmp	.Lgenerate_avx512vl_store
.Lgenerate_avx512vl_one:
	avx512vl_permute	%rsi, %rdx
	movl	$1, %r8d
.Lgenerate_avx512vl_store:
	avx512vl_store	%rdi, %rsi, 1
	addq	$512, %rdi
	addq	${blocks}, %rdx
	decq	%rcx
	decq	%r8
	jz	.Lgenerate_avx512vl_stored
	avx512vl_second_to_first
	jmp	.Lgenerate_avx512vl_store
.Lgenerate_avx512vl_stored:
	testq	%rcx, %rcx
	jnz	.Lgenerate_avx512vl_fill
.Lgenerate_avx512vl_done:
	avx512vl_zero_second
	vzeroall
	ret
	.cfi_endproc
.size chacha20_generate_avx512vl, . - chacha20_generate_avx512vl
