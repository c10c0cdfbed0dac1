// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The guest that the host saves and clones. Callers, each a thread with its state, stop at a known
 * point. The guest then waits for a line on its console. In each clone all callers draw at once,
 * through the vDSO alone, and the host compares the output of the clones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

enum {
	/* Each draw of a caller is printed as this many digests. */
	PIECES = 4,
	LONGEST = 2048,
	/*
	 * The timer reseeds after half of the uptime, but a second at least. Past this many seconds
	 * it leaves two for saving and cloning.
	 */
	SETTLED = 4,
	/* Milliseconds for a caller to reach its point; a later one has failed. */
	PATIENCE = 20000,
};

/* The history of a state before the guest is saved. */
static const struct kind {
	const char *name;
	size_t drawn; /* bytes, by one call on a fresh state */
	uint32_t remaining; /* the count after that */
	size_t len; /* bytes of each draw in the clone */
	bool in_mid_call; /* the first of them began before the machine was saved */
} kinds[] = {
	{ "part_used", 100, VGETRANDOM_BATCH_LEN - 100, 32, false },
	{ "exhausted", VGETRANDOM_BATCH_LEN, 0, 96, false },
	{ "full", 512, VGETRANDOM_BATCH_LEN, 608, false },
	{ "in_mid_call", 100, VGETRANDOM_BATCH_LEN - 100, LONGEST, true },
};

/* Each has a caller of every kind. The one in a namespace is last, because all later children would be inside too. */
static const struct process {
	const char *name;
	bool in_time_namespace; /* reads the time-namespace data page */
	bool as_libraries_do; /* five arguments, and memory as the size probe says */
} processes[] = {
	{ "allocated", false, false },
	{ "droppable", false, true },
	{ "in_time_namespace", true, false },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), PROCESSES = sizeof(processes) / sizeof(processes[0]) };

/* Each caller writes a byte at its point, and then reads until the other end is closed. */
static int at_point[2], gate[2];

/* Verdicts of each process, in memory that /init shares. */
static struct verdict (*verdicts)[KINDS];

static uint64_t generation(void)
{
	return (in_time_namespace() ? timens_rng_data() : rng_data()).generation;
}

/* Async-signal-safe. */
static void wait_at_point(void)
{
	char byte = 0;

	if (write(at_point[1], &byte, 1) == 1)
		while (read(gate[0], &byte, 1) < 0 && errno == EINTR)
			;
}

/* The page that the buffer of a call in mid-call ends in, closed until the clone runs. */
static __thread unsigned char *closed_page;

static void on_sigsegv(int signal, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if ((unsigned char *)info->si_addr < closed_page || (unsigned char *)info->si_addr >= closed_page + PAGE_LEN) {
		/* Repeated on return, and then the end of the process. */
		sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
		return;
	}
	wait_at_point();
	mprotect(closed_page, PAGE_LEN, PROT_READ | PROT_WRITE);
	errno = saved;
}

/* FNV-1a, to compare by. */
static uint64_t digest(const unsigned char *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3;
	return hash;
}

static ssize_t draw(const struct process *process, void *buffer, size_t len, unsigned char *state)
{
	if (process->as_libraries_do)
		return vdso.getrandom(buffer, len, 0, state, VGETRANDOM_STATE_LEN);
	return vdso.vgetrandom(buffer, len, 0, state);
}

