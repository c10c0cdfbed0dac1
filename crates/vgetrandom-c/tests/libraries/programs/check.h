/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Shared parts of the programs: checks, and the marks between which the tracer counts. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what); \
			exit(1); \
		} \
	} while (0)

/* The tracer's marks: descriptors that do not exist. */
static inline void begin(void) { close(-1000); }
static inline void end(void) { close(-1001); }

/* Whether every word of 8 bytes was drawn. */
static inline int all_drawn(const void *bytes, size_t len)
{
	static const char zeros[8];

	for (size_t at = 0; at + 8 <= len; at += 8)
		if (!memcmp((const char *)bytes + at, zeros, 8))
			return 0;
	return 1;
}

#endif
