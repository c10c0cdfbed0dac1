/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for generator states of user space.
 */
#ifndef _LINUX_VGETRANDOM_H
#define _LINUX_VGETRANDOM_H

#include <linux/mm.h>

/* In vgetrandom_vma.c, which differs between kernel series. */
unsigned long vgetrandom_mmap(struct mm_struct *mm, size_t len);
void __vgetrandom_dup_lock(struct vm_area_struct *child,
			   const struct vm_area_struct *parent);

/**
 * vgetrandom_dup_lock - lock the states of a child like its parent's
 * @child: copy of @parent, its locks already cleared
 * @parent: VMA of the process that forks
 *
 * Keys must not reach swap in the child either, but a fork clears all locks.
 * RLIMIT_MEMLOCK is not checked: the child inherits the limit and locks at most
 * as much as its parent, and an unlocked state would be worse than none.
 *
 * Context: both mmap locks held for writing.
 */
static inline void vgetrandom_dup_lock(struct vm_area_struct *child,
				       const struct vm_area_struct *parent)
{
	if (parent->vm_flags & VM_VGETRANDOM)
		__vgetrandom_dup_lock(child, parent);
}

#endif /* _LINUX_VGETRANDOM_H */
