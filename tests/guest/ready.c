// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The generator before it is ready, and the call that makes it ready.
 *
 * Needs "random.trust_cpu=off random.trust_bootloader=off" on the kernel command line: then the
 * generator is not fully seeded when /init starts, and stays so until a process blocks in
 * getrandom().
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "guest.h"

struct verdict test_not_ready(void)
{
	static const unsigned char fresh[VGETRANDOM_STATE_LEN];
	struct rng_data data = rng_data();
	struct states states = states_alloc(1);
	unsigned char bytes[DRAW_LEN];
	ssize_t got;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(!data.is_ready, "ready already: boot with random.trust_cpu=off random.trust_bootloader=off");
	REQUIRE(!data.generation, "generation %#lx although not ready", data.generation);

	got = vdso.vgetrandom(bytes, sizeof(bytes), GRND_NONBLOCK, states.first);
	REQUIRE(got == -EAGAIN, "GRND_NONBLOCK returned %zd", got);
	got = vdso.vgetrandom(bytes, 0, GRND_NONBLOCK, states.first);
	REQUIRE(got == -EAGAIN, "GRND_NONBLOCK with length 0 returned %zd", got);
	got = vdso.vgetrandom(bytes, sizeof(bytes), GRND_INSECURE, states.first);
	REQUIRE(got == sizeof(bytes), "GRND_INSECURE returned %zd", got);
	REQUIRE(!memcmp(states.first, fresh, sizeof(fresh)), "the state was keyed");
	REQUIRE(!rng_data().is_ready, "became ready although no process waits");
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("is_ready 0, generation 0, -EAGAIN twice");
}

/* A system call that waits makes the kernel collect the missing entropy. */
struct verdict test_becomes_ready(void)
{
	static const unsigned char fresh[VGETRANDOM_STATE_LEN];
	struct states states = states_alloc(1);
	unsigned char bytes[DRAW_LEN];
	struct rng_data data;
	ssize_t got;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	got = vdso.vgetrandom(bytes, sizeof(bytes), 0, states.first);
	REQUIRE(got == sizeof(bytes), "the blocking draw returned %zd", got);
	data = rng_data();
	REQUIRE(data.is_ready == 1, "is_ready is %u after the wait", data.is_ready);
	REQUIRE(data.generation, "ready, but generation is 0");

	got = vdso.vgetrandom(bytes, sizeof(bytes), GRND_NONBLOCK, states.first);
	REQUIRE(got == sizeof(bytes), "GRND_NONBLOCK returned %zd when ready", got);
	REQUIRE(memcmp(states.first, fresh, sizeof(fresh)), "the state was not keyed when ready");
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("is_ready 1, generation %lu", data.generation);
}
