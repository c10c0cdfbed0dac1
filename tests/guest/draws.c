// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Draws through the vDSO: how many reach the kernel, what they return, whether bytes repeat. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

static int compare_words(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

bool has_duplicate(uint64_t *words, size_t count)
{
	qsort(words, count, sizeof(*words), compare_words);
	for (size_t i = 1; i < count; i++)
		if (words[i] == words[i - 1])
			return true;
	return false;
}

struct verdict many_draws(void)
{
	static uint64_t words[MANY_DRAWS * DRAW_LEN / sizeof(uint64_t)];
	struct states states = states_alloc(1);

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	for (int i = 0; i < MANY_DRAWS; i++) {
		ssize_t got = vdso.vgetrandom((unsigned char *)words + i * DRAW_LEN, DRAW_LEN, 0, states.first);

		REQUIRE(got == DRAW_LEN, "draw %d returned %zd", i, got);
	}
	REQUIRE(!has_duplicate(words, sizeof(words) / sizeof(words[0])), "a word came twice");
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("%d draws of %d bytes", MANY_DRAWS, DRAW_LEN);
}

enum { CONTROL_CALLS = 7 };

static struct verdict control_calls(void)
{
	unsigned char byte;

	for (int i = 0; i < CONTROL_CALLS; i++)
		REQUIRE(syscall(SYS_getrandom, &byte, 1, 0) == 1, "getrandom: errno %d", errno);
	return pass("called");
}

/* A count that misses calls would make every later one look good. */
struct verdict test_counter_control(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(control_calls, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	REQUIRE(calls == CONTROL_CALLS, "%d system calls were counted as %u", CONTROL_CALLS, calls);
	return pass("%u of %d system calls counted", calls, CONTROL_CALLS);
}

struct verdict test_many_draws(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(many_draws, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	/* A fresh state fetches a key with each of its first two draws; the timer may reseed meanwhile. */
	REQUIRE(calls >= 2 && calls <= 4, "%u system calls for %d draws", calls, MANY_DRAWS);
	return pass("%s, %u system calls", verdict.text, calls);
}

/* Lengths around each boundary: batch, group of blocks, page. */
struct verdict test_long_draws(void)
{
	static const size_t lens[] = {
		0, 1, VGETRANDOM_BATCH_LEN - 1, VGETRANDOM_BATCH_LEN, VGETRANDOM_BATCH_LEN + 1, 511, 512, 513, 1023, 1024,
		4096, 65536, 1000003,
	};
	static unsigned char bytes[1000003 + 8], *end;
	struct states states = states_alloc(1);
	size_t total = 0;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t words = lens[i] / sizeof(uint64_t);
		ssize_t got;

		memset(bytes, 0, sizeof(bytes));
		got = vdso.vgetrandom(bytes, lens[i], 0, states.first);
		REQUIRE(got == (ssize_t)lens[i], "%zu bytes returned %zd", lens[i], got);
		end = bytes + lens[i];
		REQUIRE(!memcmp(end, "\0\0\0\0\0\0\0", 8), "%zu bytes wrote past the end of the buffer", lens[i]);
		REQUIRE(!has_duplicate((uint64_t *)bytes, words), "%zu bytes repeat a word", lens[i]);
		total += lens[i];
	}
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("%zu lengths, %zu bytes", sizeof(lens) / sizeof(lens[0]), total);
}

struct verdict test_flags(void)
{
	static const unsigned int valid[] = {
		0, GRND_NONBLOCK, GRND_RANDOM, GRND_RANDOM | GRND_NONBLOCK, GRND_INSECURE,
		GRND_INSECURE | GRND_NONBLOCK,
	};
	static const unsigned int invalid[] = {
		GRND_INSECURE | GRND_RANDOM, GRND_INSECURE | GRND_RANDOM | GRND_NONBLOCK, 8, 0x80000000, UINT_MAX,
	};
	struct states states = states_alloc(1);
	unsigned char bytes[DRAW_LEN];
	ssize_t got;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
		got = vdso.vgetrandom(bytes, sizeof(bytes), valid[i], states.first);
		REQUIRE(got == sizeof(bytes), "flags %#x returned %zd", valid[i], got);
	}
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
		got = vdso.vgetrandom(bytes, sizeof(bytes), invalid[i], states.first);
		REQUIRE(got == -EINVAL, "flags %#x returned %zd", invalid[i], got);
	}
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("%zu valid, %zu invalid", sizeof(valid) / sizeof(valid[0]), sizeof(invalid) / sizeof(invalid[0]));
}

static struct verdict draw_without_state(void)
{
	unsigned char bytes[DRAW_LEN];
	ssize_t got = vdso.vgetrandom(bytes, sizeof(bytes), 0, NULL);

	REQUIRE(got == sizeof(bytes), "returned %zd", got);
	return pass("%zd bytes", got);
}

struct verdict test_null_state(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(draw_without_state, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	REQUIRE(calls == 1, "%u system calls", calls);
	return pass("%s, %u system call", verdict.text, calls);
}
