// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* One client: run, and judged by what it says and by how often it called. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "judge.h"

/* A client that failed while the kernel reseeded runs once more. The interval grows with uptime. */
enum { ATTEMPTS = 6 };

/* So many reports go over one processor. */
enum { MANY_REPORTS = 1000 };

static uint64_t generation(void)
{
	return vdso.image ? rng_data().generation : 0;
}

static struct verdict judged(const struct client *client, const struct counted *run, const char *said, bool served)
{
	bool well = has_ended_well(run);

	if (!served && client->least == REFUSED) {
		/* In its own words: a program that could not even be started must not pass for one. */
		REQUIRE(!well && strstr(said, "refused"), "status %#x without the vDSO, not refused: %s", run->status,
			said);
		return pass("as it must be: %s", said);
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

struct verdict run_client(const struct client *client, bool served)
{
	struct verdict verdict = { 0 };

	choose_processors(served ? client->most : client->least);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		int output = memfd_create(client->name, MFD_CLOEXEC);
		uint64_t before = generation();
		struct counted run = run_counted(client->command, output);
		char said[200];

		last_line(output, said, sizeof(said));
		close(output);
		verdict = judged(client, &run, said, served);
		/* A new generation means a new key for each state, as many as there are, and none for the forbidden. */
		if (verdict.passed || generation() == before)
			break;
	}
	return verdict;
}
