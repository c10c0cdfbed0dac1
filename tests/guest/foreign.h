/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Between /init and the programs of the other ABIs: why one of them ends with a status other than 0. */
#ifndef FOREIGN_H
#define FOREIGN_H

#define FOREIGN_REASONS(REASON)                                                  \
	REASON(FOREIGN_OK, "ok")                                                 \
	REASON(EXEC_FAILED, "cannot be executed: not in the initramfs, or no such ABI in the kernel") \
	REASON(NO_NUMBER, "was not told the number of vgetrandom_alloc")         \
	REASON(NOT_ENOSYS, "vgetrandom_alloc did not return -ENOSYS")            \
	REASON(NO_VDSO, "no vDSO")                                               \
	REASON(HAS_VGETRANDOM, "the vDSO exports vgetrandom")                    \
	REASON(NO_CLOCK, "the vDSO has no __vdso_clock_gettime")                 \
	REASON(CLOCK_FAILED, "__vdso_clock_gettime fails")                       \
	REASON(CLOCK_WRONG, "__vdso_clock_gettime and the system call disagree")

enum foreign_status {
#define NAME(name, text) name,
	FOREIGN_REASONS(NAME)
#undef NAME
};

#endif /* FOREIGN_H */
