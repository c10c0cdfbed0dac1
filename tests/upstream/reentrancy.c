/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Shows the behaviour of a stock kernel's __vdso_getrandom when a signal handler
 * draws from the state of the call that it interrupts: docs/upstream-reentrancy.md.
 *
 *   reentrancy abandoned | wipe-abandoned | wipe-later-abandon | fork
 *
 * The program sets its trap flag, so that its SIGTRAP handler runs before each
 * instruction of the vDSO, where any signal could arrive. Exit code 0: no bytes
 * repeated, 1: bytes repeated, 2: not tried.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	LEN = 32,	/* bytes of each draw */
	PAGE = 4096,
	VDSO_LEN = 4 * PAGE,
	TRAP_FLAG = 0x100,
	MOST_OUTER = 400,	/* more instructions than a draw of LEN bytes has */
	MOST_INNER = 120,
	STRIDE = 8,	/* distance of the instructions of B at which it is abandoned; the first differs for each of A */
};

struct params {
	uint32_t state_len, prot, flags, reserved[13];
};

typedef ssize_t draw_fn(void *buffer, size_t len, unsigned int flags, void *state, size_t state_len);

/* The event that the handler makes before one instruction of the call A. */
enum event { ABANDONED, WIPE_ABANDONED, WIPE_LATER_ABANDON, FORK };

static draw_fn *vdso_draw;
static struct params params;
static unsigned char *state;
static uintptr_t vdso;

/* Of the current run; volatile, because the handler changes them. */
static volatile int steps, inner_steps, outer_at, inner_at, later_at, depth;
static volatile bool came_back;	/* the call returned before it was abandoned */
static volatile pid_t child;
static enum event event;
static sigjmp_buf first_handler, main_program;
static unsigned char a[LEN], b[LEN], later[2][LEN];

static ssize_t draw(unsigned char *buffer)
{
	return vdso_draw(buffer, LEN, 0, state, params.state_len);
}

static void set_trap_flag(void)
{
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
}

static void clear_trap_flag(void)
{
	__asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
}

/* The handler's draw B, abandoned by a second SIGTRAP before one of its instructions. */
static void draw_and_abandon(void)
{
	inner_steps = 0;
	depth = 1;
	if (!sigsetjmp(first_handler, 0)) {
		set_trap_flag();
		draw(b);
		clear_trap_flag();
		came_back = true;
	}
	depth = 0;
}

static void act(void)
{
	switch (event) {
	case WIPE_ABANDONED:
		memset(state, 0, PAGE);
		/* fallthrough */
	case ABANDONED:
		draw_and_abandon();
		break;
	case WIPE_LATER_ABANDON:
		memset(state, 0, PAGE);
		draw(b);
		break;
	case FORK:
		child = fork();
		if (!child)
			draw(b);
		break;
	}
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	if ((uintptr_t)registers[REG_RIP] - vdso >= VDSO_LEN)
		return;
	if (depth) {
		if (inner_steps++ == inner_at)
			siglongjmp(first_handler, 1);
		return;
	}
	if (steps == outer_at)
		act();
	if (steps == later_at)
		siglongjmp(main_program, 1);
	if (steps >= outer_at && steps >= later_at)
		registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	steps++;
}

/* Whether an eight-byte word is zero, or also occurs in another buffer. */
static bool has_word_of(const unsigned char *one, const unsigned char *other)
{
	for (int i = 0; i < LEN; i += 8) {
		uint64_t word;

		memcpy(&word, one + i, sizeof(word));
		for (int k = 0; word && k + 8 <= LEN; k++)
			if (!memcmp(&word, other + k, sizeof(word)))
				return true;
	}
	return false;
}

static bool has_zero_word(const unsigned char *bytes)
{
	static const unsigned char zeros[8];

	for (int i = 0; i < LEN; i += 8)
		if (!memcmp(bytes + i, zeros, sizeof(zeros)))
			return true;
	return false;
}

