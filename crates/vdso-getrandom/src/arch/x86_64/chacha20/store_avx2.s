# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# From words of eight blocks, one in each of ymm0-ymm14 and the last in scratch, to blocks in memory.

# Each routine brings the macros, and the assembler sees all routines as one file.
.ifndef .Lstore_avx2
.set .Lstore_avx2, 1

# Stores eight words, \a to \h, of eight blocks, by way of a temporary. The last block gets only the first four of them
# where \last is 0; for that, the registers go by number.
.macro avx2_store_half out, at, a, b, c, d, e, f, g, h, t, last
	# Pairs of words: \t, \b, \a, \d of words 0-3 and \c, \f, \e, \h of words 4-7.
	vpunpckldq	%ymm\b, %ymm\a, %ymm\t
	vpunpckhdq	%ymm\b, %ymm\a, %ymm\b
	vpunpckldq	%ymm\d, %ymm\c, %ymm\a
	vpunpckhdq	%ymm\d, %ymm\c, %ymm\d
	vpunpckldq	%ymm\f, %ymm\e, %ymm\c
	vpunpckhdq	%ymm\f, %ymm\e, %ymm\f
	vpunpckldq	%ymm\h, %ymm\g, %ymm\e
	vpunpckhdq	%ymm\h, %ymm\g, %ymm\h
	# Quartets of blocks i and i + 4: \g, \a, \t, \d of words 0-3 and \b, \e, \c, \h of words 4-7.
	vpunpcklqdq	%ymm\a, %ymm\t, %ymm\g
	vpunpckhqdq	%ymm\a, %ymm\t, %ymm\a
	vpunpcklqdq	%ymm\d, %ymm\b, %ymm\t
	vpunpckhqdq	%ymm\d, %ymm\b, %ymm\d
	vpunpcklqdq	%ymm\e, %ymm\c, %ymm\b
	vpunpckhqdq	%ymm\e, %ymm\c, %ymm\e
	vpunpcklqdq	%ymm\h, %ymm\f, %ymm\c
	vpunpckhqdq	%ymm\h, %ymm\f, %ymm\h
	# Both quartets of a block side by side.
	vperm2i128	$0x20, %ymm\b, %ymm\g, %ymm\f
	vmovdqu	%ymm\f, (\at)(\out)
	vperm2i128	$0x20, %ymm\e, %ymm\a, %ymm\f
	vmovdqu	%ymm\f, (\at + 64)(\out)
	vperm2i128	$0x20, %ymm\c, %ymm\t, %ymm\f
	vmovdqu	%ymm\f, (\at + 128)(\out)
	vperm2i128	$0x20, %ymm\h, %ymm\d, %ymm\f
	vmovdqu	%ymm\f, (\at + 192)(\out)
	vperm2i128	$0x31, %ymm\b, %ymm\g, %ymm\f
	vmovdqu	%ymm\f, (\at + 256)(\out)
	vperm2i128	$0x31, %ymm\e, %ymm\a, %ymm\f
	vmovdqu	%ymm\f, (\at + 320)(\out)
	vperm2i128	$0x31, %ymm\c, %ymm\t, %ymm\f
	vmovdqu	%ymm\f, (\at + 384)(\out)
	vperm2i128	$0x31, %ymm\h, %ymm\d, %ymm\f
.if \last
	vmovdqu	%ymm\f, (\at + 448)(\out)
.else
	vmovdqu	%xmm\f, (\at + 448)(\out)
.endif
.endm

# Stores the eight blocks at \out. The batch may lie there: word 15 is fetched from its scratch when the first halves,
# which do not touch it, have made room, and before the second halves, which do.
.macro avx2_store out, state, last
	avx2_store_half	\out, 0, 0, 1, 2, 3, 4, 5, 6, 7, 15, 1
	vmovdqu	{scratch}(\state), %ymm15
	avx2_store_half	\out, 32, 8, 9, 10, 11, 12, 13, 14, 15, 0, \last
.endm

.endif
