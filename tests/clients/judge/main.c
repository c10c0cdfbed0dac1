// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /init of the clients' tests: runs unmodified programs and judges how many
 * getrandom system calls they make. The kernel's command line says:
 *   expect_vdso=1 or 0  whether the image has __vdso_getrandom
 *   client=NAME,...     only these
 *   shell=1             no tests, a shell for a person
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"

static const struct client clients[] = {
#define CLIENT(name, most, least, ...) { #name, most, least, (char *const[]){ __VA_ARGS__, NULL } },
#include "clients.h"
#undef CLIENT
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

/* Whether a client is on a list with commas; all are if there is none. */
static bool is_wanted(size_t i, const char *wanted)
{
	return !wanted || is_in_list(clients[i].name, wanted);
}

static void judge_clients(const char *wanted, bool served)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct verdict verdict;

		if (!is_wanted(i, wanted))
			continue;
		report_begin(clients[i].name);
		verdict = run_client(&clients[i], served);
		report_end(clients[i].name, &verdict);
	}
}

static bool has_symbol(void)
{
	return vdso.image && vdso_function("__vdso_getrandom");
}

/* Whether the boot is what its command line says, without which no figure means anything. */
static struct verdict judge_symbol(bool served)
{
	bool found = has_symbol();

	REQUIRE(found == served, "the image has %s__vdso_getrandom", found ? "" : "no ");
	return pass("%s", found ? "found" : "absent");
}

/* The same as a command: what a person asks for in the shell. */
static int run_as_command(const char *name, char **arguments)
{
	if (!strcmp(name, "calls") && arguments[0]) {
		struct counted run = run_counted(arguments, STDOUT_FILENO);

		printf("%ld getrandom system calls\n", run.calls);
		return !has_ended_well(&run);
	}
	if (!strcmp(name, "clients") && arguments[0]) {
		for (; *arguments; arguments++)
			judge_clients(*arguments, has_symbol());
		return 0;
	}
	for (size_t i = 0; i < COUNT; i++) {
		printf("clients %s:", clients[i].name);
		for (char *const *word = clients[i].command; *word; word++)
			printf(" %s", *word);
		printf("\n");
	}
	printf("calls COMMAND...: counts its getrandom system calls\n");
	return 0;
}

int main(int argc, char **argv)
{
	const char *expected = getenv("expect_vdso"), *slash = argc ? strrchr(argv[0], '/') : NULL;
	bool served = expected && !strcmp(expected, "1");
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
		planned += is_wanted(i, getenv("client"));
	report_plan(planned);
	report_begin("symbol");
	verdict = judge_symbol(served);
	report_end("symbol", &verdict);
	judge_clients(getenv("client"), served);
	return machine_end();
}
