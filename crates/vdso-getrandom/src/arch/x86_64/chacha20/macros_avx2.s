# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Eight ChaCha20 blocks at a time: word i of all eight blocks is one register, so that a quarter round works on whole
# registers and the lanes never meet.
#
#   ymm0-ymm7, ymm9, ymm10, ymm12-ymm15   words 0-7, 9, 10, 12-15
#   ymm8, ymm11                           one holds word 8 or 11, the other is the temporary
#
# Sixteen words and a temporary are one register too many. Words 8 and 11 are never needed by the same pair of quarter
# rounds, so the one that is not lies in memory, and the two registers change places whenever the words do.
#
# Scratch, in the drained batch: 32 bytes of that word, then 32 and 32 bytes of the lower and upper halves of the counters.
# No access to it needs an alignment.

# Each routine brings the macros, and the assembler sees all routines as one file.
.ifndef .Lmacros_avx2
.set .Lmacros_avx2, 1

.macro avx2_rotate x, left, t
	vpslld	$\left, \x, \t
	vpsrld	$(32 - \left), \x, \x
	vpor	\t, \x, \x
.endm

# Two quarter rounds side by side (RFC 8439, section 2.1). Rotations by whole bytes are shuffles.
.macro avx2_quarters a, b, c, d, e, f, g, h, t
	vpaddd	\b, \a, \a
	vpaddd	\f, \e, \e
	vpxor	\a, \d, \d
	vpxor	\e, \h, \h
	vpshufb	{rotate16}(%rip), \d, \d
	vpshufb	{rotate16}(%rip), \h, \h
	vpaddd	\d, \c, \c
	vpaddd	\h, \g, \g
	vpxor	\c, \b, \b
	vpxor	\g, \f, \f
	avx2_rotate	\b, 12, \t
	avx2_rotate	\f, 12, \t
	vpaddd	\b, \a, \a
	vpaddd	\f, \e, \e
	vpxor	\a, \d, \d
	vpxor	\e, \h, \h
	vpshufb	{rotate8}(%rip), \d, \d
	vpshufb	{rotate8}(%rip), \h, \h
	vpaddd	\d, \c, \c
	vpaddd	\h, \g, \g
	vpxor	\c, \b, \b
	vpxor	\g, \f, \f
	avx2_rotate	\b, 7, \t
	avx2_rotate	\f, 7, \t
.endm

# The word in memory comes to the temporary, and the other one goes to memory.
.macro avx2_exchange state, word, t
	vmovdqu	{scratch}(\state), \t
	vmovdqu	\word, {scratch}(\state)
.endm

# Adds word `index` of the key, the same for all eight blocks.
.macro avx2_add_key state, index, x, t
	vpbroadcastd	({key} + 4 * \index)(\state), \t
	vpaddd	\t, \x, \x
.endm

# A constant word in all lanes of ymm\n, by way of %eax.
.macro avx2_constant value, n
	movl	$\value, %eax
	vmovd	%eax, %xmm\n
	vpbroadcastd	%xmm\n, %ymm\n
.endm

# Adds a constant word, by way of %eax and ymm15.
.macro avx2_add_constant value, x
	avx2_constant	\value, 15
	vpaddd	%ymm15, \x, \x
.endm

# Puts eight blocks from block \counter on into the registers, still word by word. Word 15 ends in memory, ymm15 as the
# temporary, and words 8 and 11 in the registers of their numbers. Clobbers eax.
.macro avx2_permute state, counter
	vmovq	\counter, %xmm0
	vpbroadcastq	%xmm0, %ymm0
	vpaddq	32+{lanes}(%rip), %ymm0, %ymm1
	vpaddq	{lanes}(%rip), %ymm0, %ymm0
	vshufps	$0x88, %ymm1, %ymm0, %ymm12
	vshufps	$0xdd, %ymm1, %ymm0, %ymm13
	vmovdqu	%ymm12, ({scratch} + 32)(\state)
	vmovdqu	%ymm13, ({scratch} + 64)(\state)

	vpbroadcastd	({key} + 28)(\state), %ymm11
	vmovdqu	%ymm11, {scratch}(\state)
	vpbroadcastd	{key}(\state), %ymm4
	vpbroadcastd	({key} + 4)(\state), %ymm5
	vpbroadcastd	({key} + 8)(\state), %ymm6
	vpbroadcastd	({key} + 12)(\state), %ymm7
	vpbroadcastd	({key} + 16)(\state), %ymm8
	vpbroadcastd	({key} + 20)(\state), %ymm9
	vpbroadcastd	({key} + 24)(\state), %ymm10
	vpxor	%xmm14, %xmm14, %xmm14
	vpxor	%xmm15, %xmm15, %xmm15
	avx2_constant	{sigma0}, 0
	avx2_constant	{sigma1}, 1
	avx2_constant	{sigma2}, 2
	avx2_constant	{sigma3}, 3

	# Columns, then diagonals; word 8 is needed in the first and the last pair.
	movl	${double_rounds}, %eax
	.p2align 5
.Lrounds_\@:
	avx2_quarters	%ymm0, %ymm4, %ymm8, %ymm12, %ymm1, %ymm5, %ymm9, %ymm13, %ymm11
	avx2_exchange	\state, %ymm8, %ymm11
	avx2_quarters	%ymm2, %ymm6, %ymm10, %ymm14, %ymm3, %ymm7, %ymm11, %ymm15, %ymm8
	avx2_quarters	%ymm0, %ymm5, %ymm10, %ymm15, %ymm1, %ymm6, %ymm11, %ymm12, %ymm8
	avx2_exchange	\state, %ymm11, %ymm8
	avx2_quarters	%ymm2, %ymm7, %ymm8, %ymm13, %ymm3, %ymm4, %ymm9, %ymm14, %ymm11
	decl	%eax
	jnz	.Lrounds_\@

	# Word 11 comes home to the temporary's register, and word 15, complete because the nonce is zero, makes room.
	avx2_exchange	\state, %ymm15, %ymm11

	# The input of the permutation is added again (RFC 8439, section 2.3.1): without it the output could be run backwards
	# to the key.
	avx2_add_constant	{sigma0}, %ymm0
	avx2_add_constant	{sigma1}, %ymm1
	avx2_add_constant	{sigma2}, %ymm2
	avx2_add_constant	{sigma3}, %ymm3
	avx2_add_key	\state, 0, %ymm4, %ymm15
	avx2_add_key	\state, 1, %ymm5, %ymm15
	avx2_add_key	\state, 2, %ymm6, %ymm15
	avx2_add_key	\state, 3, %ymm7, %ymm15
	avx2_add_key	\state, 4, %ymm8, %ymm15
	avx2_add_key	\state, 5, %ymm9, %ymm15
	avx2_add_key	\state, 6, %ymm10, %ymm15
	avx2_add_key	\state, 7, %ymm11, %ymm15
	vpaddd	({scratch} + 32)(\state), %ymm12, %ymm12
	vpaddd	({scratch} + 64)(\state), %ymm13, %ymm13
.endm

.endif
