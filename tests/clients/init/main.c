// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /init of the client tests: runs unmodified programs and checks how many
 * getrandom system calls they make. Options on the kernel command line:
 *   expect_vdso=1 or 0  whether the image must export __vdso_getrandom
 *   client=NAME,...     run only these clients
 *   shell=1             run a shell and no tests
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

static const struct client clients[] = {
/* Generated from ../clients.toml. */
#include "clients.h"
};

static bool is_in_list(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (!strncmp(at, name, len) && (at[len] == ',' || !at[len]))
			return true;
	}
	return false;
}

#define COUNT (sizeof(clients) / sizeof(clients[0]))

/* chosen: names separated by commas, or NULL for all clients. */
static bool is_chosen(size_t i, const char *chosen)
{
	return !chosen || is_in_list(clients[i].name, chosen);
}

static void run_clients(const char *chosen, bool exported)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct verdict verdict;

		if (!is_chosen(i, chosen))
			continue;
		report_begin(clients[i].name);
		verdict = run_client(&clients[i], exported);
		report_end(clients[i].name, &verdict);
	}
}

static bool has_symbol(void)
{
	return vdso.image && vdso_function("__vdso_getrandom");
}

/* Checks that the image is the one that the command line announces: the bounds depend on it. */
static struct verdict check_symbol(bool exported)
{
	bool found = has_symbol();

	REQUIRE(found == exported, "the image has %s__vdso_getrandom", found ? "" : "no ");
	return pass("%s", found ? "found" : "absent");
}

/* Runs as a command of the shell: `clients NAME...`, `calls COMMAND...`, or a list of both. */
static int run_as_command(const char *name, char **arguments)
{
	if (!strcmp(name, "calls") && arguments[0]) {
		struct counted run = run_counted(arguments, STDOUT_FILENO);

		printf("%ld getrandom system calls\n", run.calls);
		return !has_ended_well(&run);
	}
	if (!strcmp(name, "clients") && arguments[0]) {
		for (; *arguments; arguments++)
			run_clients(*arguments, has_symbol());
		return 0;
	}
	for (size_t i = 0; i < COUNT; i++) {
		printf("clients %s:", clients[i].name);
		for (char *const *word = clients[i].command; *word; word++)
			printf(" %s", *word);
		printf("\n");
	}
	printf("calls COMMAND...: count its getrandom system calls\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *expected = getenv("expect_vdso"), *slash = argc ? strrchr(argv[0], '/') : NULL;
	bool exported = expected && !strcmp(expected, "1");
	size_t planned = 1;
	struct verdict verdict;

	if (getpid() == 1)
		machine_begin();
	vdso_find();
	if (getpid() != 1)
		return run_as_command(slash ? slash + 1 : argv[0], argv + 1);
	setenv("PATH", "/usr/bin:/clients", 1);
	if (getenv("shell"))
		return run_shell();
	for (size_t i = 0; i < COUNT; i++)
		planned += is_chosen(i, getenv("client"));
	report_plan(planned);
	report_begin("symbol");
	verdict = check_symbol(exported);
	report_end("symbol", &verdict);
	run_clients(getenv("client"), exported);
	return machine_end();
}
