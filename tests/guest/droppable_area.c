// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* MAP_DROPPABLE as an area: what it is made of, with what it can be asked for, and how it is cut and moved. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "marks.h"

enum { PAGES = 8, LEN = PAGES * PAGE_LEN, PROT = PROT_READ | PROT_WRITE };

/* Every flag that is to be there, and none that is not to be. */
static struct verdict has_properties(const void *address)
{
	static const char *const wanted[] = { "rd", "wr", "wf", "dd", "nr", "dp" };
	static const char *const unwanted[] = { "ex", "sh", "ms", "lo", "lf", "ac", "mg", "dc", "vg" };
	struct area area;

	REQUIRE(area_at(address, &area), "no mapping at %p", address);
	REQUIRE(!strcmp(area.permissions, "rw-p"), "permissions are %s", area.permissions);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		REQUIRE(area_has(&area, wanted[i]), "no %s among the flags%s", wanted[i], area.vm_flags);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		REQUIRE(!area_has(&area, unwanted[i]), "%s among the flags%s", unwanted[i], area.vm_flags);
	return pass("%s", area.vm_flags);
}

struct verdict test_droppable_properties(void)
{
	unsigned char *memory = droppable_map(LEN);
	unsigned char *ordinary = mmap(NULL, LEN, PROT, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct area area;

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	/* The control: other memory is accounted, and has none of the rest. */
	REQUIRE(area_at(ordinary, &area) && area_has(&area, "ac") && !area_has(&area, "dp") && !area_has(&area, "wf"),
		"ordinary memory has the flags%s", area.vm_flags);
	/* Becoming writable is where a mapping may come to be accounted later. */
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
		struct area area;

		memory = mmap(NULL, LEN, PROT, flags | taken[i], -1, 0);
		REQUIRE(memory != MAP_FAILED, "with flags %#x: errno %d", taken[i], errno);
		verdict = has_properties(memory);
		if (!verdict.passed)
			return verdict;
		REQUIRE(area_at(memory, &area) && area.rss_kb == kb, "with flags %#x %lu KiB are there", taken[i],
			area.rss_kb);
		REQUIRE(!munmap(memory, LEN), "munmap: errno %d", errno);
	}
	return pass("%zu refused, %zu taken", sizeof(refused) / sizeof(refused[0]) + 1,
		    sizeof(taken) / sizeof(taken[0]));
}

/* Both halves keep what they are when an area is split, moved, grown and joined again. */
struct verdict test_droppable_remap(void)
{
	unsigned char *memory = droppable_map(LEN), *moved, *neighbour;
	struct verdict verdict;
	struct area area;

	REQUIRE(memory != MAP_FAILED, "mmap: errno %d", errno);
	mark_pages(memory, PAGES, MARK_DROPPABLE);

	REQUIRE(!mprotect(memory + 2 * PAGE_LEN, PAGE_LEN, PROT_READ), "mprotect: errno %d", errno);
	for (int page = 0; page < 4; page++)
		REQUIRE(area_at(memory + page * PAGE_LEN, &area) && area_has(&area, "dp") && area_has(&area, "wf") &&
			area_has(&area, "dd"), "page %d of the split area has the flags%s", page, area.vm_flags);
	REQUIRE(!mprotect(memory + 2 * PAGE_LEN, PAGE_LEN, PROT), "mprotect: errno %d", errno);
	REQUIRE(area_at(memory, &area) && area.end == (unsigned long)memory + LEN, "the pieces were not joined");

	/* Away from its neighbours, and longer. */
	moved = mremap(memory, LEN, 2 * LEN, MREMAP_MAYMOVE);
	REQUIRE(moved != MAP_FAILED, "mremap: errno %d", errno);
	REQUIRE(count_marked(moved, PAGES, MARK_DROPPABLE) == PAGES, "content was lost in the move");
	verdict = has_properties(moved);
	if (!verdict.passed)
		return verdict;
	verdict = has_properties(moved + 2 * LEN - PAGE_LEN);
	if (!verdict.passed)
		return verdict;

	/* Ordinary memory beside it stays a mapping of its own. */
	REQUIRE(!munmap(moved + LEN, LEN), "munmap: errno %d", errno);
	neighbour = mmap(moved + LEN, LEN, PROT, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	REQUIRE(neighbour == moved + LEN, "mmap: errno %d", errno);
	REQUIRE(area_at(moved, &area) && area.end == (unsigned long)neighbour && area_at(neighbour, &area) &&
		!area_has(&area, "dp"), "ordinary memory became part of it");
	return pass("split, joined, moved, grown and cut");
}
