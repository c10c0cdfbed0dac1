// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Unwinds from every instruction of the mapped vDSO. The trap flag stops a call at each one. There
 * libgcc must find the caller, its stack pointer and its registers by the image's unwind tables.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unwind.h>

#include "guest.h"

/* The registers that a function preserves: their place in a signal frame and their DWARF number. */
static const struct {
	int saved_at;
	int dwarf;
} preserved[] = {
	{ REG_RBX, 3 }, { REG_RBP, 6 }, { REG_R12, 12 }, { REG_R13, 13 }, { REG_R14, 14 }, { REG_R15, 15 },
};

enum {
	PRESERVED = sizeof(preserved) / sizeof(preserved[0]),
	IMAGE_MAX = 1 << 16,
	FRAMES_MAX = 8,
	TRAP_FLAG = 0x100,
};

/* Expected frame of the caller, recorded at the first instruction of the call. */
static struct {
	bool known;
	unsigned long ip, sp, preserved[PRESERVED];
} caller;

static bool stopped_at[IMAGE_MAX]; /* by offset in the image */
static unsigned int instructions, stops;
static unsigned long first_failure; /* offset, or 0 */

struct search {
	int frames;
	bool found;
};

static _Unwind_Reason_Code look_at_frame(struct _Unwind_Context *frame, void *argument)
{
	struct search *search = argument;

	if (++search->frames > FRAMES_MAX)
		return _URC_END_OF_STACK;
	if (_Unwind_GetIP(frame) != caller.ip)
		return _URC_NO_REASON;
	search->found = _Unwind_GetCFA(frame) == caller.sp;
	for (int i = 0; i < PRESERVED; i++)
		search->found &= _Unwind_GetGR(frame, preserved[i].dwarf) == caller.preserved[i];
	return _URC_END_OF_STACK;
}

static void arrive(const gregset_t registers)
{
	const unsigned long *stack = (const unsigned long *)registers[REG_RSP];

	caller.known = true;
	caller.ip = *stack;
	caller.sp = (unsigned long)(stack + 1);
	for (int i = 0; i < PRESERVED; i++)
		caller.preserved[i] = registers[preserved[i].saved_at];
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *interrupted = context;
	unsigned long offset = interrupted->uc_mcontext.gregs[REG_RIP] - (unsigned long)vdso.image;
	struct search search = { 0 };

	(void)signal;
	(void)info;
	if (offset >= IMAGE_MAX || offset >= vdso_image_len())
		return; /* in the caller */
	if (vdso.image + offset == (const unsigned char *)vdso.vgetrandom && !caller.known)
		arrive(interrupted->uc_mcontext.gregs);
	stops++;
	/* The tables depend on the address only, so check each once. */
	if (stopped_at[offset])
		return;
	stopped_at[offset] = true;
	instructions++;
	_Unwind_Backtrace(look_at_frame, &search);
	if (!search.found && !first_failure)
		first_failure = offset;
}

static void set_trap_flag(bool on)
{
	if (on)
		__asm__ volatile("sub $128, %%rsp; pushfq; orl %0, (%%rsp); popfq; add $128, %%rsp"
				 : : "i"(TRAP_FLAG) : "cc", "memory");
	else
		__asm__ volatile("sub $128, %%rsp; pushfq; andl %0, (%%rsp); popfq; add $128, %%rsp"
				 : : "i"(~TRAP_FLAG) : "cc", "memory");
}

static ssize_t stepped_draw(void *buffer, size_t len, unsigned int flags, void *state)
{
	ssize_t got;

	caller.known = false;
	set_trap_flag(true);
	got = vdso.vgetrandom(buffer, len, flags, state);
	set_trap_flag(false);
	return got;
}

/* All use the same state in this order. */
static const struct {
	const char *path;
	size_t len;
	unsigned int flags;
} draws[] = {
	{ "new key and refill", 16, 0 },
	{ "hit of 1 byte", 1, 0 },
	{ "hit of 8 bytes", 8, 0 },
	{ "hit of 16 bytes", 16, 0 },
	{ "hit of 32 bytes", 32, 0 },
	{ "hit of 100 bytes", 100, 0 },
	{ "drained batch and refill", 450, 0 },
	{ "whole groups", 3000, 0 },
	{ "nothing", 0, 0 },
	{ "invalid flags", 16, 8 },
};

struct verdict test_unwind(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	struct states states = states_alloc(1);
	static unsigned char bytes[4096];
	unsigned int before;

	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(!sigaction(SIGTRAP, &action, NULL), "sigaction: errno %d", errno);
	for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++) {
		ssize_t wanted = draws[i].flags ? -EINVAL : (ssize_t)draws[i].len;
		ssize_t got;

		before = stops;
		got = stepped_draw(bytes, draws[i].len, draws[i].flags, states.first);
		REQUIRE(got == wanted, "%s: returned %zd", draws[i].path, got);
		REQUIRE(stops > before, "%s: no stop in the vDSO", draws[i].path);
		REQUIRE(!first_failure, "%s: no unwinding to the caller from offset %#lx of the image", draws[i].path,
			first_failure);
	}
	/* Without a state, the caller's frame is the system call's. */
	REQUIRE(stepped_draw(bytes, 16, 0, NULL) == 16, "without a state: short draw");
	REQUIRE(!first_failure, "without a state: no unwinding from offset %#lx of the image", first_failure);
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	return pass("%u instructions, %u stops", instructions, stops);
}
