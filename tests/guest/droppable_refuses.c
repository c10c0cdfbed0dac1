// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Requests that would keep, share or fill in the pages of MAP_DROPPABLE. Ordinary memory is the control of each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "page_pattern.h"

enum { HUGE_LEN = 2 << 20, LEN = 2 * HUGE_LEN, PROT = PROT_READ | PROT_WRITE };

#ifndef MADV_COLLAPSE
enum { MADV_COLLAPSE = 25 };
#endif

static unsigned char *ordinary_map(void)
{
	return mmap(NULL, LEN, PROT, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool has_flag(const void *address, const char *vm_flag)
{
	struct vma vma;

	return vma_at(address, &vma) && vma_has(&vma, vm_flag);
}

struct verdict test_droppable_madvise(void)
{
	static const struct {
		int advice, undo;
		const char *flag;
	} cases[] = {
		{ MADV_KEEPONFORK, MADV_WIPEONFORK, "wf" },
		{ MADV_DODUMP, MADV_DONTDUMP, "dd" },
	};
	/* Advice that succeeds and must not change the flags. */
	static const int harmless[] = {
		MADV_WIPEONFORK, MADV_DONTDUMP, MADV_FREE, MADV_COLD, MADV_DONTFORK, MADV_DOFORK, MADV_RANDOM,
		MADV_NORMAL, MADV_WILLNEED, MADV_UNMERGEABLE,
	};
	unsigned char *memory = droppable_map(LEN), *ordinary = ordinary_map();

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	fill_pages(memory, LEN / PAGE_LEN, PATTERN_DROPPABLE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		REQUIRE(!madvise(ordinary, LEN, cases[i].undo) && has_flag(ordinary, cases[i].flag) &&
			!madvise(ordinary, LEN, cases[i].advice) && !has_flag(ordinary, cases[i].flag),
			"ordinary memory does not take advice %d", cases[i].advice);
		REQUIRE(madvise(memory, LEN, cases[i].advice) == -1 && errno == EINVAL, "advice %d: errno %d",
			cases[i].advice, errno);
		REQUIRE(has_flag(memory, cases[i].flag), "no %s after advice %d", cases[i].flag, cases[i].advice);
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		REQUIRE(!madvise(memory, LEN, harmless[i]), "advice %d: errno %d", harmless[i], errno);
		REQUIRE(has_flag(memory, "dp") && has_flag(memory, "wf") && has_flag(memory, "dd"),
			"advice %d changed the flags", harmless[i]);
	}
	REQUIRE(!madvise(memory, LEN, MADV_DONTNEED) && count_zero(memory, LEN / PAGE_LEN) == LEN / PAGE_LEN,
		"MADV_DONTNEED leaves something");
	return pass("%zu refused, %zu harmless", sizeof(cases) / sizeof(cases[0]),
		    sizeof(harmless) / sizeof(harmless[0]));
}

struct verdict test_droppable_mlock(void)
{
	unsigned char *memory = droppable_map(LEN), *ordinary = ordinary_map(), *later;

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	REQUIRE(!mlock(ordinary, LEN) && has_flag(ordinary, "lo") && locked_kb() == LEN / 1024,
		"ordinary memory is not locked");
	REQUIRE(!munlock(ordinary, LEN), "munlock: errno %d", errno);

	REQUIRE(!mlock(memory, LEN), "mlock: errno %d", errno);
	REQUIRE(!has_flag(memory, "lo") && !locked_kb(), "mlock locks");
	REQUIRE(!mlock2(memory, LEN, MLOCK_ONFAULT), "mlock2: errno %d", errno);
	REQUIRE(!has_flag(memory, "lo") && !has_flag(memory, "lf") && !locked_kb(), "mlock2 locks");
	REQUIRE(!munlock(memory, LEN) && !locked_kb(), "munlock: errno %d, %ld KiB", errno, locked_kb());

	REQUIRE(!mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT), "mlockall: errno %d", errno);
	REQUIRE(has_flag(ordinary, "lo") && !has_flag(memory, "lo"), "mlockall locks the wrong one");
	long locked = locked_kb();

	later = droppable_map(LEN);
	REQUIRE(later != MAP_FAILED && !has_flag(later, "lo") && locked_kb() == locked, "a later one is locked");
	later = ordinary_map();
	REQUIRE(later != MAP_FAILED && has_flag(later, "lo") && locked_kb() == locked + LEN / 1024,
		"later ordinary memory is not locked");
	return pass("unlocked by mlock, mlock2 and mlockall");
}

/* Memory that is never locked needs no RLIMIT_MEMLOCK. */
struct verdict test_droppable_lock_limit(void)
{
	REQUIRE(!mlockall(MCL_FUTURE), "mlockall: errno %d", errno);
	REQUIRE(set_limit(RLIMIT_MEMLOCK, 0) && drop_capabilities(), "cannot lower: errno %d", errno);
	REQUIRE(ordinary_map() == MAP_FAILED && errno == EAGAIN, "ordinary memory: errno %d", errno);
	REQUIRE(droppable_map(LEN) != MAP_FAILED, "errno %d", errno);
	return pass("mapped without any allowance, ordinary memory refused");
}

struct verdict test_droppable_ksm(void)
{
	unsigned char *memory = droppable_map(LEN), *ordinary = ordinary_map();

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	REQUIRE(!madvise(ordinary, LEN, MADV_MERGEABLE) && has_flag(ordinary, "mg"), "no KSM: errno %d", errno);
	REQUIRE(!madvise(memory, LEN, MADV_MERGEABLE), "errno %d", errno);
	REQUIRE(!has_flag(memory, "mg"), "may be merged");
	return pass("advice ignored");
}

static int uffd_register(int uffd, void *address, uint64_t mode)
{
	struct uffdio_register registration = { .range = { (uint64_t)address, LEN }, .mode = mode };

	return ioctl(uffd, UFFDIO_REGISTER, &registration);
}

struct verdict test_droppable_userfaultfd(void)
{
	static const uint64_t modes[] = { UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP };
	unsigned char *memory = droppable_map(LEN), *ordinary = ordinary_map();
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	REQUIRE(uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api), "userfaultfd: errno %d", errno);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		REQUIRE(!uffd_register(uffd, ordinary, modes[i]), "ordinary memory: errno %d", errno);
		REQUIRE(uffd_register(uffd, memory, modes[i]) == -1 && errno == EINVAL, "mode %#lx: errno %d",
			modes[i], errno);
	}
	return pass("%zu modes refused", sizeof(modes) / sizeof(modes[0]));
}

