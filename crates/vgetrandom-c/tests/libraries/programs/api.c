/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Every function of vgetrandom.h. Ends with the source: 0 for the vDSO, 10 for system calls. */
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>
#include <vgetrandom.h>

static void *draw_in_thread(void *buffer)
{
	CHECK(vgetrandom_fill(buffer, 64) == 0);
	return NULL;
}

static void forks(void)
{
	char ours[64], theirs[64];
	int ends[2], status;

	CHECK(pipe(ends) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		CHECK(vgetrandom_fill(theirs, sizeof(theirs)) == 0);
		_exit(write(ends[1], theirs, sizeof(theirs)) != sizeof(theirs));
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(read(ends[0], theirs, sizeof(theirs)) == sizeof(theirs));
	CHECK(vgetrandom_fill(ours, sizeof(ours)) == 0);
	CHECK(memcmp(ours, theirs, sizeof(ours)));
}

static void numbers(void)
{
	unsigned seen = 0;

	CHECK(vgetrandom_u64() != vgetrandom_u64());
	CHECK((vgetrandom_u32() | vgetrandom_u32() | vgetrandom_u32()) != 0);
	CHECK(vgetrandom_uniform(0) == 0 && vgetrandom_uniform(1) == 0);
	for (int draw = 0; draw < 1000; draw++) {
		uint32_t number = vgetrandom_uniform(10);

		CHECK(number < 10);
		seen |= 1u << number;
	}
	CHECK(seen == 0x3ff);
}

static void states(void)
{
	vgetrandom_state *one = vgetrandom_state_new(), *two = vgetrandom_state_new();
	char first[32] = { 0 }, second[32] = { 0 };

	CHECK(one && two);
	CHECK(vgetrandom_state_fill(one, first, sizeof(first)) == 0);
	CHECK(vgetrandom_state_fill(two, second, sizeof(second)) == 0);
	CHECK(all_drawn(first, sizeof(first)) && all_drawn(second, sizeof(second)));
	CHECK(memcmp(first, second, sizeof(first)));
	vgetrandom_state_free(one);
	vgetrandom_state_free(two);
	vgetrandom_state_free(NULL);
}

int main(void)
{
	char first[64] = { 0 }, second[64] = { 0 };
	pthread_t thread;

	CHECK(vgetrandom_prepare(2) == 0);
	CHECK(vgetrandom_fill(first, sizeof(first)) == 0);
	CHECK(pthread_create(&thread, NULL, draw_in_thread, second) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(all_drawn(first, sizeof(first)) && all_drawn(second, sizeof(second)));
	CHECK(memcmp(first, second, sizeof(first)));
	CHECK(vgetrandom_getrandom(first, sizeof(first), 1) == sizeof(first));
	errno = 0;
	CHECK(vgetrandom_getrandom(first, sizeof(first), 0x100) == -1 && errno == EINVAL);
	numbers();
	states();
	forks();

	begin();
	for (int draw = 0; draw < 1000; draw++)
		CHECK(vgetrandom_fill(first, 16) == 0);
	end();
	return vgetrandom_source() == VGETRANDOM_VDSO ? 0 : 10;
}
