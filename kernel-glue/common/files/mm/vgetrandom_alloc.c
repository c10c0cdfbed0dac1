// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system call vgetrandom_alloc(): memory for states of the vDSO's
 * getrandom(), freed with munmap() of the whole array.
 *
 * The same in every kernel series; vgetrandom_vma.c makes the mapping.
 */

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/vgetrandom.h>
#include <vdso/vgetrandom_abi.h>

#define STATES_PER_PAGE	(PAGE_SIZE / VGETRANDOM_STATE_LEN)
/* The largest number of states whose length in whole pages fits a size_t. */
#define STATES_MAX	((SIZE_MAX & PAGE_MASK) / VGETRANDOM_STATE_LEN)

/* A state must not straddle a page: its two pages could be wiped separately. */
static_assert(PAGE_SIZE % VGETRANDOM_STATE_LEN == 0);
static_assert(STATES_MAX % STATES_PER_PAGE == 0);

static unsigned long map_states(size_t len)
{
	struct mm_struct *mm = current->mm;
	unsigned long addr;
	int ret;

	ret = security_mmap_file(NULL, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED);
	if (ret)
		return ret;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	addr = vgetrandom_mmap(mm, len);
	mmap_write_unlock(mm);
	return addr;
}

static bool is_writable(const void __user *ptr, size_t len)
{
	return !fault_in_safe_writeable(ptr, len);
}

/**
 * sys_vgetrandom_alloc - allocate zeroed states for the vDSO's getrandom()
 * @num: in: requested number of states; out: allocated number, in whole pages
 * @size_per_each: out: distance between two states, in bytes
 * @flags: reserved, must be 0
 *
 * Return: address of the first state, or a negative error number: -EINVAL for
 * unknown flags, -EFAULT for bad pointers, -EPERM or -EAGAIN when
 * RLIMIT_MEMLOCK does not allow it, -ENOMEM when memory or address space is
 * exhausted. On error nothing is mapped and nothing is written.
 */
SYSCALL_DEFINE3(vgetrandom_alloc, size_t __user *, num,
		size_t __user *, size_per_each, unsigned int, flags)
{
	unsigned long addr;
	size_t states, len;

	if (flags)
		return -EINVAL;
	if (get_user(states, num))
		return -EFAULT;
	/* Check both before mapping: one bad pointer must leave the other unwritten. */
	if (!is_writable(num, sizeof(*num)) ||
	    !is_writable(size_per_each, sizeof(*size_per_each)))
		return -EFAULT;

	states = round_up(clamp(states, 1UL, STATES_MAX), STATES_PER_PAGE);
	len = states * VGETRANDOM_STATE_LEN;
	addr = map_states(len);
	if (IS_ERR_VALUE(addr))
		return addr;

	/*
	 * These fail only if another thread has unmapped the memory since the
	 * check. Then the first of the two may be written.
	 */
	if (put_user(VGETRANDOM_STATE_LEN, size_per_each) || put_user(states, num)) {
		vm_munmap(addr, len);
		return -EFAULT;
	}
	return addr;
}
