// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Fills pages with a pattern, and searches for it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"
#include "page_pattern.h"

enum { WORDS = PAGE_LEN / sizeof(uint64_t) };

static uint64_t word(enum pattern pattern, size_t index)
{
	return ((uint64_t)pattern << 32 | (index + 1)) * 0x9e3779b97f4a7c15;
}

static bool has_pattern(const uint64_t *page, enum pattern pattern)
{
	for (size_t i = 0; i < WORDS; i++)
		if (page[i] != word(pattern, i))
			return false;
	return true;
}

static bool is_zero(const uint64_t *page)
{
	for (size_t i = 0; i < WORDS; i++)
		if (page[i])
			return false;
	return true;
}

void fill_pages(unsigned char *memory, size_t pages, enum pattern pattern)
{
	for (size_t i = 0; i < pages * WORDS; i++)
		((volatile uint64_t *)memory)[i] = word(pattern, i % WORDS);
}

bool fill_pages_by_kernel(unsigned char *memory, size_t pages, enum pattern pattern)
{
	uint64_t page[WORDS];
	bool written = true;

	for (size_t i = 0; i < WORDS; i++)
		page[i] = word(pattern, i);
	for (size_t i = 0; i < pages && written; i++) {
		struct iovec from = { page, PAGE_LEN }, to = { memory + i * PAGE_LEN, PAGE_LEN };

		written = process_vm_writev(getpid(), &from, 1, &to, 1, 0) == PAGE_LEN;
	}
	explicit_bzero(page, sizeof(page));
	return written;
}

size_t count_pattern(const unsigned char *memory, size_t pages, enum pattern pattern)
{
	size_t count = 0;

	for (size_t i = 0; i < pages; i++)
		count += has_pattern((const uint64_t *)(memory + i * PAGE_LEN), pattern);
	return count;
}

size_t count_zero(const unsigned char *memory, size_t pages)
{
	size_t count = 0;

	for (size_t i = 0; i < pages; i++)
		count += is_zero((const uint64_t *)(memory + i * PAGE_LEN));
	return count;
}

long count_pattern_in_file(const char *path, enum pattern pattern)
{
	static unsigned char page[PAGE_LEN] __attribute__((aligned(PAGE_LEN)));
	int file = open(path, O_RDONLY | O_DIRECT);
	long count = 0;
	ssize_t got;

	/* tmpfs has no O_DIRECT. */
	if (file < 0 && errno == EINVAL)
		file = open(path, O_RDONLY);
	if (file < 0)
		return -1;
	while ((got = read(file, page, sizeof(page))) == sizeof(page))
		count += has_pattern((const uint64_t *)page, pattern);
	/* Wipe the buffer, so that a later search does not find this copy. */
	memset(page, 0, sizeof(page));
	close(file);
	return got < 0 ? -1 : count;
}
