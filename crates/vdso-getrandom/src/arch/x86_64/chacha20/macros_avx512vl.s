# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Eight ChaCha20 blocks at a time in a set of sixteen ymm registers: word i of all eight blocks is one register, so that a
# quarter round works on whole registers and the lanes never meet. Two sets fill ymm0-ymm31.
#
# Rotations are one instruction and need no temporary. No zmm register is used: old processors lower their clock for those.
#
# Scratch, in the drained batch: 32 bytes for the stores, then the lower and upper halves of the counters, 32 bytes each, of
# the first and of the second set. No access to it needs an alignment. Registers go by number.

# Each routine brings the macros, and the assembler sees all routines as one file.
.ifndef .Lmacros_avx512vl
.set .Lmacros_avx512vl, 1

# a += b; d = (d ^ a) <<< left, for four quarter rounds side by side (RFC 8439, section 2.1).
.macro avx512vl_step a0, a1, a2, a3, b0, b1, b2, b3, d0, d1, d2, d3, left
	vpaddd	%ymm\b0, %ymm\a0, %ymm\a0
	vpaddd	%ymm\b1, %ymm\a1, %ymm\a1
	vpaddd	%ymm\b2, %ymm\a2, %ymm\a2
	vpaddd	%ymm\b3, %ymm\a3, %ymm\a3
	vpxord	%ymm\a0, %ymm\d0, %ymm\d0
	vpxord	%ymm\a1, %ymm\d1, %ymm\d1
	vpxord	%ymm\a2, %ymm\d2, %ymm\d2
	vpxord	%ymm\a3, %ymm\d3, %ymm\d3
	vprold	$\left, %ymm\d0, %ymm\d0
	vprold	$\left, %ymm\d1, %ymm\d1
	vprold	$\left, %ymm\d2, %ymm\d2
	vprold	$\left, %ymm\d3, %ymm\d3
.endm

.macro avx512vl_quarters a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3
	avx512vl_step	\a0, \a1, \a2, \a3, \b0, \b1, \b2, \b3, \d0, \d1, \d2, \d3, 16
	avx512vl_step	\c0, \c1, \c2, \c3, \d0, \d1, \d2, \d3, \b0, \b1, \b2, \b3, 12
	avx512vl_step	\a0, \a1, \a2, \a3, \b0, \b1, \b2, \b3, \d0, \d1, \d2, \d3, 8
	avx512vl_step	\c0, \c1, \c2, \c3, \d0, \d1, \d2, \d3, \b0, \b1, \b2, \b3, 7
.endm

# The input of the permutation, from block \counter on; its counters also go to scratch, \at bytes into it.
.macro avx512vl_input state, counter, at, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15
	vpbroadcastq	\counter, %ymm\x0
	vpaddq	32+{lanes}(%rip), %ymm\x0, %ymm\x1
	vpaddq	{lanes}(%rip), %ymm\x0, %ymm\x0
	vshufps	$0x88, %ymm\x1, %ymm\x0, %ymm\x12
	vshufps	$0xdd, %ymm\x1, %ymm\x0, %ymm\x13
	vmovdqu32	%ymm\x12, ({scratch} + \at)(\state)
	vmovdqu32	%ymm\x13, ({scratch} + \at + 32)(\state)
	vpbroadcastd	{sigma}(%rip), %ymm\x0
	vpbroadcastd	4+{sigma}(%rip), %ymm\x1
	vpbroadcastd	8+{sigma}(%rip), %ymm\x2
	vpbroadcastd	12+{sigma}(%rip), %ymm\x3
	vpbroadcastd	{key}(\state), %ymm\x4
	vpbroadcastd	({key} + 4)(\state), %ymm\x5
	vpbroadcastd	({key} + 8)(\state), %ymm\x6
	vpbroadcastd	({key} + 12)(\state), %ymm\x7
	vpbroadcastd	({key} + 16)(\state), %ymm\x8
	vpbroadcastd	({key} + 20)(\state), %ymm\x9
	vpbroadcastd	({key} + 24)(\state), %ymm\x10
	vpbroadcastd	({key} + 28)(\state), %ymm\x11
	vpxord	%ymm\x14, %ymm\x14, %ymm\x14
	vpxord	%ymm\x15, %ymm\x15, %ymm\x15
.endm

