// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs the programs of the other two ABIs, which check their vDSO and system call table. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "other_abi.h"
#include "guest.h"

static const char *const reasons[] = {
#define REASON(name, text) [name] = text,
	STATUS_REASONS(REASON)
#undef REASON
};

/* The number of vgetrandom_alloc is an argument, because those images have no note. */
static struct verdict run(char *program)
{
	char number[24];
	int status = 0;
	pid_t child;

	snprintf(number, sizeof(number), "%ld", vdso.alloc_nr);
	child = vfork();
	if (!child) {
		execve(program, (char *[]){ program, number, NULL }, (char *[]){ NULL });
		_exit(EXEC_FAILED);
	}
	REQUIRE(child > 0, "fork: errno %d", errno);
	REQUIRE(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
	REQUIRE(WIFEXITED(status), "%s was killed by signal %d", program, WTERMSIG(status));
	status = WEXITSTATUS(status);
	REQUIRE(!status, "%s: %s", program,
		(size_t)status < sizeof(reasons) / sizeof(reasons[0]) ? reasons[status] : "unknown status");
	return pass("-ENOSYS, and the vDSO works");
}

struct verdict test_abi_m32(void)
{
	return run("/m32-abi");
}

struct verdict test_abi_mx32(void)
{
	return run("/mx32-abi");
}
