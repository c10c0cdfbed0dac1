// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Draws stay in user space inside of a time namespace, which may show another data page. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

static struct verdict many_draws_inside(void)
{
	REQUIRE(in_time_namespace(), "not inside of a time namespace");
	REQUIRE(!timens_swaps_rng_data() || (!rng_data().generation && !rng_data().is_ready),
		"the namespace's own page has data of the generator");
	REQUIRE(timens_rng_data().generation, "no generation in the real page");
	return many_draws();
}

/* Only children of the process that creates the namespace are inside. */
struct verdict test_time_namespace(void)
{
	unsigned int calls;
	struct verdict verdict;

	REQUIRE(!unshare(CLONE_NEWTIME), "unshare: errno %d", errno);
	REQUIRE(!in_time_namespace(), "inside of a time namespace too early");
	verdict = in_counted_child(many_draws_inside, SYS_getrandom, &calls);
	if (!verdict.passed)
		return verdict;
	REQUIRE(calls >= 2 && calls <= 4, "%u system calls for %d draws", calls, MANY_DRAWS);
	return pass("%s, %u system calls", verdict.text, calls);
}
