// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* MAP_DROPPABLE and copies of a process: forks and core dumps. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "marks.h"

enum { PAGES = 16, LEN = PAGES * PAGE_LEN };

static unsigned char *memory, *ordinary;

/* Maps and fills both. */
static struct verdict fill(void)
{
	memory = droppable_map(LEN);
	ordinary = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(memory != MAP_FAILED && ordinary != MAP_FAILED, "mmap: errno %d", errno);
	mark_pages(memory, PAGES, MARK_DROPPABLE);
	mark_pages(ordinary, PAGES, MARK_ORDINARY);
	return pass("filled");
}

static struct verdict child_finds_zeros(void)
{
	struct area area;

	REQUIRE(count_marked(ordinary, PAGES, MARK_ORDINARY) == PAGES, "ordinary memory was not copied");
	REQUIRE(count_zero(memory, PAGES) == PAGES, "%zu pages came through", PAGES - count_zero(memory, PAGES));
	REQUIRE(area_at(memory, &area) && area_has(&area, "dp") && area_has(&area, "wf") && area_has(&area, "dd"),
		"the flags in the child are%s", area.vm_flags);
	mark_pages(memory, PAGES, MARK_PINNED);
	return pass("zero");
}

static struct verdict grandchild_finds_zeros(void)
{
	mark_pages(memory, PAGES, MARK_DROPPABLE);
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
	REQUIRE(count_marked(memory, PAGES, MARK_DROPPABLE) == PAGES, "the parent lost pages");
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
		/* What the fork wiped has to be there to be left out. */
		mark_pages(memory, PAGES, MARK_DROPPABLE);
		dump_core();
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child, "errno %d", errno);
	REQUIRE(WIFSIGNALED(status) && WCOREDUMP(status), "no core dump: status %#x", status);
	REQUIRE(count_marked_in_file("/core", MARK_ORDINARY) == PAGES, "%ld pages of ordinary memory in it",
		count_marked_in_file("/core", MARK_ORDINARY));
	REQUIRE(!count_marked_in_file("/core", MARK_DROPPABLE), "%ld pages in it",
		count_marked_in_file("/core", MARK_DROPPABLE));
	unlink("/core");
	return pass("no page in it, %d pages of ordinary memory", PAGES);
}
