/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tells clients the number of vgetrandom_alloc(): which one is free differs
 * between kernel lines, so nobody should have to guess.
 *
 * Written out because ELFNOTE() makes the owner's name from its bare argument,
 * and this one comes from the ABI header.
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