/* Runs once. Returns whether bytes repeated or were zero, or -1 if A returned before the event. */
static int run(void)
{
	volatile bool left = true;
	bool bad;

	memset(state, 0, PAGE);
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	/* Make a key and a batch, and read less of it than one draw of LEN bytes takes from a new batch. */
	vdso_draw(later[0], 8, 0, state, params.state_len);
	steps = 0;
	child = -1;
	came_back = false;
	if (!sigsetjmp(main_program, 0)) {
		set_trap_flag();
		draw(a);
		clear_trap_flag();
		left = false;
	}
	if (steps <= outer_at)
		return -1;
	if (event == WIPE_LATER_ABANDON && !left)
		came_back = true;
	draw(later[0]);
	draw(later[1]);
	bad = has_zero_word(later[0]) || has_zero_word(later[1]) || has_word_of(later[0], later[1]) ||
	      has_word_of(b, later[0]) || has_word_of(b, later[1]);
	if (!left)
		bad = bad || has_zero_word(a) || has_word_of(a, b) || has_word_of(a, later[0]) || has_word_of(a, later[1]);
	return bad;
}

/* Copies the words that this process drew after the fork. */
static void keep(unsigned char *kept)
{
	memcpy(kept, a, LEN);
	memcpy(kept + LEN, later[0], LEN);
	memcpy(kept + 2 * LEN, later[1], LEN);
	memcpy(kept + 3 * LEN, b, LEN);
}

/* A fork in the handler: whether a process, or parent and child, return a word twice. */
static int run_with_fork(unsigned char *from_child)
{
	unsigned char parents[4 * LEN];
	int status, bad = run();

	if (child < 0)
		return -1;
	keep(child ? parents : from_child);
	if (!child)
		_exit(bad);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	/* Equal bytes of A alone also come from a fork after its last check of the state. */
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 4; k++)
			if ((i || k) && has_word_of(parents + i * LEN, from_child + k * LEN))
				bad = 1;
	return bad || WEXITSTATUS(status);
}

static int prepare(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER };
	void *handle = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);

	vdso = getauxval(AT_SYSINFO_EHDR);
	vdso_draw = handle ? (draw_fn *)dlsym(handle, "__vdso_getrandom") : NULL;
	if (!vdso_draw || vdso_draw(NULL, 0, 0, &params, ~0UL)) {
		puts("this kernel has no __vdso_getrandom");
		return 2;
	}
	state = mmap(NULL, PAGE, params.prot, params.flags, -1, 0);
	if (state == MAP_FAILED || sigaction(SIGTRAP, &action, NULL)) {
		perror("mmap or sigaction");
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "abandoned", "wipe-abandoned", "wipe-later-abandon", "fork" };
	unsigned int runs = 0, bad = 0;
	unsigned char *from_child;
	int status, outcome = 0;

	for (event = ABANDONED; argc == 2 && event <= FORK && strcmp(argv[1], names[event]); event++)
		;
	if (argc != 2 || event > FORK) {
		fprintf(stderr, "usage: reentrancy abandoned|wipe-abandoned|wipe-later-abandon|fork\n");
		return 2;
	}
	status = prepare();
	if (status)
		return status;
	from_child = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (from_child == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (outer_at = 0; outer_at < MOST_OUTER && outcome >= 0; outer_at++) {
		int inner = event == FORK ? 1 : MOST_INNER / STRIDE;

		for (int i = 0; i < inner; i++) {
			inner_at = i * STRIDE + outer_at % STRIDE;
			later_at = event == WIPE_LATER_ABANDON ? outer_at + 1 + inner_at : -1;
			outcome = event == FORK ? run_with_fork(from_child) : run();
			if (outcome < 0 || came_back)
				break;
			runs++;
			bad += outcome;
		}
	}
	printf("%s: %u of %u runs returned bytes twice, or zeros\n", argv[1], bad, runs);
	return bad > 0;
}
