// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* MAP_DROPPABLE and copies of a process: forks and core dumps. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "page_pattern.h"

enum { PAGES = 16, LEN = PAGES * PAGE_LEN };

static unsigned char *memory, *ordinary;

/* Maps and fills both. */
static struct verdict fill(void)
{
	memory = droppable_map(LEN);
	ordinary = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	fill_pages(memory, PAGES, PATTERN_DROPPABLE);
	fill_pages(ordinary, PAGES, PATTERN_ORDINARY);
	return pass("filled");
}

static struct verdict child_finds_zeros(void)
{
	struct vma vma;

	REQUIRE(count_pattern(ordinary, PAGES, PATTERN_ORDINARY) == PAGES, "ordinary memory was not copied");
	REQUIRE(count_zero(memory, PAGES) == PAGES, "%zu pages came through", PAGES - count_zero(memory, PAGES));
	REQUIRE(vma_at(memory, &vma) && vma_has(&vma, "dp") && vma_has(&vma, "wf") && vma_has(&vma, "dd"),
		"the flags in the child are%s", vma.vm_flags);
	fill_pages(memory, PAGES, PATTERN_PINNED);
	return pass("zero");
}

static struct verdict grandchild_finds_zeros(void)
{
	fill_pages(memory, PAGES, PATTERN_DROPPABLE);
	return in_child(child_finds_zeros);
}

struct verdict test_droppable_fork(void)
{
	struct verdict verdict = fill();

	if (verdict.passed)
		verdict = in_child(child_finds_zeros);
	if (verdict.passed)
		verdict = in_child(grandchild_finds_zeros);
	if (!verdict.passed)
		return verdict;
	REQUIRE(count_pattern(memory, PAGES, PATTERN_DROPPABLE) == PAGES, "the parent lost pages");
	return pass("zero in child and grandchild, kept by the parent");
}

/* Ends with a core dump of the working directory's file system. */
static void dump_core(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_CORE, &limit) || chdir("/"))
		_exit(1);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
}

struct verdict test_droppable_core_dump(void)
{
	struct verdict verdict = fill();
	int status = 0;
	pid_t child;

	if (!verdict.passed)
		return verdict;
	child = fork();
	if (!child) {
		/* The fork wiped these pages: fill them again, so that the dump must exclude them. */
		fill_pages(memory, PAGES, PATTERN_DROPPABLE);
		dump_core();
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "errno %d", errno);
	REQUIRE(WIFSIGNALED(status) && WCOREDUMP(status), "no core dump: status %#x", status);
	REQUIRE(count_pattern_in_file("/core", PATTERN_ORDINARY) == PAGES, "%ld pages of ordinary memory in it",
		count_pattern_in_file("/core", PATTERN_ORDINARY));
	REQUIRE(!count_pattern_in_file("/core", PATTERN_DROPPABLE), "%ld pages in it",
		count_pattern_in_file("/core", PATTERN_DROPPABLE));
	unlink("/core");
	return pass("no page in it, %d pages of ordinary memory", PAGES);
}
