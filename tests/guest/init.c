// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Shared code of every /init: prepares the guest, reports each test over the console, and reboots. */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "guest.h"

static unsigned int ended;

void machine_begin(void)
{
	/* A line that is lost in a buffer when the machine hangs names no test. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("/sys", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mkdir("/dev", 0755);
	mknod("/dev/urandom", S_IFCHR | 0666, makedev(1, 9));
}

void report_plan(size_t tests)
{
	printf("KTAP version 1\n1..%zu\n", tests);
}

void report_begin(const char *name)
{
	printf("# begin %s\n", name);
}

void report_end(const char *name, const struct verdict *verdict)
{
	printf("%s %u %s%s%s\n", verdict->passed ? "ok" : "not ok", ++ended, name, verdict->text[0] ? " # " : "",
	       verdict->text);
}

void report_skip(const char *name, const char *reason)
{
	printf("ok %u %s # SKIP %s\n", ++ended, name, reason);
}

int machine_end(void)
{
	return reboot(RB_AUTOBOOT);
}
