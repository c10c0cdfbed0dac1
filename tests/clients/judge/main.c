// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /init of the clients' tests: runs unmodified programs and judges how many
 * getrandom system calls they make. The kernel's command line says:
 *   expect_vdso=1 or 0  whether the image has __vdso_getrandom
 *   client=NAME,...     only these
 *   shell=1             no tests, a shell for a person
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "judge.h"

/* A client that the kernel's reseeding has met runs once more. The interval grows with uptime. */
enum { ATTEMPTS = 6 };

enum { MANY_REPORTS = 1000 };

static const struct client clients[] = {
#define CLIENT(name, most, least, ...) { #name, most, least, (char *const[]){ __VA_ARGS__, NULL } },
#include "clients.h"
#undef CLIENT
};

static uint64_t generation(void)
{
	return vdso.image ? rng_data().generation : 0;
}

static bool has_ended_well(const struct counted *run)
{
	return run->calls >= 0 && WIFEXITED(run->status) && !WEXITSTATUS(run->status);
}

static struct verdict judged(const struct client *client, const struct counted *run, const char *said, bool served)
{
	bool well = has_ended_well(run);

	if (!served && client->least == REFUSED) {
		REQUIRE(!well, "it went on without the system call and without the vDSO: %s", said);
		return pass("refused, as it must be: %s", said);
	}
	REQUIRE(well, "status %#x after %ld calls: %s", run->status, run->calls, said);
	if (served)
		REQUIRE(run->calls <= client->most, "%ld system calls, at most %ld expected: %s", run->calls,
			client->most, said);
	else
		REQUIRE(run->calls >= client->least, "%ld system calls, at least %ld expected: %s", run->calls,
			client->least, said);
	return pass("%ld system calls: %s", run->calls, said);
}

/* The last line of a file, without its end. */
static void last_line(int file, char *line, size_t size)
{
	off_t len = lseek(file, 0, SEEK_END), from = len < (off_t)size ? 0 : len - (off_t)size + 1;
	ssize_t got = pread(file, line, size - 1, from);
	char *newline;

	line[got > 0 ? got : 0] = '\0';
	newline = strrchr(line, '\n');
	if (newline && !newline[1]) {
		*newline = '\0';
		newline = strrchr(line, '\n');
	}
	if (newline)
		memmove(line, newline + 1, strlen(newline));
}

/*
 * A report is two processes that wake each other, across processors many times as slow as on
 * one, above all when the processors are emulated. So where they come by the thousand one has to do.
 */
static void choose_processors(long reports)
{
	cpu_set_t processors;

	CPU_ZERO(&processors);
	for (int i = 0; i < (reports < MANY_REPORTS ? CPU_SETSIZE : 1); i++)
		CPU_SET(i, &processors);
	sched_setaffinity(0, sizeof(processors), &processors);
}

static struct verdict run_client(const struct client *client, bool served)
{
	choose_processors(served ? client->most : client->least);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int output = memfd_create(client->name, MFD_CLOEXEC);
		uint64_t before = generation();
		struct counted run = run_counted(client->command, output);
		char said[200];

		last_line(output, said, sizeof(said));
		close(output);
		/* A new generation means a new key for each state, as many as there are, and none for the forbidden. */
		if (generation() == before)
			return judged(client, &run, said, served);
	}
	return fail("the kernel reseeded during each of %d runs", ATTEMPTS);
}

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

/* All, or those on a list with commas. */
static void judge_clients(const char *wanted, bool served)
{
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct verdict verdict;

		if (wanted && !is_in_list(clients[i].name, wanted))
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
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
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
	struct verdict verdict;

	vdso_find();
	if (getpid() != 1)
		return run_as_command(slash ? slash + 1 : argv[0], argv + 1);
	machine_begin();
	setenv("PATH", "/usr/bin:/clients", 1);
	if (getenv("shell"))
		return run_shell();
	report_begin("symbol");
	verdict = judge_symbol(served);
	report_end("symbol", &verdict);
	judge_clients(getenv("client"), served);
	return machine_end();
}
