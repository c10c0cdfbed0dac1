// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Pages with a pattern that can be found again. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"
#include "marks.h"

enum { WORDS = PAGE_LEN / sizeof(uint64_t) };

static uint64_t word(enum mark mark, size_t index)
{
	return ((uint64_t)mark << 32 | (index + 1)) * 0x9e3779b97f4a7c15;
}

static bool is_marked(const uint64_t *page, enum mark mark)
{
	for (size_t i = 0; i < WORDS; i++)
		if (page[i] != word(mark, i))
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

void mark_pages(unsigned char *memory, size_t pages, enum mark mark)
{
	for (size_t i = 0; i < pages * WORDS; i++)
		((volatile uint64_t *)memory)[i] = word(mark, i % WORDS);
}

bool mark_pages_by_kernel(unsigned char *memory, size_t pages, enum mark mark)
{
	uint64_t page[WORDS];
	bool written = true;

	for (size_t i = 0; i < WORDS; i++)
		page[i] = word(mark, i);
	for (size_t i = 0; i < pages && written; i++) {
		struct iovec from = { page, PAGE_LEN }, to = { memory + i * PAGE_LEN, PAGE_LEN };

		written = process_vm_writev(getpid(), &from, 1, &to, 1, 0) == PAGE_LEN;
	}
	explicit_bzero(page, sizeof(page));
	return written;
}

size_t count_marked(const unsigned char *memory, size_t pages, enum mark mark)
{
	size_t count = 0;

	for (size_t i = 0; i < pages; i++)
		count += is_marked((const uint64_t *)(memory + i * PAGE_LEN), mark);
	return count;
}

size_t count_zero(const unsigned char *memory, size_t pages)
{
	size_t count = 0;

	for (size_t i = 0; i < pages; i++)
		count += is_zero((const uint64_t *)(memory + i * PAGE_LEN));
	return count;
}

long count_marked_in_file(const char *path, enum mark mark)
{
	static unsigned char page[PAGE_LEN] __attribute__((aligned(PAGE_LEN)));
	int file = open(path, O_RDONLY | O_DIRECT);
	long count = 0;
	ssize_t got;

	/* A file in memory knows no other way than its page cache. */
	if (file < 0 && errno == EINVAL)
		file = open(path, O_RDONLY);
	if (file < 0)
		return -1;
	while ((got = read(file, page, sizeof(page))) == sizeof(page))
		count += is_marked((const uint64_t *)page, mark);
	/* What was found is not to stay where it was looked at. */
	memset(page, 0, sizeof(page));
	close(file);
	return got < 0 ? -1 : count;
}