/* Reclaim would drop or keep 512 pages of a huge page together. */
struct verdict test_droppable_huge_pages(void)
{
	unsigned char *memory = droppable_map(LEN), *ordinary = ordinary_map();
	struct vma vma;

	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	/* The part that a huge page fits into, wherever the mappings begin. */
	REQUIRE(!madvise(ordinary, LEN, MADV_HUGEPAGE), "ordinary memory: errno %d", errno);
	fill_pages(ordinary, LEN / PAGE_LEN, PATTERN_ORDINARY);
	REQUIRE(vma_at(ordinary, &vma) && vma.huge_kb, "ordinary memory has no huge page");

	REQUIRE(!madvise(memory, LEN, MADV_HUGEPAGE), "errno %d", errno);
	fill_pages(memory, LEN / PAGE_LEN, PATTERN_DROPPABLE);
	REQUIRE(vma_at(memory, &vma) && !vma.huge_kb, "%lu KiB in huge pages", vma.huge_kb);
	REQUIRE(madvise(memory, LEN, MADV_COLLAPSE) == -1 && errno == EINVAL, "MADV_COLLAPSE: errno %d", errno);
	REQUIRE(vma_at(memory, &vma) && !vma.huge_kb, "%lu KiB in huge pages", vma.huge_kb);
	return pass("none, by fault and by MADV_COLLAPSE");
}
