// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generator's variable in the data page. Build-time checks show that the
 * kernel and the prebuilt object agree on its layout and on memory for states.
 */

#include <linux/build_bug.h>
#include <linux/mman.h>
#include <linux/stddef.h>
#include <linux/time.h>
#include <asm/page.h>
#include <vdso/datapage.h>
#include <vdso/rng_data.h>
#include <vdso/vgetrandom_abi.h>

/* The linker script places the variables of vvar.h by this section name. */
struct vdso_rng_data _vdso_rng_data
	__visible __aligned(16) __section(".vvar__vdso_rng_data");

/* Include vvar.h again: each member's length is its variable's offset. */
#undef _ASM_X86_VVAR_H
#define EMIT_VVAR(name, offset) struct { char preceding[offset]; } name;
union vvar_offsets {
#include <asm/vvar.h>
};

#undef EMIT_VVAR
#define vvar_offset(name) sizeof_field(union vvar_offsets, name)

/*
 * Fails if struct vdso_data grows into this variable. The linker script's error
 * would only say that it cannot move backwards.
 */
static_assert(vvar_offset(_vdso_data) + CS_BASES * sizeof(struct vdso_data) <=
	      vvar_offset(_vdso_rng_data));
static_assert(vvar_offset(_vdso_rng_data) + sizeof(struct vdso_rng_data) <= PAGE_SIZE);

/* The flags that the object's size probe returns must be valid for mmap(). */
static_assert(VGETRANDOM_STATE_MMAP_PROT == (PROT_READ | PROT_WRITE));
static_assert(VGETRANDOM_STATE_MMAP_FLAGS == (MAP_DROPPABLE | MAP_ANONYMOUS));
