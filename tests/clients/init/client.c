// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Runs one client program and checks its exit status, its output and its number of system calls. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init.h"

/* A client that fails during a reseed runs again: a reseed costs each state a key. The interval grows with uptime. */
enum { ATTEMPTS = 6 };

/* From this number of reports on, everything runs on one processor. */
enum { MANY_REPORTS = 1000 };

static uint64_t generation(void)
{
	return vdso.image ? rng_data().generation : 0;
}

static struct verdict check(const struct client *client, const struct counted *run, const char *said, bool exported)
{
	bool well = has_ended_well(run);

	if (!exported && client->least == MUST_FAIL) {
		/* The client prints "refused"; a program that did not start must not pass. */
		REQUIRE(!well && strstr(said, "refused"), "status %#x without the vDSO, not refused: %s", run->status,
			said);
		return pass("refused as required: %s", said);
	}
	REQUIRE(well, "status %#x after %ld calls: %s", run->status, run->calls, said);
	if (exported)
		REQUIRE(run->calls <= client->most, "%ld system calls, at most %ld expected: %s", run->calls,
			client->most, said);
	else
		REQUIRE(run->calls >= client->least, "%ld system calls, at least %ld expected: %s", run->calls,
			client->least, said);
	return pass("%ld system calls: %s", run->calls, said);
}

/* Reads the last line of a file, without its newline. */
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
 * For each report two processes wake each other. On two processors, above all emulated ones, that
 * is many times slower than on one, so a client with many reports gets one processor.
 */
static void choose_processors(long reports)
{
	cpu_set_t processors;

	CPU_ZERO(&processors);
	for (int i = 0; i < (reports < MANY_REPORTS ? CPU_SETSIZE : 1); i++)
		CPU_SET(i, &processors);
	sched_setaffinity(0, sizeof(processors), &processors);
}

struct verdict run_client(const struct client *client, bool exported)
{
	struct verdict verdict = { 0 };

	choose_processors(exported ? client->most : client->least);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int output = memfd_create(client->name, MFD_CLOEXEC);
		uint64_t before = generation();
		struct counted run = run_counted(client->command, output);
		char said[200];

		last_line(output, said, sizeof(said));
		close(output);
		verdict = check(client, &run, said, exported);
		/* After a reseed each state fetches a new key, and the seccomp filter of `forbidden` refuses that. */
		if (verdict.passed || generation() == before)
			break;
	}
	return verdict;
}
