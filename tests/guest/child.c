// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs a test in a child process, and counts its system calls if asked. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

/* The child stores its verdict in memory that the parent shares, without a system call. */
static struct verdict *shared_verdict(void)
{
	return mmap(NULL, sizeof(struct verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static struct verdict collect(int status, struct verdict *shared)
{
	struct verdict verdict;

	if (WIFSIGNALED(status))
		verdict = fail("the child was killed by signal %d", WTERMSIG(status));
	else if (!WIFEXITED(status) || WEXITSTATUS(status))
		verdict = fail("the child ended with status %#x", status);
	else
		verdict = *shared;
	munmap(shared, sizeof(*shared));
	return verdict;
}

struct verdict in_child(test_fn *test)
{
	struct verdict *shared = shared_verdict();
	int status = 0;
	pid_t child;

	REQUIRE(shared != MAP_FAILED, "no shared memory: errno %d", errno);
	child = fork();
	if (!child) {
		*shared = test();
		_exit(0);
	}
	REQUIRE(child > 0, "fork: errno %d", errno);
	REQUIRE(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
	return collect(status, shared);
}

/* Reports each system call with this number, and no other, to the tracer. */
static bool report_calls(long nr)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(program[0]), .filter = program };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static bool is_reported_call(int status)
{
	return status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
}

struct verdict in_counted_child(test_fn *test, long nr, unsigned int *calls)
{
	struct verdict *shared = shared_verdict();
	int status = 0, forwarded;
	pid_t child;

	*calls = 0;
	REQUIRE(shared != MAP_FAILED, "no shared memory: errno %d", errno);
	child = fork();
	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP) || !report_calls(nr))
			*shared = fail("cannot be traced: errno %d", errno);
		else
			*shared = test();
		_exit(0);
	}
	REQUIRE(child > 0, "fork: errno %d", errno);
	/* The first stop is the child's own: from here on its calls are reported. */
	REQUIRE(waitpid(child, &status, 0) == child && WIFSTOPPED(status), "the child did not stop: status %#x",
		status);
	REQUIRE(!ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL),
		"PTRACE_SETOPTIONS: errno %d", errno);
	for (forwarded = 0;;) {
		REQUIRE(!ptrace(PTRACE_CONT, child, NULL, (long)forwarded), "PTRACE_CONT: errno %d", errno);
		REQUIRE(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
		if (!WIFSTOPPED(status))
			return collect(status, shared);
		if (is_reported_call(status)) {
			++*calls;
			forwarded = 0;
		} else {
			forwarded = WSTOPSIG(status);
		}
	}
}
