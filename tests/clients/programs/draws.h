/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the programs share: ways to draw, and the search for bytes that came twice. */
#ifndef DRAWS_H
#define DRAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DRAW_LEN = 16 };

struct draw {
	uint64_t words[DRAW_LEN / sizeof(uint64_t)];
};

/* Fills one draw; false when the source refuses. */
typedef bool source_fn(struct draw *to);

source_fn from_getrandom;

/* The source with this name: getrandom, getentropy, arc4random. Ends the program when there is none. */
source_fn *source_named(const char *name);

/* Memory for so many draws, shared with children. Ends the program on failure. */
struct draw *shared_draws(size_t count);

/* Fills them one by one; false when the source refused one. */
bool fill(source_fn *source, struct draw *draws, size_t count);

/* Ends the program if any word is there twice; sorts them. A draw that was never made is a zero, twice. */
void must_be_distinct(struct draw *draws, size_t count);

/* Ends the program with status 1 and these words as the last line of its output. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A positive number, or the end of the program. */
size_t number(const char *text);

#endif /* DRAWS_H */
