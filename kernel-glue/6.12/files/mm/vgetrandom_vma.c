// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas with states of the vDSO's getrandom(), as this kernel line makes them.
 */

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/vgetrandom.h>

#include "internal.h"

/*
 * A key is never to reach swap, a core dump or the child of a fork.
 * VM_VGETRANDOM keeps the lock over a fork, and the area from merging with one
 * whose owner made it alike but relies on the usual rules.
 */
#define STATE_VM_FLAGS	(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | \
			 VM_LOCKED | VM_LOCKONFAULT | VM_WIPEONFORK | \
			 VM_DONTDUMP | VM_VGETRANDOM)

/**
 * vgetrandom_mmap - map zeroed memory for states
 * @mm: of the current process, its mmap lock held for writing
 * @len: in bytes, a multiple of the page size
 *
 * mmap_region() is called directly because do_mmap() could only be followed by
 * madvise() and mlock2(): until then another thread that forks would copy the
 * area, and the new area could already have merged with a neighbour.
 *
 * Return: the address, or a negative error number as of vgetrandom_alloc().
 */
unsigned long vgetrandom_mmap(struct mm_struct *mm, size_t len)
{
	unsigned long addr;

	if (!can_do_mlock())
		return -EPERM;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	if (!mlock_future_ok(mm, STATE_VM_FLAGS, len))
		return -EAGAIN;

	addr = get_unmapped_area(NULL, 0, len, 0, MAP_PRIVATE | MAP_ANONYMOUS);
	if (IS_ERR_VALUE(addr))
		return addr;

	/* The area is free, so nothing is unmapped that userfaultfd watches. */
	return mmap_region(NULL, addr, len, STATE_VM_FLAGS | mm->def_flags,
			   addr >> PAGE_SHIFT, NULL);
}

/* See vgetrandom_dup_lock(). */
void __vgetrandom_dup_lock(struct vm_area_struct *child,
			   const struct vm_area_struct *parent)
{
	if (!(parent->vm_flags & VM_LOCKED))
		return;
	vm_flags_set(child, parent->vm_flags & VM_LOCKED_MASK);
	child->vm_mm->locked_vm += vma_pages(child);
}
