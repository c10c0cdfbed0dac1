// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * MAP_DROPPABLE under memory pressure: reclaim drops every page, also one that the kernel wrote to, and writes none to
 * swap. Ordinary memory keeps its content, and with swap its pages are found there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cgroup.h"
#include "guest.h"
#include "page_pattern.h"
#include "swap.h"

#ifndef MADV_SOFT_OFFLINE
enum { MADV_SOFT_OFFLINE = 101 };
#endif

enum { PAGES = 256, LEN = PAGES * PAGE_LEN, ROUNDS = 2, ATTEMPTS = 50 };

static unsigned char *memory, *ordinary, *pinned;
static int pipe_ends[2];

static struct verdict map_all(void)
{
	memory = droppable_map(LEN);
	/* Mapped between the other two, which would merge if they were adjacent. */
	ordinary = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pinned = droppable_map(PAGE_LEN);
	REQUIRE(memory != MAP_FAILED && pinned != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	fill_pages(ordinary, PAGES, PATTERN_ORDINARY);
	return pass("mapped");
}

static unsigned long rss_kb(const void *address)
{
	struct vma vma;

	return vma_at(address, &vma) ? vma.rss_kb : ~0UL;
}

/* Fills pages by the process, by the kernel, and one that a pipe holds, which reclaim cannot free. */
static struct verdict fill(void)
{
	fill_pages(memory, PAGES / 2, PATTERN_DROPPABLE);
	REQUIRE(fill_pages_by_kernel(memory + LEN / 2, PAGES / 2, PATTERN_DROPPABLE), "process_vm_writev: errno %d", errno);
	fill_pages(pinned, 1, PATTERN_PINNED);
	REQUIRE(!pipe(pipe_ends), "pipe: errno %d", errno);
	struct iovec page = { pinned, PAGE_LEN };
	REQUIRE(vmsplice(pipe_ends[1], &page, 1, 0) == PAGE_LEN, "vmsplice: errno %d", errno);
	REQUIRE(count_pattern(memory, PAGES, PATTERN_DROPPABLE) == PAGES, "pages were dropped before there was memory pressure");
	return pass("filled");
}

/* Reclaim skips recently used pages once or twice. */
static bool reclaim_until_gone(const void *address)
{
	for (int i = 0; i < ATTEMPTS && rss_kb(address); i++)
		cgroup_reclaim();
	return !rss_kb(address);
}

static struct verdict is_not_in_swap(void)
{
	struct vma vma;
	long found = count_pattern_in_file(SWAP_DEVICE, PATTERN_ORDINARY);

	REQUIRE(found > 0, "%ld pages of ordinary memory in swap, errno %d: this proves nothing", found, errno);
	REQUIRE(vma_at(ordinary, &vma) && vma.swap_kb, "no ordinary memory in swap");
	REQUIRE(!count_pattern_in_file(SWAP_DEVICE, PATTERN_DROPPABLE), "%ld pages reached swap",
		count_pattern_in_file(SWAP_DEVICE, PATTERN_DROPPABLE));
	REQUIRE(!count_pattern_in_file(SWAP_DEVICE, PATTERN_PINNED), "the pinned page reached swap");
	REQUIRE(vma_at(memory, &vma) && !vma.swap_kb, "%lu KiB in swap", vma.swap_kb);
	return pass("%ld pages of ordinary memory in swap, and none of it", found);
}

static struct verdict one_round(bool swap)
{
	struct verdict verdict = fill();

	if (!verdict.passed)
		return verdict;
	REQUIRE(reclaim_until_gone(memory), "%lu of %d KiB are still there", rss_kb(memory), LEN / 1024);
	REQUIRE(count_pattern(pinned, 1, PATTERN_PINNED) == 1, "the pinned page lost its content");
	/* Reclaim must drop the page once the pipe has released it. */
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	REQUIRE(reclaim_until_gone(pinned), "the page that was pinned is still there");
	if (swap)
		verdict = is_not_in_swap();
	if (!verdict.passed)
		return verdict;
	REQUIRE(count_zero(memory, PAGES) == PAGES && count_zero(pinned, 1) == 1, "a dropped page is not zero");
	REQUIRE(count_pattern(ordinary, PAGES, PATTERN_ORDINARY) == PAGES, "ordinary memory lost its content");
	return swap ? verdict : pass("%d pages", PAGES);
}

static struct verdict reclaim(const char *cgroup, bool swap, const char *lru_gen)
{
	struct verdict verdict;

