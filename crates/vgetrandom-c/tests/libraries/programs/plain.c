/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A program that knows nothing of the library: it draws by the functions of the C library. */
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/syscall.h>

/* glibc has them from 2.36 on. */
extern uint32_t arc4random(void) __attribute__((weak));
extern void arc4random_buf(void *, size_t) __attribute__((weak));
extern uint32_t arc4random_uniform(uint32_t) __attribute__((weak));

enum { DRAWS = 300 };

static void *draws(void *unused)
{
	char bytes[48];

	for (int draw = 0; draw < DRAWS; draw++) {
		memset(bytes, 0, sizeof(bytes));
		CHECK(getrandom(bytes, 16, 0) == 16);
		CHECK(getentropy(bytes + 16, 32) == 0);
		CHECK(all_drawn(bytes, sizeof(bytes)));
	}
	return unused;
}

static void family(void)
{
	char bytes[40] = { 0 };

	if (!arc4random || !arc4random_buf || !arc4random_uniform)
		return;
	arc4random_buf(bytes, sizeof(bytes));
	CHECK(all_drawn(bytes, sizeof(bytes)));
	CHECK((arc4random() | arc4random() | arc4random()) != 0);
	CHECK(arc4random_uniform(0) == 0 && arc4random_uniform(7) < 7);
}

/* The request to cancel is pending while this draws. */
static void *cancelled(void *unused)
{
	char bytes[16];

	pthread_cancel(pthread_self());
	getrandom(bytes, sizeof(bytes), 0);
	return unused;
}

/* The same with the functions that are no cancellation points. */
static void *not_cancelled(void *unused)
{
	char bytes[16];

	pthread_cancel(pthread_self());
	CHECK(getentropy(bytes, sizeof(bytes)) == 0);
	arc4random_buf(bytes, sizeof(bytes));
	arc4random();
	return unused;
}

/* plain draws; plain certain: the arc4random family alone; plain cancel, plain entropy: whether a draw is a cancellation point. */
int main(int argc, char **argv)
{
	char bytes[257];
	pthread_t thread;
	void *result;

	CHECK(argc == 2);
	if (!strcmp(argv[1], "certain")) {
		begin();
		family();
		end();
		return 0;
	}
	if (!strcmp(argv[1], "cancel") || !strcmp(argv[1], "entropy")) {
		begin();
		CHECK(pthread_create(&thread, NULL, *argv[1] == 'c' ? cancelled : not_cancelled, bytes) == 0);
		CHECK(pthread_join(thread, &result) == 0);
		end();
		return result == PTHREAD_CANCELED ? 20 : 0;
	}
	begin();
	draws(NULL);
	CHECK(pthread_create(&thread, NULL, draws, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	family();
	errno = 0;
	CHECK(getentropy(bytes, sizeof(bytes)) == -1 && errno == EIO);
	CHECK(getrandom(bytes, 16, 0x100) == -1 && errno == EINVAL);
	/* Seven that no library can answer, so that the tracer is known to count. */
	for (int draw = 0; draw < 7; draw++)
		CHECK(syscall(SYS_getrandom, bytes, 9, 0) == 9);
	end();
	return 0;
}
