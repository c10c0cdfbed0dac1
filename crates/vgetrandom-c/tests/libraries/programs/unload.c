/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Opens the library, draws in a thread, closes the library, and ends the thread after that. */
#include "check.h"
#include <dlfcn.h>
#include <pthread.h>

static pthread_barrier_t barrier;

static void *draws(void *symbol)
{
	int (*fill)(void *, size_t) = (int (*)(void *, size_t))symbol;
	char bytes[32] = { 0 };

	CHECK(fill(bytes, sizeof(bytes)) == 0 && all_drawn(bytes, sizeof(bytes)));
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	/* The library's hook runs at the end of this thread. */
	return NULL;
}

int main(int argc, char **argv)
{
	CHECK(argc == 2);
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	CHECK(library);
	void *fill = dlsym(library, "vgetrandom_fill");
	CHECK(fill);
	pthread_t thread;

	CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
	CHECK(pthread_create(&thread, NULL, draws, fill) == 0);
	pthread_barrier_wait(&barrier);
	CHECK(dlclose(library) == 0);
	pthread_barrier_wait(&barrier);
	CHECK(pthread_join(thread, NULL) == 0);
	return 0;
}
