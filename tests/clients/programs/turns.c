// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * turns THREADS DRAWS: threads run one after the other and draw. glibc gives each
 * the state of the thread before it.
 */
#include <pthread.h>
#include <stdio.h>

#include "draws.h"

static size_t draws_each;

static void *run(void *draws)
{
	return fill(from_getrandom, draws, draws_each) ? draws : NULL;
}

int main(int argc, char **argv)
{
	struct draw *draws;
	size_t threads;

	if (argc != 3)
		die("usage: turns THREADS DRAWS");
	threads = number(argv[1]);
	draws_each = number(argv[2]);
	draws = shared_draws(threads * draws_each);
	for (size_t i = 0; i < threads; i++) {
		void *result = NULL;
		pthread_t thread;

		if (pthread_create(&thread, NULL, run, draws + i * draws_each))
			die("thread %zu of %zu cannot be started", i, threads);
		pthread_join(thread, &result);
		if (!result)
			die("a draw of thread %zu was refused", i);
	}
	must_be_distinct(draws, threads * draws_each);
	printf("%zu draws from %zu threads, one after the other\n", threads * draws_each, threads);
	return 0;
}
