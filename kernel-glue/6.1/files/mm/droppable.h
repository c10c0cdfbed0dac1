/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings of MAP_DROPPABLE: reclaim may zero their pages at any time.
 *
 * A droppable page is never PageSwapBacked, like a page after MADV_FREE, and from
 * its first fault on. It is on the file LRU, which reclaim scans with and without
 * swap, so it gets no swap entry and is never written. Unlike after MADV_FREE,
 * reclaim also drops a page that was written to.
 *
 * One VMA at most maps a droppable page: a fork does not copy it, KSM does not
 * merge it, and userfaultfd does not move another page there.
 */
#ifndef __MM_DROPPABLE_H
#define __MM_DROPPABLE_H

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mman.h>

/**
 * droppable_vm_flags - complete the flags of a MAP_DROPPABLE VMA
 * @vm_flags: flags of the new VMA, completed here
 * @flags: flags of mmap()
 *
 * mlockall(MCL_FUTURE) does not lock this VMA, so it does not count against
 * RLIMIT_MEMLOCK. Its memory is not reserved under any overcommit policy,
 * because reclaim may drop it.
 *
 * Return: whether the kernel supports the mapping and the flags allow it.
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

/* Flags for a page of @vma: a droppable one never invokes the OOM killer. */
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
 * droppable_fault - drop VM_FAULT_OOM from a user fault in a droppable VMA
 * @vma: VMA of the fault; valid while @ret has VM_FAULT_OOM
 * @flags: FAULT_FLAG_ bits of the fault
 * @ret: its result
 *
 * User space repeats the fault until memory is free or a signal kills the
 * process. A fault of the kernel must not repeat: get_user_pages() would wait with
 * mmap_lock held, and copy_to_user() would not see signals. They return an error.
 */
static inline vm_fault_t droppable_fault(const struct vm_area_struct *vma,
					 unsigned int flags, vm_fault_t ret)
{
	if (unlikely(ret & VM_FAULT_OOM) && (flags & FAULT_FLAG_USER) &&
	    (vma->vm_flags & VM_DROPPABLE))
		ret &= ~VM_FAULT_OOM;
	return ret;
}

/* Clears the dirty flag of a droppable folio, so that reclaim can free it. */
static inline bool droppable_forget(const struct vm_area_struct *vma, struct folio *folio)
{
	if (!(vma->vm_flags & VM_DROPPABLE))
		return false;
	folio_clear_dirty(folio);
	return true;
}

#endif /* __MM_DROPPABLE_H */
