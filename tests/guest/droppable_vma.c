// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The VMA of MAP_DROPPABLE: its flags, valid combinations for mmap(), split, merge and mremap(). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "page_pattern.h"

enum { PAGES = 8, LEN = PAGES * PAGE_LEN, PROT = PROT_READ | PROT_WRITE };

/* Checks that the VMA has all required flags and no other. */
static struct verdict has_properties(const void *address)
{
	static const char *const wanted[] = { "rd", "wr", "wf", "dd", "nr", "dp" };
	static const char *const unwanted[] = { "ex", "sh", "ms", "lo", "lf", "ac", "mg", "dc", "vg" };
	struct vma vma;

	REQUIRE(vma_at(address, &vma), "no mapping at %p", address);
	REQUIRE(!strcmp(vma.permissions, "rw-p"), "permissions are %s", vma.permissions);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		REQUIRE(vma_has(&vma, wanted[i]), "no %s among the flags%s", wanted[i], vma.vm_flags);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		REQUIRE(!vma_has(&vma, unwanted[i]), "%s among the flags%s", unwanted[i], vma.vm_flags);
	return pass("%s", vma.vm_flags);
}

struct verdict test_droppable_properties(void)
{
	unsigned char *memory = droppable_map(LEN);
	unsigned char *ordinary = mmap(NULL, LEN, PROT, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct vma vma;

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	/* Control: ordinary memory is accounted and is not droppable. */
	REQUIRE(vma_at(ordinary, &vma) && vma_has(&vma, "ac") && !vma_has(&vma, "dp") && !vma_has(&vma, "wf"),
		"ordinary memory has the flags%s", vma.vm_flags);
	/* mprotect() may account a mapping when it becomes writable. */
	REQUIRE(!mprotect(memory, LEN, PROT_READ) && !mprotect(memory, LEN, PROT), "mprotect: errno %d", errno);
	return has_properties(memory);
}

struct verdict test_droppable_combinations(void)
{
	static const int refused[] = {
		MAP_LOCKED, MAP_HUGETLB, MAP_GROWSDOWN, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE,
	};
	static const int taken[] = { 0, MAP_NORESERVE, MAP_POPULATE, MAP_STACK, MAP_32BIT, MAP_NONBLOCK };
	int flags = (int)opaque_params().mmap_flags, file = open("/proc/self/exe", O_RDONLY);
	unsigned char *memory;

	REQUIRE(flags && file >= 0, "flags %#x, file %d", flags, file);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		memory = mmap(NULL, LEN, PROT, flags | refused[i], -1, 0);
		REQUIRE(memory == MAP_FAILED && errno == EINVAL, "with flags %#x: %p, errno %d", refused[i],
			(void *)memory, errno);
	}
	memory = mmap(NULL, PAGE_LEN, PROT_READ, flags & ~MAP_ANONYMOUS, file, 0);
	REQUIRE(memory == MAP_FAILED && errno == EINVAL, "of a file: %p, errno %d", (void *)memory, errno);
	close(file);

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		unsigned long kb = taken[i] == MAP_POPULATE ? LEN / 1024 : 0;
		struct verdict verdict;
		struct vma vma;

		memory = mmap(NULL, LEN, PROT, flags | taken[i], -1, 0);
		REQUIRE(memory != MAP_FAILED, "with flags %#x: errno %d", taken[i], errno);
		verdict = has_properties(memory);
		if (!verdict.passed)
			return verdict;
		REQUIRE(vma_at(memory, &vma) && vma.rss_kb == kb, "with flags %#x %lu KiB are there", taken[i],
			vma.rss_kb);
		REQUIRE(!munmap(memory, LEN), "munmap: errno %d", errno);
	}
	return pass("%zu refused, %zu taken", sizeof(refused) / sizeof(refused[0]) + 1,
		    sizeof(taken) / sizeof(taken[0]));
}

/* The flags stay when a VMA is split, merged, moved and grown. */
struct verdict test_droppable_remap(void)
{
	unsigned char *memory = droppable_map(LEN), *moved, *neighbour;
	struct verdict verdict;
	struct vma vma;

	REQUIRE(memory != MAP_FAILED, "mmap: errno %d", errno);
	fill_pages(memory, PAGES, PATTERN_DROPPABLE);

	REQUIRE(!mprotect(memory + 2 * PAGE_LEN, PAGE_LEN, PROT_READ), "mprotect: errno %d", errno);
	for (int page = 0; page < 4; page++)
		REQUIRE(vma_at(memory + page * PAGE_LEN, &vma) && vma_has(&vma, "dp") && vma_has(&vma, "wf") &&
			vma_has(&vma, "dd"), "page %d of the split VMA has the flags%s", page, vma.vm_flags);
	REQUIRE(!mprotect(memory + 2 * PAGE_LEN, PAGE_LEN, PROT), "mprotect: errno %d", errno);
	REQUIRE(vma_at(memory, &vma) && vma.end == (unsigned long)memory + LEN, "the pieces did not merge");

	/* Move it and double its length. */
	moved = mremap(memory, LEN, 2 * LEN, MREMAP_MAYMOVE);
	REQUIRE(moved != MAP_FAILED, "mremap: errno %d", errno);
	REQUIRE(count_pattern(moved, PAGES, PATTERN_DROPPABLE) == PAGES, "content was lost in the move");
	verdict = has_properties(moved);
	if (!verdict.passed)
		return verdict;
	verdict = has_properties(moved + 2 * LEN - PAGE_LEN);
	if (!verdict.passed)
		return verdict;

	/* Adjacent ordinary memory must not merge with it. */
	REQUIRE(!munmap(moved + LEN, LEN), "munmap: errno %d", errno);
	neighbour = mmap(moved + LEN, LEN, PROT, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	REQUIRE(neighbour == moved + LEN, "mmap: errno %d", errno);
	REQUIRE(vma_at(moved, &vma) && vma.end == (unsigned long)neighbour && vma_at(neighbour, &vma) &&
		!vma_has(&vma, "dp"), "ordinary memory became part of it");
	return pass("split, joined, moved, grown and cut");
}
