/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Pages whose content can be told from any other page, wherever it turns up: in
 * memory, in a core dump, on a swap device. The pattern is computed word by word,
 * so that no copy of it lies anywhere else.
 */
#ifndef MARKS_H
#define MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose page it is. */
enum mark { MARK_DROPPABLE = 1, MARK_ORDINARY, MARK_PINNED };

void mark_pages(unsigned char *memory, size_t pages, enum mark mark);
/* The same through the kernel, which notes in its own way that a page was written to. */
bool mark_pages_by_kernel(unsigned char *memory, size_t pages, enum mark mark);
/* How many pages hold exactly this pattern. */
size_t count_marked(const unsigned char *memory, size_t pages, enum mark mark);
/* How many pages hold nothing but zeros. */
size_t count_zero(const unsigned char *memory, size_t pages);

/* How many pages of a file or device hold this pattern, or -1 with errno. Page cache is passed by. */
long count_marked_in_file(const char *path, enum mark mark);

#endif /* MARKS_H */
