// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs the kernel's selftest of __vdso_getrandom, unchanged, from a series that has one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static const char program[] = "/vdso_test_getrandom", report[] = "/tmp/vdso_test_getrandom.log";

static void run_into_report(void)
{
	int file = open(report, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0)
		_exit(126);
	execl(program, program, NULL);
	_exit(127);
}

struct verdict test_kernel_selftest(void)
{
	char line[256], last[256] = "";
	unsigned int passed = 0;
	int status = 0;
	FILE *lines;
	pid_t child = fork();

	if (!child)
		run_into_report();
	REQUIRE(child > 0, "fork: errno %d", errno);
	REQUIRE(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
	lines = fopen(report, "r");
	REQUIRE(lines, "%s: errno %d", report, errno);
	/* TAP: a skipped test is "ok" too, with SKIP after its name. */
	while (fgets(line, sizeof(line), lines)) {
		line[strcspn(line, "\n")] = 0;
		strcpy(last, line);
		if (!strncmp(line, "ok ", 3) && !strstr(line, "SKIP"))
			passed++;
	}
	fclose(lines);
	REQUIRE(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x, last words: %.200s", status, last);
	REQUIRE(passed, "nothing was tested, last words: %.200s", last);
	return pass("%u passed: %.200s", passed, last);
}
