# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Four ChaCha20 blocks at a time: word i of all four blocks is one register, so that a quarter round works on whole
# registers and the lanes never meet.
#
#   xmm0-xmm7, xmm9, xmm10, xmm12-xmm15   words 0-7, 9, 10, 12-15
#   xmm8, xmm11                           one holds word 8 or 11, the other is the temporary
#
# Sixteen words and a temporary are one register too many. Words 8 and 11 are never needed by the same pair of quarter
# rounds, so the one that is not lies in memory, and the two registers change places whenever the words do.
#
# Scratch, in the drained batch: 16 bytes of that word, then 16 and 16 bytes of the lower and upper halves of the counters.
# No access needs an alignment.

# Each routine brings the macros, and the assembler sees all routines as one file.
.ifndef .Lmacros_sse2
.set .Lmacros_sse2, 1

.macro sse2_rotate x, left, t
	movdqa	\x, \t
	pslld	$\left, \x
	psrld	$(32 - \left), \t
	por	\t, \x
.endm

# Rotation by 16 swaps the halves of each lane and needs no temporary.
.macro sse2_rotate16 x
	pshuflw	$0xb1, \x, \x
	pshufhw	$0xb1, \x, \x
.endm

# Two quarter rounds side by side (RFC 8439, section 2.1).
.macro sse2_quarters a, b, c, d, e, f, g, h, t
	paddd	\b, \a
	paddd	\f, \e
	pxor	\a, \d
	pxor	\e, \h
	sse2_rotate16	\d
	sse2_rotate16	\h
	paddd	\d, \c
	paddd	\h, \g
	pxor	\c, \b
	pxor	\g, \f
	sse2_rotate	\b, 12, \t
	sse2_rotate	\f, 12, \t
	paddd	\b, \a
	paddd	\f, \e
	pxor	\a, \d
	pxor	\e, \h
	sse2_rotate	\d, 8, \t
	sse2_rotate	\h, 8, \t
	paddd	\d, \c
	paddd	\h, \g
	pxor	\c, \b
	pxor	\g, \f
	sse2_rotate	\b, 7, \t
	sse2_rotate	\f, 7, \t
.endm

# The word in memory comes to the temporary, and the other one goes to memory.
.macro sse2_exchange state, word, t
	movdqu	{scratch}(\state), \t
	movdqu	\word, {scratch}(\state)
.endm

# Adds word `index` of the key, the same for all four blocks.
.macro sse2_add_key state, index, x, t
	movd	({key} + 4 * \index)(\state), \t
	pshufd	$0, \t, \t
	paddd	\t, \x
.endm

# Adds a constant word, by way of %eax.
.macro sse2_add_constant value, x, t
	movl	$\value, %eax
	movd	%eax, \t
	pshufd	$0, \t, \t
	paddd	\t, \x
.endm

# Puts four blocks from block \counter on into the registers, still word by word. Word 15 ends in memory, xmm15 as the
# temporary, and words 8 and 11 in the registers of their numbers. Clobbers eax.
.macro sse2_permute state, counter
	movq	\counter, %xmm0
	punpcklqdq	%xmm0, %xmm0
	movdqa	%xmm0, %xmm1
	paddq	{lanes}(%rip), %xmm0
	paddq	16+{lanes}(%rip), %xmm1
	movdqa	%xmm0, %xmm12
	shufps	$0x88, %xmm1, %xmm12
	movdqa	%xmm0, %xmm13
	shufps	$0xdd, %xmm1, %xmm13
	movdqu	%xmm12, ({scratch} + 16)(\state)
	movdqu	%xmm13, ({scratch} + 32)(\state)

	movdqu	({key} + 16)(\state), %xmm11
	pshufd	$0x00, %xmm11, %xmm8
	pshufd	$0x55, %xmm11, %xmm9
	pshufd	$0xaa, %xmm11, %xmm10
	pshufd	$0xff, %xmm11, %xmm11
	movdqu	%xmm11, {scratch}(\state)
	movdqu	{key}(\state), %xmm7
	pshufd	$0x00, %xmm7, %xmm4
	pshufd	$0x55, %xmm7, %xmm5
	pshufd	$0xaa, %xmm7, %xmm6
	pshufd	$0xff, %xmm7, %xmm7
	pxor	%xmm14, %xmm14
	pxor	%xmm15, %xmm15
	pxor	%xmm0, %xmm0
	pxor	%xmm1, %xmm1
	pxor	%xmm2, %xmm2
	pxor	%xmm3, %xmm3
	sse2_add_constant	{sigma0}, %xmm0, %xmm11
	sse2_add_constant	{sigma1}, %xmm1, %xmm11
	sse2_add_constant	{sigma2}, %xmm2, %xmm11
	sse2_add_constant	{sigma3}, %xmm3, %xmm11

	# Columns, then diagonals; word 8 is needed in the first and the last pair.
	movl	${double_rounds}, %eax
