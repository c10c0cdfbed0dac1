// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* vgetrandom_alloc: its results, and that a failed call changes nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "guest.h"

enum { STATES_PER_PAGE = PAGE_LEN / VGETRANDOM_STATE_LEN };

struct verdict test_alloc_rounding(void)
{
	static const struct {
		size_t asked, got;
	} cases[] = {
		{ 0, STATES_PER_PAGE },
		{ 1, STATES_PER_PAGE },
		{ STATES_PER_PAGE, STATES_PER_PAGE },
		{ STATES_PER_PAGE + 1, 2 * STATES_PER_PAGE },
		{ 1000, 1000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct states states = states_alloc(cases[i].asked);

		REQUIRE(states.first != MAP_FAILED, "%zu states: errno %d", cases[i].asked, errno);
		REQUIRE(states.num == cases[i].got, "%zu states became %zu", cases[i].asked, states.num);
		REQUIRE(states.size_per_each == VGETRANDOM_STATE_LEN, "%zu bytes each", states.size_per_each);
		REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	}
	return pass("%zu sizes, %d bytes each", sizeof(cases) / sizeof(cases[0]), VGETRANDOM_STATE_LEN);
}

struct verdict test_alloc_properties(void)
{
	static const char *const wanted[] = { "rd", "wr", "lo", "wf", "dd", "vg" };
	static const char *const unwanted[] = { "ex", "me", "sh", "ms", "dc" };
	struct states states = states_alloc(1000);
	struct vma vma;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(vma_at(states.first, &vma), "no mapping at %p", states.first);
	REQUIRE(vma.start == (unsigned long)states.first, "the mapping begins before the states");
	REQUIRE(vma.end - vma.start == states_len(&states), "the mapping is %#lx bytes long",
		vma.end - vma.start);
	REQUIRE(!strcmp(vma.permissions, "rw-p"), "permissions are %s", vma.permissions);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		REQUIRE(vma_has(&vma, wanted[i]), "no %s among the flags%s", wanted[i], vma.vm_flags);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		REQUIRE(!vma_has(&vma, unwanted[i]), "%s among the flags%s", unwanted[i], vma.vm_flags);
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("%s%s", vma.permissions, vma.vm_flags);
}

struct verdict test_alloc_on_fault(void)
{
	struct states states = states_alloc(8 * STATES_PER_PAGE);
	struct vma vma;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(vma_at(states.first, &vma), "no mapping at %p", states.first);
	REQUIRE(!vma.rss_kb, "%lu KiB are there before the first use", vma.rss_kb);

	/* mremap() faults in the new pages of a locked VMA, but not of one that is locked on fault. */
	states.num += STATES_PER_PAGE;
	states.first = mremap(states.first, states_len(&states) - PAGE_LEN, states_len(&states), MREMAP_MAYMOVE);
	REQUIRE(states.first != MAP_FAILED, "mremap: errno %d", errno);
	REQUIRE(vma_at(states.first, &vma), "no mapping at %p", states.first);
	REQUIRE(!vma.rss_kb, "%lu KiB are there after growth", vma.rss_kb);

	*(volatile unsigned char *)states.first = 0;
	REQUIRE(vma_at(states.first, &vma), "no mapping at %p", states.first);
	REQUIRE(vma.rss_kb == 4 && vma.locked_kb == 4, "one page used, %lu KiB there, %lu KiB locked", vma.rss_kb,
		vma.locked_kb);
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("0 KiB before use and after growth, %lu KiB locked after use of a page", vma.locked_kb);
}

struct verdict test_alloc_free(void)
{
	uint64_t before = mappings_hash();
	long locked = locked_kb();
	struct states states = states_alloc(100);

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(mappings_hash() != before, "the list of mappings does not show the states");
	REQUIRE(locked_kb() == locked + (long)(states_len(&states) / 1024), "%ld KiB accounted as locked",
		locked_kb() - locked);
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	REQUIRE(mappings_hash() == before, "something stays mapped");
	REQUIRE(locked_kb() == locked, "%ld KiB stay accounted as locked", locked_kb() - locked);
	return pass("%zu bytes mapped and gone", states_len(&states));
}

struct verdict test_alloc_bad_flags(void)
{
	static const unsigned int flags[] = { 1, 2, 0x80000000, 0xffffffff };
	uint64_t before = mappings_hash();
	size_t num = 3, size = 77;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		long got = vgetrandom_alloc(&num, &size, flags[i]);

		REQUIRE(got == -1 && errno == EINVAL, "flags %#x returned %#lx, errno %d", flags[i], got, errno);
	}
	REQUIRE(num == 3 && size == 77, "an output was written");
	REQUIRE(mappings_hash() == before, "something stays mapped");
	return pass("%zu values", sizeof(flags) / sizeof(flags[0]));
}

/* A writable page, a read-only page, and an unmapped page. */
static unsigned char *bad_places(void)
{
	unsigned char *pages = mmap(NULL, 3 * PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + PAGE_LEN, PAGE_LEN, PROT_READ) ||
	    munmap(pages + 2 * PAGE_LEN, PAGE_LEN))
		return NULL;
	return pages;
}

struct verdict test_alloc_bad_pointers(void)
{
	unsigned char *pages = bad_places();
	uint64_t before = mappings_hash();
	size_t num = 3, size = 77;

	REQUIRE(pages, "no pages: errno %d", errno);
	size_t *const bad[] = {
		NULL,
		(size_t *)8,
		(size_t *)(pages + PAGE_LEN),
		(size_t *)(pages + PAGE_LEN - 4),
		(size_t *)(pages + 2 * PAGE_LEN - 4),
		(size_t *)(pages + 2 * PAGE_LEN),
		(size_t *)0xffff888000000000,
		(size_t *)-8,
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long got = vgetrandom_alloc(bad[i], &size, 0);

		REQUIRE(got == -1 && errno == EFAULT, "num at %p returned %#lx, errno %d", (void *)bad[i], got, errno);
		got = vgetrandom_alloc(&num, bad[i], 0);
		REQUIRE(got == -1 && errno == EFAULT, "size at %p returned %#lx, errno %d", (void *)bad[i], got, errno);
		REQUIRE(num == 3 && size == 77, "an output was written with %p", (void *)bad[i]);
		REQUIRE(mappings_hash() == before, "something stays mapped with %p", (void *)bad[i]);
	}
	for (size_t i = 0; i < PAGE_LEN; i++)
		REQUIRE(!pages[i], "half an output was written");
	munmap(pages, 2 * PAGE_LEN);
	return pass("%zu places, either argument", sizeof(bad) / sizeof(bad[0]));
}

/* Numbers of states whose size overflows are clamped, and then fail for lack of memory. */
struct verdict test_alloc_too_many(void)
{
	static const size_t nums[] = {
		SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / VGETRANDOM_STATE_LEN, SIZE_MAX / VGETRANDOM_STATE_LEN + 2,
		(size_t)1 << 63, (size_t)1 << 47,
	};
	uint64_t before = mappings_hash();

	for (size_t i = 0; i < sizeof(nums) / sizeof(nums[0]); i++) {
		size_t num = nums[i], size = 77;
		long got = vgetrandom_alloc(&num, &size, 0);

		REQUIRE(got == -1 && errno == ENOMEM, "%#zx states returned %#lx, errno %d", nums[i], got, errno);
		REQUIRE(num == nums[i] && size == 77, "an output was written for %#zx states", nums[i]);
	}
	REQUIRE(mappings_hash() == before, "something stays mapped");
	return pass("%zu numbers", sizeof(nums) / sizeof(nums[0]));
}
