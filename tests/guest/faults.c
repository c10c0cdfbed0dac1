// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Makes a draw that may fault, and returns after the fault. */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>

#include "guest.h"

static sigjmp_buf before_the_draw;
static const void *volatile fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	fault = info->si_addr;
	siglongjmp(before_the_draw, 1);
}

const void *faulting_draw(void *buffer, size_t len, void *state, ssize_t *got)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	fault = NULL;
	if (sigaction(SIGSEGV, &action, NULL))
		abort();
	/* Restores the signal mask too, so that the next fault is delivered. */
	if (!sigsetjmp(before_the_draw, 1))
		*got = vdso.vgetrandom(buffer, len, 0, state);
	signal(SIGSEGV, SIG_DFL);
	return fault;
}
