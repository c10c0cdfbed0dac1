// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Without memory for a droppable page the faulting thread waits, and the OOM killer does not run. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "guest.h"
#include "page_pattern.h"

#define LIMIT "1M"

enum {
	PAGES = 512,
	LEN = PAGES * PAGE_LEN,
	PAGES_PER_PIPE = 256,
	PAGES_PER_TABLE = 512,
	/* Charges that fail without a page in between: a fault that gets its page in the end has at most 16 of them. */
	FAILED_CHARGES = 40,
	LOOKS = 60000,
};

static unsigned char *memory;
static int pipes[PAGES / PAGES_PER_PIPE][2], file;

/* Shared by the process that runs short and the one that watches it from outside of the cgroup. */
static struct {
	atomic_size_t filled;
	atomic_bool is_stuck, has_read, has_ended;
	ssize_t got;
	int reason;
	struct verdict verdict;
} *shared;

/* Allocates all kernel memory that is charged to the process and that the OOM killer would run for. */
static bool prepare(void)
{
	memory = droppable_map(LEN);
	file = open("/proc/self/exe", O_RDONLY);
	if (memory == MAP_FAILED || file < 0)
		return false;
	for (size_t i = 0; i < PAGES / PAGES_PER_PIPE; i++)
		if (pipe(pipes[i]) || fcntl(pipes[i][1], F_SETPIPE_SZ, PAGES_PER_PIPE * PAGE_LEN) < 0)
			return false;
	/* A page table comes with the first fault, even of a page that is only read. */
	for (size_t page = 0; page < PAGES; page += PAGES_PER_TABLE)
		(void)*(volatile unsigned char *)(memory + page * PAGE_LEN);
	(void)*(volatile unsigned char *)(memory + LEN - 1);
	return true;
}

/* Fills page after page. A pipe holds each, so reclaim cannot drop one for the next. */
static void *fill(void *unused)
{
	for (size_t page = 0; page < PAGES; page++) {
		struct iovec one = { memory + page * PAGE_LEN, PAGE_LEN };

		fill_pages(one.iov_base, 1, PATTERN_PINNED);
		if (vmsplice(pipes[page / PAGES_PER_PIPE][1], &one, 1, 0) != PAGE_LEN)
			break;
		shared->filled++;
	}
	return unused;
}

/* A fault inside of a system call does not wait: read() must return EFAULT. */
static void *read_when_stuck(void *unused)
{
	while (!shared->is_stuck)
		usleep(1000);
	shared->got = read(file, memory + LEN - 2 * PAGE_LEN, PAGE_LEN);
	shared->reason = errno;
	shared->has_read = true;
	return unused;
}

static struct verdict run_short(void)
{
	pthread_t filler, reader;

	REQUIRE(prepare() && cgroup_join(), "errno %d", errno);
	REQUIRE(!pthread_create(&reader, NULL, read_when_stuck, NULL) && !pthread_create(&filler, NULL, fill, NULL),
		"no thread");
	pthread_join(reader, NULL);
	pthread_join(filler, NULL);
	REQUIRE(count_pattern(memory, PAGES, PATTERN_PINNED) == PAGES, "%zu of %d pages hold what they were given",
		count_pattern(memory, PAGES, PATTERN_PINNED), PAGES);
	return pass("filled in the end");
}

/* Waits until many charges failed while the number of filled pages stayed the same. */
static bool wait_until_stuck(void)
{
	size_t filled = 0;
	long failed = 0;

	for (int look = 0; look < LOOKS && !shared->has_ended; look++) {
		if (shared->filled != filled) {
			filled = shared->filled;
			failed = cgroup_events("max");
		} else if (filled && cgroup_events("max") >= failed + FAILED_CHARGES) {
			return true;
		}
		usleep(1000);
	}
	return false;
}

static struct verdict look_on(void)
{
	REQUIRE(wait_until_stuck(), "%zu pages filled, %ld charges failed, %s", shared->filled, cgroup_events("max"),
		shared->has_ended ? shared->verdict.text : "and no end of it");
	shared->is_stuck = true;
	for (int look = 0; look < LOOKS && !shared->has_read; look++)
		usleep(1000);
	REQUIRE(shared->has_read, "read does not return");
	REQUIRE(shared->got == -1 && shared->reason == EFAULT, "read returned %zd, errno %d", shared->got,
		shared->reason);
	REQUIRE(!cgroup_events("oom_kill"), "%ld processes were killed", cgroup_events("oom_kill"));
	return pass("waited at page %zu", shared->filled);
}

/* Ordinary memory of the same size in a cgroup of the same limit. */
static struct verdict fill_ordinary(void)
{
	unsigned char *ordinary = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(ordinary != MAP_FAILED && cgroup_join(), "errno %d", errno);
	fill_pages(ordinary, PAGES, PATTERN_ORDINARY);
	return pass("not killed");
}

static struct verdict control(void)
{
	struct verdict verdict;

	REQUIRE(cgroup_create("oom-control") && cgroup_set("memory.max", LIMIT), "no cgroup: errno %d", errno);
	verdict = in_child(fill_ordinary);
	REQUIRE(!verdict.passed && cgroup_events("oom_kill") == 1, "ordinary memory: %s, %ld killed", verdict.text,
		cgroup_events("oom_kill"));
	return pass("killed");
}

struct verdict test_droppable_no_oom_kill(void)
{
	struct verdict verdict = control(), seen;
	pid_t child;
	int status;

	if (!verdict.passed)
		return verdict;
	shared = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(shared != MAP_FAILED, "mmap: errno %d", errno);
	/* Touched here, so that the page is not charged to the cgroup. */
	shared->filled = 0;
	REQUIRE(cgroup_create("oom") && cgroup_set("memory.max", LIMIT), "no cgroup: errno %d", errno);

	child = fork();
	if (!child) {
		shared->verdict = run_short();
		shared->has_ended = true;
		_exit(0);
	}
	REQUIRE(child > 0, "fork: errno %d", errno);
	seen = look_on();
	if (!seen.passed || !cgroup_set("memory.max", "max"))
		kill(child, SIGKILL);
	REQUIRE(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
	if (!seen.passed)
		return seen;
	REQUIRE(shared->has_ended, "with more memory: status %#x", status);
	if (!shared->verdict.passed)
		return shared->verdict;
	return pass("%s of %d until there was more memory; ordinary memory was killed", seen.text, PAGES);
}