static struct verdict draw_twice(const struct process *process, const struct kind *kind, unsigned char *state)
{
	unsigned char *pages = mmap(NULL, 2 * PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t before = generation(), after;
	char digests[2 * PIECES * 17 + 1], *end = digests;
	unsigned char *buffer;
	unsigned int calls;
	uint32_t remaining;

	REQUIRE(pages != MAP_FAILED, "mmap: errno %d", errno);
	closed_page = pages + PAGE_LEN;
	/* A fresh state becomes idle with its second draw. */
	REQUIRE(draw(process, pages, 1, state) == 1, "short draw");
	REQUIRE(draw(process, pages, kind->drawn, state) == (ssize_t)kind->drawn, "short draw");
	memcpy(&remaining, state + VGETRANDOM_STATE_REMAINING, sizeof(remaining));
	REQUIRE(remaining == kind->remaining, "%u bytes left in the batch", remaining);
	calls = trapped_calls();
	REQUIRE(calls == 2, "%u system calls for the two keys", calls);
	/* In mid-call: half of the first draw is written before, past the batch and in the middle of a group. */
	buffer = kind->in_mid_call ? closed_page - kind->len / 2 : pages;
	if (kind->in_mid_call)
		REQUIRE(!mprotect(closed_page, PAGE_LEN, PROT_NONE), "mprotect: errno %d", errno);
	else
		wait_at_point();

	for (int i = 0; i < 2; i++) {
		ssize_t got = draw(process, buffer, kind->len, state);

		REQUIRE(got == (ssize_t)kind->len, "draw %d returned %zd", i, got);
		for (size_t at = 0; at < kind->len; at += kind->len / PIECES)
			end += sprintf(end, " %016lx", digest(buffer + at, kind->len / PIECES));
	}
	after = generation();
	return pass("generation %s, %u calls,%s", before == after ? "stayed" : "moved", trapped_calls() - calls, digests);
}

struct caller {
	int process, kind;
	unsigned char *state;
};

static void *run(void *argument)
{
	const struct caller *caller = argument;
	const struct process *process = &processes[caller->process];

	verdicts[caller->process][caller->kind] = draw_twice(process, &kinds[caller->kind], caller->state);
	return NULL;
}

static unsigned char *map_states(const struct process *process)
{
	if (!process->as_libraries_do)
		return states_alloc(KINDS).first;
	return vdso.getrandom ? droppable_map(PAGE_LEN) : MAP_FAILED;
}

/* Runs all callers of a process, each on its thread. */
static void run_all(int process)
{
	struct sigaction action = { .sa_sigaction = on_sigsegv, .sa_flags = SA_SIGINFO };
	unsigned char *states = map_states(&processes[process]);
	struct caller callers[KINDS];
	pthread_t threads[KINDS];

	if (states == MAP_FAILED || in_time_namespace() != processes[process].in_time_namespace ||
	    sigaction(SIGSEGV, &action, NULL) || !trap_calls())
		return;
	for (int i = 0; i < KINDS; i++) {
		callers[i] = (struct caller){ process, i, states + i * VGETRANDOM_STATE_LEN };
		if (pthread_create(&threads[i], NULL, run, &callers[i]))
			_exit(1);
	}
	for (int i = 0; i < KINDS; i++)
		pthread_join(threads[i], NULL);
}

static void start(int process)
{
	if (processes[process].in_time_namespace && unshare(CLONE_NEWTIME))
		return;
	if (fork())
		return;
	close(at_point[0]);
	close(gate[1]);
	run_all(process);
	_exit(0);
}

static void settle(void)
{
	struct timespec uptime;

	clock_gettime(CLOCK_MONOTONIC, &uptime);
	while (uptime.tv_sec < SETTLED) {
		nanosleep(&(struct timespec){ .tv_nsec = 50 * 1000 * 1000 }, NULL);
		clock_gettime(CLOCK_MONOTONIC, &uptime);
	}
}

/* Waits for all callers, up to PATIENCE for each, and then for the host. */
static void save_point(void)
{
	struct pollfd arrivals = { .fd = at_point[0], .events = POLLIN };
	int waiting = 0;
	char byte;

	while (waiting < PROCESSES * KINDS && poll(&arrivals, 1, PATIENCE) == 1 && read(at_point[0], &byte, 1) == 1)
		waiting++;
	printf("# waiting\n");
	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
		;
}

void vm_fork(void)
{
	unsigned char byte;

	verdicts = mmap(NULL, PROCESSES * sizeof(*verdicts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (verdicts == MAP_FAILED || pipe(at_point) || pipe(gate)) {
		struct verdict cannot = fail("no memory or no pipe: errno %d", errno);

		report_plan(1);
		report_begin("vm_fork");
		report_end("vm_fork", &cannot);
		return;
	}
	for (int i = 0; i < PROCESSES * KINDS; i++)
		verdicts[0][i] = fail("never came to its end");
	settle();
	/* The blocking draw makes the generator ready; the reseeding starts the timer's interval anew. */
	if (vdso.vgetrandom)
		vdso.vgetrandom(&byte, 1, 0, NULL);
	reseed_now();
	for (int i = 0; i < PROCESSES; i++)
		start(i);
	close(at_point[1]);
	save_point();
	close(gate[1]);
	while (wait(NULL) > 0)
		;
	report_plan(PROCESSES * KINDS);
	for (int i = 0; i < PROCESSES; i++)
		for (int j = 0; j < KINDS; j++) {
			char name[64];

			snprintf(name, sizeof(name), "%s_%s", kinds[j].name, processes[i].name);
			report_begin(name);
			report_end(name, &verdicts[i][j]);
		}
}
