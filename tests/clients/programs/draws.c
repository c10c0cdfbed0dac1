// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Sources of draws, and the search for repeated bytes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "draws.h"

bool from_getrandom(struct draw *to)
{
	return getrandom(to, sizeof(*to), 0) == sizeof(*to);
}

static bool from_getentropy(struct draw *to)
{
	return !getentropy(to, sizeof(*to));
}

static bool from_arc4random(struct draw *to)
{
	arc4random_buf(to, sizeof(*to));
	return true;
}

source_fn *source_named(const char *name)
{
	static const struct {
		const char *name;
		source_fn *draw;
	} sources[] = {
		{ "getrandom", from_getrandom },
		{ "getentropy", from_getentropy },
		{ "arc4random", from_arc4random },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (!strcmp(name, sources[i].name))
			return sources[i].draw;
	die("no source is called %s", name);
}

struct draw *shared_draws(size_t count)
{
	struct draw *draws = mmap(NULL, count * sizeof(*draws), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				  0);

	if (draws == MAP_FAILED)
		die("no memory for %zu draws: errno %d", count, errno);
	return draws;
}

bool fill(source_fn *source, struct draw *draws, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!source(&draws[i]))
			return false;
	return true;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

void must_be_distinct(struct draw *draws, size_t count)
{
	uint64_t *words = draws->words;
	size_t number = count * sizeof(*draws) / sizeof(*words);

	qsort(words, number, sizeof(*words), compare);
	for (size_t i = 1; i < number; i++)
		if (words[i] == words[i - 1])
			die("%s", words[i] ? "a word came twice" : "zeros came out");
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

size_t number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || !value)
		die("%s: not a positive number", text);
	return value;
}
