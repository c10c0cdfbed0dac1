/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gives client programs the number of vgetrandom_alloc(), which differs between
 * kernel series.
 *
 * Does not use ELFNOTE(), which turns its argument into the owner's name as it
 * is written: here the name is a macro of the ABI header.
 */

#include <linux/linkage.h>
#include <asm/unistd.h>
#include <vdso/vgetrandom_abi.h>

	.section .note.vgetrandom, "a", @note
	.balign	4
	.long	.Lowner_end - .Lowner
	.long	.Ldesc_end - .Ldesc
	.long	VGETRANDOM_NOTE_TYPE_ALLOC_NR
.Lowner:
	.asciz	VGETRANDOM_NOTE_OWNER
.Lowner_end:
	.balign	4
.Ldesc:
	.long	__NR_vgetrandom_alloc
.Ldesc_end:
	.balign	4
