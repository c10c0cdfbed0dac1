/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Fills pages with a pattern that a search can find in memory, in a core dump or
 * on a swap device. The pattern is computed word by word, so the program contains
 * no other copy of it.
 */
#ifndef PAGE_PATTERN_H
#define PAGE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The mapping that a page belongs to. */
enum pattern { PATTERN_DROPPABLE = 1, PATTERN_ORDINARY, PATTERN_PINNED };

void fill_pages(unsigned char *memory, size_t pages, enum pattern pattern);
/* Fills by process_vm_writev(): the kernel then sets the dirty flag itself. */
bool fill_pages_by_kernel(unsigned char *memory, size_t pages, enum pattern pattern);
/* Returns the number of pages that hold exactly this pattern. */
size_t count_pattern(const unsigned char *memory, size_t pages, enum pattern pattern);
/* Returns the number of pages that hold only zeros. */
size_t count_zero(const unsigned char *memory, size_t pages);

/* Returns the number of pages of a file or device with this pattern, or -1 with errno. Bypasses the page cache. */
long count_pattern_in_file(const char *path, enum pattern pattern);

#endif /* PAGE_PATTERN_H */
