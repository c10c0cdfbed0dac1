// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* openssl RUNS LEN: each run of `openssl rand` prints LEN bytes, and no word repeats in any of them. */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draws.h"

/* Reads until the end of the file; true if its length is exactly len. */
static bool read_exactly(int file, char *to, size_t len)
{
	char more;
	ssize_t got;

	for (; len && (got = read(file, to, len)) > 0; to += got)
		len -= got;
	return !len && !read(file, &more, 1);
}

static bool run_openssl(char *len_text, void *to, size_t len)
{
	char *const command[] = { "/usr/bin/openssl", "rand", len_text, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], status = -1;
	bool complete;
	pid_t child;

	if (pipe(ends))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	if (posix_spawn(&child, command[0], &actions, NULL, command, (char *const[]){ NULL }))
		return false;
	close(ends[1]);
	complete = read_exactly(ends[0], to, len);
	close(ends[0]);
	return waitpid(child, &status, 0) == child && !status && complete;
}

int main(int argc, char **argv)
{
	struct draw *draws;
	size_t runs, each;
	char len_text[32];

	if (argc != 3)
		die("usage: openssl RUNS LEN");
	runs = number(argv[1]);
	each = number(argv[2]) / DRAW_LEN;
	draws = shared_draws(runs * each);
	snprintf(len_text, sizeof(len_text), "%zu", each * DRAW_LEN);
	for (size_t i = 0; i < runs; i++)
		if (!run_openssl(len_text, draws + i * each, each * DRAW_LEN))
			die("run %zu of openssl rand %s did not print that many bytes", i, len_text);
	must_be_distinct(draws, runs * each);
	printf("%zu runs of openssl rand, %s bytes each\n", runs, len_text);
	return 0;
}