.Lrounds_\@:
	sse2_quarters	%xmm0, %xmm4, %xmm8, %xmm12, %xmm1, %xmm5, %xmm9, %xmm13, %xmm11
	sse2_exchange	\state, %xmm8, %xmm11
	sse2_quarters	%xmm2, %xmm6, %xmm10, %xmm14, %xmm3, %xmm7, %xmm11, %xmm15, %xmm8
	sse2_quarters	%xmm0, %xmm5, %xmm10, %xmm15, %xmm1, %xmm6, %xmm11, %xmm12, %xmm8
	sse2_exchange	\state, %xmm11, %xmm8
	sse2_quarters	%xmm2, %xmm7, %xmm8, %xmm13, %xmm3, %xmm4, %xmm9, %xmm14, %xmm11
	decl	%eax
	jnz	.Lrounds_\@

	# Word 11 comes home to the temporary's register, and word 15, complete because the nonce is zero, makes room.
	sse2_exchange	\state, %xmm15, %xmm11

	# The input of the permutation is added again (RFC 8439, section 2.3.1): without it the output could be run backwards
	# to the key.
	sse2_add_constant	{sigma0}, %xmm0, %xmm15
	sse2_add_constant	{sigma1}, %xmm1, %xmm15
	sse2_add_constant	{sigma2}, %xmm2, %xmm15
	sse2_add_constant	{sigma3}, %xmm3, %xmm15
	sse2_add_key	\state, 0, %xmm4, %xmm15
	sse2_add_key	\state, 1, %xmm5, %xmm15
	sse2_add_key	\state, 2, %xmm6, %xmm15
	sse2_add_key	\state, 3, %xmm7, %xmm15
	sse2_add_key	\state, 4, %xmm8, %xmm15
	sse2_add_key	\state, 5, %xmm9, %xmm15
	sse2_add_key	\state, 6, %xmm10, %xmm15
	sse2_add_key	\state, 7, %xmm11, %xmm15
	movdqu	({scratch} + 16)(\state), %xmm15
	paddd	%xmm15, %xmm12
	movdqu	({scratch} + 32)(\state), %xmm15
	paddd	%xmm15, %xmm13
.endm

# Stores one word quartet of four blocks. Afterwards \a, \t, \c and \b hold the rows of blocks 0, 1, 2 and 3. The row of
# the last block is left out where \last is 0.
.macro sse2_store_rows out, at, a, b, c, d, t, last
	movdqa	\a, \t
	punpckldq	\b, \a
	punpckhdq	\b, \t
	movdqa	\c, \b
	punpckldq	\d, \c
	punpckhdq	\d, \b
	movdqa	\a, \d
	punpcklqdq	\c, \a
	punpckhqdq	\c, \d
	movdqu	\a, (\at)(\out)
	movdqu	\d, (\at + 64)(\out)
	movdqa	\t, \a
	punpcklqdq	\b, \t
	punpckhqdq	\b, \a
	movdqu	\t, (\at + 128)(\out)
.if \last
	movdqu	\a, (\at + 192)(\out)
.endif
.endm

# Stores the four blocks at \out + \at. The batch may lie there: word 15 is fetched from its scratch when the first
# row, which does not touch it, has made room, and before any row that does.
.macro sse2_store out, at, state, last
	sse2_store_rows	\out, (\at), %xmm0, %xmm1, %xmm2, %xmm3, %xmm15, 1
	movdqu	{scratch}(\state), %xmm15
	sse2_store_rows	\out, (\at + 16), %xmm4, %xmm5, %xmm6, %xmm7, %xmm0, 1
	sse2_store_rows	\out, (\at + 32), %xmm8, %xmm9, %xmm10, %xmm11, %xmm0, 1
	sse2_store_rows	\out, (\at + 48), %xmm12, %xmm13, %xmm14, %xmm15, %xmm0, \last
.endm

# Every register held key or keystream (M2).
.macro sse2_zero
	.irp	x, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pxor	%xmm\x, %xmm\x
	.endr
.endm

.endif
