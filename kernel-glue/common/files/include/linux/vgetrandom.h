/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory with generator states of user space.
 */
#ifndef _LINUX_VGETRANDOM_H
#define _LINUX_VGETRANDOM_H

#include <linux/mm.h>

/* In vgetrandom_vma.c, which knows how the kernel line makes areas. */
unsigned long vgetrandom_mmap(struct mm_struct *mm, size_t len);
void __vgetrandom_dup_lock(struct vm_area_struct *child,
			   const struct vm_area_struct *parent);

/**
 * vgetrandom_dup_lock - let the states of a child be locked like its parent's
 * @child: copy of @parent, its locks already cleared
 * @parent: VMA of the process that forks
 *
 * Keys must not reach swap in the child either, but a fork drops all locks.
 * This is not checked against RLIMIT_MEMLOCK: the child has at most the limit
 * and the lock of its parent, and a state without its lock would be worse than
 * none.
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
