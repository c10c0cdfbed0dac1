/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Declarations that the parts of the clients' /init share. */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>

#include "../../guest/guest.h"

/* count.c: runs a command and counts its system calls */

struct counted {
	/* getrandom system calls of the command, its threads and its children; -1 if counting failed. */
	long calls;
	/* Exit status, as waitpid(2) stores it. */
	int status;
};

/* Runs a command, a list that ends with NULL, until all its processes end. Its output goes to the descriptor output. */
struct counted run_counted(char *const command[], int output);

bool has_ended_well(const struct counted *run);

/* client.c: runs and checks one client program */

struct client {
	const char *name;
	/* Bounds of system calls with and without the vDSO function (../clients.toml). */
	long most, least;
	char *const *command;
};

/* Value of least: without the vDSO function the command must fail. */
enum { MUST_FAIL = -1 };

/* exported: the image exports __vdso_getrandom, so the upper bound holds; otherwise the lower bound. */
struct verdict run_client(const struct client *client, bool exported);

/* shell.c: a shell on the console; the machine reboots when it exits */

int run_shell(void);

#endif /* INIT_H */
