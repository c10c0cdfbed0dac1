// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * threads SOURCE THREADS DRAWS CHILD_DRAWS: each of THREADS threads makes DRAWS
 * draws. Halfway all wait for each other, so that each must have a separate state.
 * Then the first one forks, and the child makes CHILD_DRAWS while the others run.
 */
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draws.h"

enum { STACK_LEN = 1 << 16 };

static source_fn *source;
static size_t threads, draws_each, child_draws;
static struct draw *draws;
static pthread_barrier_t middle;

static bool draw_half(size_t thread, bool second)
{
	size_t half = draws_each / 2;

	return fill(source, draws + thread * draws_each + (second ? half : 0), second ? draws_each - half : half);
}

static void *run(void *argument)
{
	size_t thread = (size_t)argument;
	bool filled = draw_half(thread, false);

	pthread_barrier_wait(&middle);
	return draw_half(thread, true) && filled ? argument : NULL;
}

static void run_and_fork(void)
{
	bool filled = draw_half(0, false);
	int status;
	pid_t child;

	pthread_barrier_wait(&middle);
	child = fork();
	if (child < 0)
		die("fork failed");
	if (!child)
		_exit(!fill(source, draws + threads * draws_each, child_draws));
	if (!draw_half(0, true) || !filled)
		die("a draw of the first thread was refused");
	if (waitpid(child, &status, 0) != child || status)
		die("the child ended with status %#x", status);
}

int main(int argc, char **argv)
{
	pthread_attr_t attributes;
	pthread_t *others;
	size_t total;

	if (argc != 5)
		die("usage: threads SOURCE THREADS DRAWS CHILD_DRAWS");
	source = source_named(argv[1]);
	threads = number(argv[2]);
	draws_each = number(argv[3]);
	child_draws = number(argv[4]);
	total = threads * draws_each + child_draws;
	draws = shared_draws(total);
	others = calloc(threads, sizeof(*others));
	if (!others)
		die("no memory for %zu threads", threads);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_LEN);
	pthread_barrier_init(&middle, NULL, threads);
	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&others[i], &attributes, run, (void *)i))
			die("thread %zu of %zu cannot be started", i, threads);
	run_and_fork();
	for (size_t i = 1; i < threads; i++) {
		void *result = NULL;

		pthread_join(others[i], &result);
		if (!result)
			die("a draw of thread %zu was refused", i);
	}
	must_be_distinct(draws, total);
	printf("%zu draws from %zu threads and a fork, glibc %s\n", total, threads, gnu_get_libc_version());
	return 0;
}
