// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Reseeding reaches the data page and, through it, the keys in user space. */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

int reseed_now(void)
{
	int urandom = open("/dev/urandom", O_RDONLY | O_CLOEXEC), failed;

	if (urandom < 0)
		return -1;
	failed = ioctl(urandom, RNDRESEEDCRNG);
	close(urandom);
	return failed;
}

/* A key from before, one reseeding, a key from after: two fetches. */
static struct verdict draw_around_reseed(void)
{
	struct states states = states_alloc(1);
	unsigned char bytes[DRAW_LEN];
	uint64_t before;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(vdso.vgetrandom(bytes, sizeof(bytes), 0, states.first) == sizeof(bytes), "short draw");
	before = rng_data().generation;
	REQUIRE(!reseed_now(), "RNDRESEEDCRNG: errno %d", errno);
	REQUIRE(rng_data().generation > before, "the generation is still %lu", before);
	REQUIRE(vdso.vgetrandom(bytes, sizeof(bytes), 0, states.first) == sizeof(bytes), "short draw");
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("generation %lu to %lu", before, rng_data().generation);
}

struct verdict test_reseed_by_ioctl(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(draw_around_reseed, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	/* The timer may reseed once more in between. */
	REQUIRE(calls == 2 || calls == 3, "%u system calls instead of 2", calls);
	return pass("%s, %u system calls", verdict.text, calls);
}

/*
 * No kernel code draws random bytes while this process sleeps, so the timer moves the
 * generation. Two moves show that the timer is set again. Its interval is a second at first
 * and at most half of the uptime.
 */
struct verdict test_reseed_by_time(void)
{
	enum { MOVES = 2, LOOKS = 1000, LOOKS_PER_SECOND = 50 };
	static const struct timespec pause = { .tv_nsec = 1000 * 1000 * 1000 / LOOKS_PER_SECOND };
	uint64_t first = rng_data().generation, last = first;
	int moves = 0, looks, most;
	struct timespec up;

	/* From here to the second move it is no more than one and a quarter of the uptime. */
	REQUIRE(!clock_gettime(CLOCK_BOOTTIME, &up), "clock_gettime: errno %d", errno);
	most = LOOKS + 2 * LOOKS_PER_SECOND * (int)up.tv_sec;
	for (looks = 0; looks < most && moves < MOVES; looks++) {
		uint64_t now = rng_data().generation;

		if (now != last)
			moves++;
		last = now;
		nanosleep(&pause, NULL);
	}
	REQUIRE(moves == MOVES, "the generation moved %d times from %lu within %d looks", moves, first, most);
	return pass("generation %lu to %lu", first, last);
}