# Adds the input again (RFC 8439, section 2.3.1): without it the output could be run backwards to the key. The nonce is
# zero, so words 14 and 15 are complete.
.macro avx512vl_add_input state, at, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13
	vpaddd	{sigma}(%rip){{1to8}}, %ymm\x0, %ymm\x0
	vpaddd	4+{sigma}(%rip){{1to8}}, %ymm\x1, %ymm\x1
	vpaddd	8+{sigma}(%rip){{1to8}}, %ymm\x2, %ymm\x2
	vpaddd	12+{sigma}(%rip){{1to8}}, %ymm\x3, %ymm\x3
	vpaddd	{key}(\state){{1to8}}, %ymm\x4, %ymm\x4
	vpaddd	({key} + 4)(\state){{1to8}}, %ymm\x5, %ymm\x5
	vpaddd	({key} + 8)(\state){{1to8}}, %ymm\x6, %ymm\x6
	vpaddd	({key} + 12)(\state){{1to8}}, %ymm\x7, %ymm\x7
	vpaddd	({key} + 16)(\state){{1to8}}, %ymm\x8, %ymm\x8
	vpaddd	({key} + 20)(\state){{1to8}}, %ymm\x9, %ymm\x9
	vpaddd	({key} + 24)(\state){{1to8}}, %ymm\x10, %ymm\x10
	vpaddd	({key} + 28)(\state){{1to8}}, %ymm\x11, %ymm\x11
	vpaddd	({scratch} + \at)(\state), %ymm\x12, %ymm\x12
	vpaddd	({scratch} + \at + 32)(\state), %ymm\x13, %ymm\x13
.endm

# Columns, then diagonals, of the first set.
.macro avx512vl_double_round_first
	avx512vl_quarters	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	avx512vl_quarters	0, 1, 2, 3, 5, 6, 7, 4, 10, 11, 8, 9, 15, 12, 13, 14
.endm

# Puts eight blocks from block \counter on into ymm0-ymm15, still word by word. Clobbers eax.
.macro avx512vl_permute state, counter
	avx512vl_input	\state, \counter, 32, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movl	${double_rounds}, %eax
	.p2align 5
.Lrounds_\@:
	avx512vl_double_round_first
	decl	%eax
	jnz	.Lrounds_\@
	avx512vl_add_input	\state, 32, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
.endm

# Puts sixteen blocks from block \counter on into both sets, still word by word. Clobbers rax.
.macro avx512vl_permute_both state, counter
	leaq	{blocks}(\counter), %rax
	avx512vl_input	\state, \counter, 32, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	avx512vl_input	\state, %rax, 96, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	movl	${double_rounds}, %eax
	.p2align 5
.Lrounds_\@:
	avx512vl_double_round_first
	avx512vl_quarters	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	avx512vl_quarters	16, 17, 18, 19, 21, 22, 23, 20, 26, 27, 24, 25, 31, 28, 29, 30
	decl	%eax
	jnz	.Lrounds_\@
	avx512vl_add_input	\state, 32, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
	avx512vl_add_input	\state, 96, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
.endm

# Stores the first set at \out. The last word goes to scratch, as the stores want it.
.macro avx512vl_store out, state, last
	vmovdqu	%ymm15, {scratch}(\state)
	avx2_store	\out, \state, \last
.endm

# Brings the second set to where the first one was.
.macro avx512vl_second_to_first
	vmovdqa32	%ymm16, %ymm0
	vmovdqa32	%ymm17, %ymm1
	vmovdqa32	%ymm18, %ymm2
	vmovdqa32	%ymm19, %ymm3
	vmovdqa32	%ymm20, %ymm4
	vmovdqa32	%ymm21, %ymm5
	vmovdqa32	%ymm22, %ymm6
	vmovdqa32	%ymm23, %ymm7
	vmovdqa32	%ymm24, %ymm8
	vmovdqa32	%ymm25, %ymm9
	vmovdqa32	%ymm26, %ymm10
	vmovdqa32	%ymm27, %ymm11
	vmovdqa32	%ymm28, %ymm12
	vmovdqa32	%ymm29, %ymm13
	vmovdqa32	%ymm30, %ymm14
	vmovdqa32	%ymm31, %ymm15
.endm

# Every register held key or keystream (M2). vzeroall does not reach ymm16-ymm31.
.macro avx512vl_zero_second
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vpxord	%ymm\n, %ymm\n, %ymm\n
	.endr
.endm

.endif
