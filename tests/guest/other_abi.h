/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Exit statuses of the programs of the other ABIs, and their meaning. */
#ifndef OTHER_ABI_H
#define OTHER_ABI_H

#define STATUS_REASONS(REASON)                                                  \
	REASON(ABI_OK, "ok")                                                 \
	REASON(EXEC_FAILED, "cannot be executed: not in the initramfs, or no such ABI in the kernel") \
	REASON(NO_NUMBER, "was not told the number of vgetrandom_alloc")         \
	REASON(NOT_ENOSYS, "vgetrandom_alloc did not return -ENOSYS")            \
	REASON(NO_VDSO, "no vDSO")                                               \
	REASON(HAS_VGETRANDOM, "the vDSO exports vgetrandom")                    \
	REASON(NO_CLOCK, "the vDSO has no __vdso_clock_gettime")                 \
	REASON(CLOCK_FAILED, "__vdso_clock_gettime fails")                       \
	REASON(CLOCK_WRONG, "__vdso_clock_gettime and the system call disagree")

enum abi_status {
#define NAME(name, text) name,
	STATUS_REASONS(NAME)
#undef NAME
};

#endif /* OTHER_ABI_H */
