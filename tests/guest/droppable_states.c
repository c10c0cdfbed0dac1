// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* States in droppable mappings, as C libraries map them, while reclaim drops their pages. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "guest.h"
#include "page_pattern.h"

enum { DRAWS = 20000, WORDS = DRAWS * DRAW_LEN / sizeof(uint64_t), DRAWS_PER_DROP = 100 };

static uint64_t words[WORDS];
static unsigned char *state;

static struct verdict draw(int i)
{
	ssize_t got = vdso.getrandom((unsigned char *)words + i * DRAW_LEN, DRAW_LEN, 0, state,
				     opaque_params().size_of_opaque_state);

	REQUIRE(got == DRAW_LEN, "draw %d returned %zd", i, got);
	return pass("drawn");
}

static struct verdict draw_all(bool drop)
{
	struct verdict verdict = pass("drawn");

	state = droppable_map(PAGE_LEN);
	REQUIRE(state != MAP_FAILED && stay_on_this_processor(), "errno %d", errno);
	for (int i = 0; i < DRAWS && verdict.passed; i++) {
		if (drop && i % DRAWS_PER_DROP == 0) {
			REQUIRE(!madvise(state, PAGE_LEN, MADV_PAGEOUT), "MADV_PAGEOUT: errno %d", errno);
			REQUIRE(count_zero(state, 1) == 1, "the state was not dropped");
		}
		verdict = draw(i);
	}
	REQUIRE(!verdict.passed || !has_duplicate(words, WORDS), "a word came twice");
	return verdict;
}

static struct verdict draw_undisturbed(void)
{
	return draw_all(false);
}

static struct verdict draw_between_drops(void)
{
	return draw_all(true);
}

struct verdict test_droppable_draws(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(draw_undisturbed, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	/* The two keys of a fresh state, and one more for each reseeding by time that may fall into the test. */
	REQUIRE(calls >= 2 && calls <= 4, "%u system calls for %d draws", calls, DRAWS);
	return pass("%d draws, %u system calls", DRAWS, calls);
}

/* Each drop costs the two keys of a fresh state, and nothing more. */
struct verdict test_droppable_draws_between_drops(void)
{
	unsigned int calls, drops = DRAWS / DRAWS_PER_DROP;
	struct verdict verdict = in_counted_child(draw_between_drops, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	REQUIRE(calls >= 2 * drops && calls <= 2 * drops + 2, "%u system calls for %u drops", calls, drops);
	return pass("%d draws, %u drops, %u system calls", DRAWS, drops, calls);
}

enum { ROUNDS = 100, DROPS = 1000 };

static atomic_bool drawn;
static atomic_uint drops;

static void *drop_all_the_time(void *unused)
{
	while (!drawn)
		if (!madvise(state, PAGE_LEN, MADV_PAGEOUT))
			drops++;
	return unused;
}

static struct verdict draw_round(void)
{
	struct verdict verdict = pass("drawn");

	for (int i = 0; i < DRAWS && verdict.passed; i++)
		verdict = draw(i);
	if (!verdict.passed)
		return verdict;
	for (size_t i = 0; i < WORDS; i++)
		REQUIRE(words[i], "word %zu is zero", i);
	REQUIRE(!has_duplicate(words, WORDS), "a word came twice");
	return verdict;
}

/* Drops the page at any instruction of a draw. */
struct verdict test_droppable_draws_and_drops(void)
{
	struct verdict verdict = pass("drawn");
	pthread_t thread;
	int rounds;

	state = droppable_map(PAGE_LEN);
	REQUIRE(state != MAP_FAILED, "mmap: errno %d", errno);
	REQUIRE(!pthread_create(&thread, NULL, drop_all_the_time, NULL), "no thread");
	/* On a busy host the other thread may not get to run for long. */
	for (rounds = 0; rounds < ROUNDS && verdict.passed && drops < DROPS; rounds++)
		verdict = draw_round();
	drawn = true;
	pthread_join(thread, NULL);
	if (!verdict.passed)
		return verdict;
	REQUIRE(drops >= DROPS, "%u calls that drop in %d rounds", drops, rounds);
	return pass("%d times %d draws, %u calls that drop", rounds, DRAWS, drops);
}
