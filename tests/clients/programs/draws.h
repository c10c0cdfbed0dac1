/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Shared code of the programs: sources of draws, and the search for repeated bytes. */
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

/* Ends the program if a word occurs twice; sorts the draws. A draw that was not made is two zero words. */
void must_be_distinct(struct draw *draws, size_t count);

/* Prints the message as the last line of output and ends the program with status 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Parses a positive number. Ends the program if it is none. */
size_t number(const char *text);

#endif /* DRAWS_H */
