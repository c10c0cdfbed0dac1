/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the parts of the judge share. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>

#include "../../guest/guest.h"

/* count.c: runs a command and counts what it asks of the kernel */

struct counted {
	/* getrandom system calls of the command, its threads and its children; -1 when they cannot be counted. */
	long calls;
	/* How it ended, as of waitpid(2). */
	int status;
};

/* Runs a command, a list that ends with NULL, to the end of all its processes. What it prints goes to output. */
struct counted run_counted(char *const command[], int output);

bool has_ended_well(const struct counted *run);

/* client.c: one client, run and judged */

struct client {
	const char *name;
	/* See clients.h. */
	long most, least;
	char *const *command;
};

enum { REFUSED = -1 };

/* served: the image has __vdso_getrandom, and the command must not make more calls than it needs. */
struct verdict run_client(const struct client *client, bool served);

/* shell.c: a shell on the console; when it ends, the machine does */

int run_shell(void);

#endif /* JUDGE_H */
