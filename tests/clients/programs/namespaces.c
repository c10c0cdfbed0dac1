// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * namespaces DRAWS: two C libraries in one process draw in turn. dlmopen(3)
 * loads the second one in another link namespace.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <stdio.h>
#include <sys/random.h>

#include "draws.h"

typedef ssize_t getrandom_fn(void *buffer, size_t len, unsigned int flags);

static getrandom_fn *others_getrandom;

static bool from_other(struct draw *to)
{
	return others_getrandom(to, sizeof(*to), 0) == sizeof(*to);
}

int main(int argc, char **argv)
{
	struct draw *draws;
	void *library;
	size_t count;

	if (argc != 2)
		die("usage: namespaces DRAWS");
	count = number(argv[1]);
	library = dlmopen(LM_ID_NEWLM, LIBC_SO, RTLD_NOW);
	if (!library)
		die("no second C library: %s", dlerror());
	others_getrandom = (getrandom_fn *)dlsym(library, "getrandom");
	if (!others_getrandom || others_getrandom == getrandom)
		die("the second C library has no separate getrandom");
	draws = shared_draws(2 * count);
	for (size_t i = 0; i < count; i++)
		if (!from_getrandom(&draws[2 * i]) || !from_other(&draws[2 * i + 1]))
			die("draw %zu was refused", i);
	must_be_distinct(draws, 2 * count);
	printf("%zu draws from each of two C libraries\n", count);
	return 0;
}
