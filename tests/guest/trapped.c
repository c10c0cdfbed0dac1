// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Counts the getrandom system calls of each thread without a tracer, so it also works in a cloned guest. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "guest.h"

/* Sixth argument, which getrandom ignores: marks a call made for a trapped one. */
static const unsigned long on_behalf = 0x766d666f;

static __thread unsigned int calls;

unsigned int trapped_calls(void)
{
	return calls;
}

static void on_sigsys(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	int saved = errno;
	long got;

	(void)signal;
	(void)info;
	calls++;
	got = syscall(SYS_getrandom, registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], 0, 0, on_behalf);
	registers[REG_RAX] = got < 0 ? -errno : got;
	errno = saved;
}

bool trap_calls(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 3),
		/* The low half of the sixth argument. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, on_behalf, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(program[0]), .filter = program };
	struct sigaction action = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	return !sigaction(SIGSYS, &action, NULL) && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
