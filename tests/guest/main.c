// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /init: runs the table of tests, one console line each, and ends the machine. With "vm_fork" on
 * the kernel command line it is the machine to be saved and cloned instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "guest.h"

#define TEST(name, function) test_fn function;
#include "tests.h"
#undef TEST

static const struct {
	const char *name;
	test_fn *run;
} tests[] = {
#define TEST(name, function) { #name, function },
#include "tests.h"
#undef TEST
};

static void set_up(void)
{
	/* A line that is lost in a buffer when the machine hangs names no test. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("/sys", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mkdir("/dev", 0755);
	mknod("/dev/urandom", S_IFCHR | 0666, makedev(1, 9));
	vdso_find();
}

static void say(const char *what, const char *name, const char *separator, const char *text)
{
	printf("vgetrandom-guest: %s %s%s%s\n", what, name, separator, text);
}

static void run_tests(void)
{
	unsigned int passed = 0, failed = 0;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct verdict verdict;

		say("begin", tests[i].name, "", "");
		/*
		 * In a process of its own, so that it may lower its limits, and that a
		 * crash is one failed test. Without the function all would only crash.
		 */
		verdict = vdso.vgetrandom ? in_child(tests[i].run)
					  : fail("the vDSO has no __vdso_vgetrandom");
		if (verdict.passed)
			passed++;
		else
			failed++;
		say(verdict.passed ? "pass" : "fail", tests[i].name,
		    verdict.passed ? " " : ": ", verdict.text);
	}
	printf("vgetrandom-guest: verdict %u passed, %u failed\n", passed, failed);
}

int main(void)
{
	set_up();
	if (getenv("vm_fork"))
		vm_fork();
	else
		run_tests();
	return reboot(RB_AUTOBOOT);
}
