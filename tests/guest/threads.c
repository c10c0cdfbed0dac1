// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Many threads, each with a state of one array, while the kernel reseeds repeatedly. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "guest.h"

enum { THREADS = 1000, DRAWS = 64, WORDS = DRAWS * DRAW_LEN / sizeof(uint64_t), STACK_LEN = 1 << 16 };

static struct states states;
static uint64_t words[THREADS][WORDS];
static atomic_int short_draws, running;

static void *draw(void *argument)
{
	size_t thread = (size_t)argument;
	unsigned char *state = states.first + thread * states.size_per_each;
	unsigned char *to = (unsigned char *)words[thread];

	for (int i = 0; i < DRAWS; i++)
		if (vdso.vgetrandom(to + i * DRAW_LEN, DRAW_LEN, 0, state) != DRAW_LEN)
			short_draws++;
	running--;
	return NULL;
}

struct verdict test_threads(void)
{
	static pthread_t threads[THREADS];
	pthread_attr_t attributes;
	uint64_t before = rng_data().generation;

	states = states_alloc(THREADS);
	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_LEN);
	running = THREADS;
	for (size_t i = 0; i < THREADS; i++) {
		int error = pthread_create(&threads[i], &attributes, draw, (void *)i);

		REQUIRE(!error, "thread %zu: error %d", i, error);
		if (i % 16 == 0)
			REQUIRE(!reseed_now(), "RNDRESEEDCRNG: errno %d", errno);
	}
	while (running)
		REQUIRE(!reseed_now(), "RNDRESEEDCRNG: errno %d", errno);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	REQUIRE(!short_draws, "%d short draws", short_draws);
	REQUIRE(!has_duplicate(words[0], THREADS * WORDS), "a word came twice");
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("%d threads, %d draws each, %lu reseedings", THREADS, DRAWS, rng_data().generation - before);
}
