// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * forbidden DRAWS: after two draws a seccomp filter refuses getrandom, as in a
 * sandbox, and the process draws on. It cannot fetch a new key then, so it fails if
 * the kernel reseeds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "draws.h"

static void forbid_getrandom(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(program[0]), .filter = program };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		die("no filter: errno %d", errno);
	if (syscall(SYS_getrandom, NULL, (size_t)0, 0) != -1 || errno != EPERM)
		die("the filter lets getrandom pass");
}

int main(int argc, char **argv)
{
	struct draw *draws;
	size_t count;

	if (argc != 2)
		die("usage: forbidden DRAWS");
	count = number(argv[1]);
	draws = shared_draws(count);
	/* A fresh state fetches a key with each of its first two draws. */
	if (count < 2 || !from_getrandom(&draws[0]) || !from_getrandom(&draws[1]))
		die("one of the first two draws was refused");
	forbid_getrandom();
	for (size_t i = 2; i < count; i++)
		if (!from_getrandom(&draws[i]))
			die("draw %zu was refused: errno %d", i, errno);
	must_be_distinct(draws, count);
	printf("%zu draws, all but the first two without the system call\n", count);
	return 0;
}