	REQUIRE(cgroup_create(cgroup) && cgroup_join(), "no cgroup: errno %d", errno);
	REQUIRE(write_file("/sys/kernel/mm/lru_gen/enabled", lru_gen), "lru_gen: errno %d", errno);
	REQUIRE(!swap || swap_start(), "no swap: errno %d", errno);
	verdict = map_all();
	for (int round = 0; round < ROUNDS && verdict.passed; round++)
		verdict = one_round(swap);
	REQUIRE(!swap || swap_stop(), "swapoff: errno %d", errno);
	REQUIRE(write_file("/sys/kernel/mm/lru_gen/enabled", "n"), "lru_gen: errno %d", errno);
	return verdict;
}

struct verdict test_droppable_reclaim(void)
{
	return reclaim("reclaim", false, "n");
}

struct verdict test_droppable_reclaim_generations(void)
{
	return reclaim("reclaim-generations", false, "y");
}

struct verdict test_droppable_swap(void)
{
	return reclaim("swap", true, "n");
}

struct verdict test_droppable_swap_generations(void)
{
	return reclaim("swap-generations", true, "y");
}

/* Pages out by madvise() or process_madvise(). */
static struct verdict page_out(bool by_other)
{
	struct iovec ranges[] = { { memory, LEN }, { ordinary, LEN } };
	struct verdict verdict;
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	fill_pages(memory, PAGES, PATTERN_DROPPABLE);
	for (size_t i = 0; i < 2; i++) {
		if (by_other)
			REQUIRE(syscall(SYS_process_madvise, self, &ranges[i], 1, MADV_PAGEOUT, 0) == LEN,
				"process_madvise: errno %d", errno);
		else
			REQUIRE(!madvise(ranges[i].iov_base, LEN, MADV_PAGEOUT), "madvise: errno %d", errno);
	}
	close(self);
	REQUIRE(!rss_kb(memory), "%lu KiB are still there", rss_kb(memory));
	verdict = is_not_in_swap();
	if (!verdict.passed)
		return verdict;
	REQUIRE(count_zero(memory, PAGES) == PAGES, "a dropped page is not zero");
	REQUIRE(count_pattern(ordinary, PAGES, PATTERN_ORDINARY) == PAGES, "ordinary memory lost its content");
	return verdict;
}

struct verdict test_droppable_pageout(void)
{
	struct verdict verdict;

	REQUIRE(stay_on_this_processor() && swap_start(), "no swap: errno %d", errno);
	verdict = map_all();
	if (verdict.passed)
		verdict = page_out(false);
	if (verdict.passed)
		verdict = page_out(true);
	REQUIRE(swap_stop(), "swapoff: errno %d", errno);
	return verdict;
}

/* Returns the page frame number of a page, or 0 if none is mapped. */
static uint64_t frame_of(const void *address)
{
	uint64_t entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	ssize_t got = pread(pagemap, &entry, sizeof(entry),
			    (off_t)((uintptr_t)address / PAGE_LEN * sizeof(entry)));

	close(pagemap);
	return got == sizeof(entry) ? entry & ((1ULL << 55) - 1) : 0;
}

/* A migrated page is still droppable. */
struct verdict test_droppable_migrate(void)
{
	struct verdict verdict;
	uint64_t before;

	REQUIRE(cgroup_create("migrate") && cgroup_join(), "no cgroup: errno %d", errno);
	verdict = map_all();
	if (!verdict.passed)
		return verdict;
	fill_pages(memory, PAGES, PATTERN_DROPPABLE);
	before = frame_of(memory);
	REQUIRE(before, "no page frame: errno %d", errno);
	REQUIRE(!madvise(memory, PAGE_LEN, MADV_SOFT_OFFLINE), "MADV_SOFT_OFFLINE: errno %d", errno);
	REQUIRE(frame_of(memory) && frame_of(memory) != before, "the page did not move");
	REQUIRE(count_pattern(memory, PAGES, PATTERN_DROPPABLE) == PAGES, "the move lost its content");

	REQUIRE(swap_start(), "no swap: errno %d", errno);
	if (!reclaim_until_gone(memory))
		verdict = fail("%lu KiB are still there", rss_kb(memory));
	else
		verdict = is_not_in_swap();
	REQUIRE(swap_stop(), "swapoff: errno %d", errno);
	return verdict.passed ? pass("moved, then dropped: %s", verdict.text) : verdict;
}

/* Enough pages to be dropped before the OOM killer runs, and many times the size of a chunk. */
enum { MANY_PAGES = 8192, CHUNK_LEN = 2 << 20 };

/* The whole guest runs short of memory, and no advice names the droppable mapping. */
struct verdict test_droppable_low_memory(void)
{
	unsigned char *many = droppable_map(MANY_PAGES * PAGE_LEN), *hog;
	struct sysinfo info;
	size_t taken = 0, dropped = 0;

	REQUIRE(many != MAP_FAILED && !sysinfo(&info), "errno %d", errno);
	hog = mmap(NULL, info.totalram, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Huge pages, while there are any, fill memory much faster. */
	REQUIRE(hog != MAP_FAILED && !madvise(hog, info.totalram, MADV_HUGEPAGE), "errno %d", errno);
	fill_pages(many, MANY_PAGES, PATTERN_DROPPABLE);
	for (; rss_kb(many) > MANY_PAGES * (PAGE_LEN / 1024) / 2; taken += CHUNK_LEN)
		REQUIRE(!madvise(hog + taken, CHUNK_LEN, MADV_POPULATE_WRITE), "MADV_POPULATE_WRITE: errno %d", errno);
	for (size_t i = 0; i < MANY_PAGES; i++) {
		const unsigned char *page = many + i * PAGE_LEN;

		/* In this order, because reclaim may drop pages in between. */
		if (!count_pattern(page, 1, PATTERN_DROPPABLE)) {
			REQUIRE(count_zero(page, 1), "page %zu is neither whole nor zero", i);
			dropped++;
		}
	}
	return pass("%zu of %d pages dropped when %zu of %lu free MiB were taken", dropped, MANY_PAGES, taken >> 20,
		    info.freeram >> 20);
}
