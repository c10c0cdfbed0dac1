/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Areas of MAP_DROPPABLE: memory whose content may turn to zeros at any time.
 *
 * A page of such an area is never PageSwapBacked, from its first moment on, as
 * a page after MADV_FREE. So it lives on the file LRU, which is scanned with and
 * without swap, and reclaim neither gives it a place in swap nor writes it. It
 * differs from MADV_FREE in that a page that was written to goes the same way.
 *
 * It is mapped by one area only: a fork does not copy it, KSM does not merge it,
 * and nobody puts a page of another area there.
 */
#ifndef __MM_DROPPABLE_H
#define __MM_DROPPABLE_H

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mman.h>

/**
 * droppable_vm_flags - what an area of MAP_DROPPABLE is made of
 * @vm_flags: flags of the new area, completed here
 * @flags: flags of mmap()
 *
 * A future lock by mlockall() is not for this area, and so does not count
 * against RLIMIT_MEMLOCK either. Memory that need not be kept is not reserved,
 * whatever the policy of overcommit.
 *
 * Return: whether the kernel has such areas, and this one can be one.
 */
static inline bool droppable_vm_flags(vm_flags_t *vm_flags, unsigned long flags)
{
	if (!VM_DROPPABLE || (flags & (MAP_LOCKED | MAP_HUGETLB)) ||
	    (*vm_flags & (VM_GROWSDOWN | VM_GROWSUP)))
		return false;
	*vm_flags &= VM_LOCKED_CLEAR_MASK;
	*vm_flags |= VM_DROPPABLE | VM_WIPEONFORK | VM_DONTDUMP | VM_NORESERVE;
	return true;
}

/* How hard to try for a page of @vma: nobody is killed for a droppable one. */
static inline gfp_t droppable_gfp(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_DROPPABLE ? __GFP_RETRY_MAYFAIL | __GFP_NOWARN : 0;
}

static inline struct page *alloc_zeroed_anon_page(struct vm_area_struct *vma,
						  unsigned long address)
{
	if (!(vma->vm_flags & VM_DROPPABLE))
		return alloc_zeroed_user_highpage_movable(vma, address);
	return alloc_page_vma(GFP_HIGHUSER_MOVABLE | __GFP_ZERO | droppable_gfp(vma),
			      vma, address);
}

/**
 * droppable_fault - the result of a fault, where a lack of memory is no error
 * @vma: area of the fault; valid as long as @ret says VM_FAULT_OOM
 * @flags: FAULT_FLAG_ bits of the fault
 * @ret: its result
 *
 * User space faults again, and waits like this until there is memory or somebody
 * kills it. The kernel does not: get_user_pages() would wait with mmap_lock held,
 * and copy_to_user() without anybody being able to end it. They report an error.
 */
static inline vm_fault_t droppable_fault(const struct vm_area_struct *vma,
					 unsigned int flags, vm_fault_t ret)
{
	if (unlikely(ret & VM_FAULT_OOM) && (flags & FAULT_FLAG_USER) &&
	    (vma->vm_flags & VM_DROPPABLE))
		ret &= ~VM_FAULT_OOM;
	return ret;
}

/* Lets reclaim take a page of @vma for unchanged if the area is a droppable one. */
static inline bool droppable_forget(const struct vm_area_struct *vma, struct folio *folio)
{
	if (!(vma->vm_flags & VM_DROPPABLE))
		return false;
	folio_clear_dirty(folio);
	return true;
}

#endif /* __MM_DROPPABLE_H */
