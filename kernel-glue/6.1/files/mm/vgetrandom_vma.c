// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings for states of the vDSO's getrandom(), made by the functions of this
 * kernel series.
 */

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/vgetrandom.h>

#include "internal.h"

/*
 * A key must never reach swap, a core dump or the child of a fork.
 * VM_VGETRANDOM keeps the lock across a fork, and keeps the VMA from merging with
 * one that a program made with the same properties, and that loses its lock.
 */
#define STATE_VM_FLAGS	(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | \
			 VM_LOCKED | VM_LOCKONFAULT | VM_WIPEONFORK | \
			 VM_DONTDUMP | VM_VGETRANDOM)

/**
 * vgetrandom_mmap - map zeroed memory for states
 * @mm: of the current process, its mmap lock held for writing
 * @len: in bytes, a multiple of the page size
 *
 * Calls mmap_region() directly. After do_mmap(), madvise() and mlock2() would
 * have to set the flags: until then a fork in another thread would copy the
 * memory, and the new VMA could have merged with a neighbour.
 *
 * Return: the address, or a negative error number of vgetrandom_alloc().
 */
unsigned long vgetrandom_mmap(struct mm_struct *mm, size_t len)
{
	unsigned long addr;

	if (!can_do_mlock())
		return -EPERM;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	if (mlock_future_check(mm, STATE_VM_FLAGS, len))
		return -EAGAIN;

	addr = get_unmapped_area(NULL, 0, len, 0, MAP_PRIVATE | MAP_ANONYMOUS);
	if (IS_ERR_VALUE(addr))
		return addr;

	/* The range is free: no mapping that userfaultfd watches is removed. */
	return mmap_region(NULL, addr, len, STATE_VM_FLAGS | mm->def_flags,
			   addr >> PAGE_SHIFT, NULL);
}

/* See vgetrandom_dup_lock(). */
void __vgetrandom_dup_lock(struct vm_area_struct *child,
			   const struct vm_area_struct *parent)
{
	if (!(parent->vm_flags & VM_LOCKED))
		return;
	child->vm_flags |= parent->vm_flags & (VM_LOCKED | VM_LOCKONFAULT);
	child->vm_mm->locked_vm += vma_pages(child);
}
