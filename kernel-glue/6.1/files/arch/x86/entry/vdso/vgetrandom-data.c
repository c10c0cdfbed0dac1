// SPDX-License-Identifier: GPL-2.0-only
/*
 * The random number generator's part of the page of shared data, and the proof
 * that kernel and prebuilt object agree about it, and about memory for states.
 */

#include <linux/build_bug.h>
#include <linux/mman.h>
#include <linux/stddef.h>
#include <linux/time.h>
#include <asm/page.h>
#include <vdso/datapage.h>
#include <vdso/rng_data.h>
#include <vdso/vgetrandom_abi.h>

/* The section by which the linker script finds what vvar.h declares. */
struct vdso_rng_data _vdso_rng_data
	__visible __aligned(16) __section(".vvar__vdso_rng_data");

/* vvar.h once more: each member is as long as what precedes its variable. */
#undef _ASM_X86_VVAR_H
#define EMIT_VVAR(name, offset) struct { char preceding[offset]; } name;
union vvar_offsets {
#include <asm/vvar.h>
};

#undef EMIT_VVAR
#define vvar_offset(name) sizeof_field(union vvar_offsets, name)

/*
 * Should struct vdso_data grow into our place, this names the reason; the
 * linker script would only complain about moving backwards.
 */
static_assert(vvar_offset(_vdso_data) + CS_BASES * sizeof(struct vdso_data) <=
	      vvar_offset(_vdso_rng_data));
static_assert(vvar_offset(_vdso_rng_data) + sizeof(struct vdso_rng_data) <= PAGE_SIZE);

/* What the object tells its clients to map a state with must be known to mmap(). */
static_assert(VGETRANDOM_STATE_MMAP_PROT == (PROT_READ | PROT_WRITE));
static_assert(VGETRANDOM_STATE_MMAP_FLAGS == (MAP_DROPPABLE | MAP_ANONYMOUS));
