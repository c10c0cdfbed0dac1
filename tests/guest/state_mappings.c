// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* States in memory that was moved, protected, unmapped or shared. No bytes may repeat. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "guest.h"

enum { DRAWS = 100, WORDS_EACH = DRAW_LEN / sizeof(uint64_t), MOST_DRAWS = 64 * DRAWS };

/* All words that a test draws, in memory that it shares with its children. */
static uint64_t (*drawn)[WORDS_EACH];
static size_t *draws;

static struct verdict begin(void)
{
	const size_t len = PAGE_LEN + MOST_DRAWS * sizeof(*drawn);
	unsigned char *shared = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	REQUIRE(shared != MAP_FAILED, "no shared memory: errno %d", errno);
	draws = (size_t *)shared;
	drawn = (void *)(shared + PAGE_LEN);
	return pass("begun");
}

static struct verdict draw_some(unsigned char *state)
{
	for (int i = 0; i < DRAWS; i++, ++*draws) {
		ssize_t got;

		REQUIRE(*draws < MOST_DRAWS, "more draws than there is room for");
		got = vdso.vgetrandom(drawn[*draws], DRAW_LEN, 0, state);
		REQUIRE(got == DRAW_LEN, "returned %zd", got);
	}
	return pass("drawn");
}

/* Draws from a state, and ends the test that does so if that does not succeed. */
#define DRAW_SOME(state)                                                       \
	do {                                                                   \
		struct verdict drawing = draw_some(state);                     \
		if (!drawing.passed)                                           \
			return drawing;                                        \
	} while (0)

#define BEGIN()                                                                \
	do {                                                                   \
		struct verdict beginning = begin();                            \
		if (!beginning.passed)                                         \
			return beginning;                                      \
	} while (0)

static bool drew_twice(void)
{
	return has_duplicate(&drawn[0][0], *draws * WORDS_EACH);
}

/* Whether a buffer is as it was before a draw that faulted. */
static bool is_untouched(const unsigned char *buffer, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buffer[i] != 0x55)
			return false;
	return true;
}

static bool is_within(const void *address, const void *start, size_t len)
{
	return (const char *)address >= (const char *)start && (const char *)address < (const char *)start + len;
}

static const size_t other_lengths[] = { 0, 1, 144, VGETRANDOM_STATE_LEN - 1, VGETRANDOM_STATE_LEN + 1, PAGE_LEN };

enum { OTHER_LENGTHS = sizeof(other_lengths) / sizeof(other_lengths[0]) };

/* A checkpoint that is restored under another kernel has states of another length. */
struct verdict test_other_length(void)
{
	unsigned char before[VGETRANDOM_STATE_LEN], bytes[DRAW_LEN];
	unsigned char *state;
	unsigned int calls;
	ssize_t got;

	REQUIRE(vdso.getrandom, "the vDSO has no __vdso_getrandom");
	state = droppable_map(PAGE_LEN);
	REQUIRE(state != MAP_FAILED, "mmap: errno %d", errno);
	got = vdso.getrandom(bytes, DRAW_LEN, 0, state, VGETRANDOM_STATE_LEN);
	REQUIRE(got == DRAW_LEN, "with the right length: %zd", got);
	memcpy(before, state, sizeof(before));
	REQUIRE(trap_calls(), "no filter: errno %d", errno);
	for (size_t i = 0; i < OTHER_LENGTHS; i++) {
		calls = trapped_calls();
		got = vdso.getrandom(bytes, DRAW_LEN, 0, state, other_lengths[i]);
		REQUIRE(got == DRAW_LEN, "with length %zu: %zd", other_lengths[i], got);
		REQUIRE(trapped_calls() == calls + 1, "with length %zu: %u system calls", other_lengths[i],
			trapped_calls() - calls);
		REQUIRE(!memcmp(before, state, sizeof(before)), "with length %zu the state was used", other_lengths[i]);
	}
	return pass("%d lengths, a system call each", OTHER_LENGTHS);
}

struct verdict test_straddling_state(void)
{
	static const unsigned char fresh[VGETRANDOM_STATE_LEN];
	unsigned char *pages, bytes[DRAW_LEN];

	REQUIRE(vdso.getrandom, "the vDSO has no __vdso_getrandom");
	pages = droppable_map(2 * PAGE_LEN);
	REQUIRE(pages != MAP_FAILED, "mmap: errno %d", errno);
	for (size_t on_the_first = 0; on_the_first <= VGETRANDOM_STATE_LEN; on_the_first++) {
		unsigned char *state = pages + PAGE_LEN - on_the_first;
		bool straddles = on_the_first && on_the_first < VGETRANDOM_STATE_LEN;

		/* Through both entry points, and the system call leaves the memory alone. */
		memset(state, 0, VGETRANDOM_STATE_LEN);
		REQUIRE(vdso.getrandom(bytes, DRAW_LEN, 0, state, VGETRANDOM_STATE_LEN) == DRAW_LEN &&
			vdso.vgetrandom(bytes, DRAW_LEN, 0, state) == DRAW_LEN, "%zu bytes on the first page", on_the_first);
		REQUIRE(straddles == !memcmp(state, fresh, sizeof(fresh)), "%zu bytes on the first page: state %s",
			on_the_first, straddles ? "used" : "unused");
	}
	return pass("by system call at %d places", VGETRANDOM_STATE_LEN - 1);
}

static struct verdict draw_while_moving(void)
{
	static const char *const kept[] = { "rd", "wr", "lo", "wf", "dd", "vg" };
	struct states states = states_alloc(1);
	size_t len = states_len(&states);
	unsigned char *first, *second, *third;
	unsigned char bytes[DRAW_LEN];
	struct vma vma;
	ssize_t got;

	BEGIN();
	first = states.first;
	REQUIRE(first != MAP_FAILED, "no states: errno %d", errno);
	DRAW_SOME(first);

	second = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(mremap(first, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, second) == second, "mremap: errno %d", errno);
	REQUIRE(vma_at(second, &vma), "no mapping at %p", (void *)second);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		REQUIRE(vma_has(&vma, kept[i]), "%s was lost on the way:%s", kept[i], vma.vm_flags);
	DRAW_SOME(second);
	REQUIRE(is_within(faulting_draw(bytes, DRAW_LEN, first, &got), first, VGETRANDOM_STATE_LEN),
		"a draw at the old place did not fault there");

	/* The old mapping stays, without pages. */
	third = mremap(second, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	REQUIRE(third != MAP_FAILED && third != second, "MREMAP_DONTUNMAP: errno %d", errno);
	for (int i = 0; i < 3; i++) {
		DRAW_SOME(third);
		DRAW_SOME(second);
	}
	REQUIRE(!drew_twice(), "a word came twice");
	return pass("%zu draws at 3 places", *draws);
}

struct verdict test_state_moved(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(draw_while_moving, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	/* Two keys for the state, and two for the state that stays at last; the timer may reseed meanwhile. */
	REQUIRE(calls >= 4 && calls <= 8, "%u system calls", calls);
	return pass("%s, %u system calls", verdict.text, calls);
}

struct verdict test_state_read_only(void)
{
	static const int closed[] = { PROT_READ, PROT_NONE };
	static const size_t lens[] = { DRAW_LEN, 600 };
	unsigned char before[VGETRANDOM_STATE_LEN], bytes[600];
	struct states states = states_alloc(1);
	const void *fault;
	ssize_t got;

	BEGIN();
	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	for (size_t i = 0; i < 4; i++) {
		size_t len = lens[i / 2];

		DRAW_SOME(states.first);
		memcpy(before, states.first, sizeof(before));
		memset(bytes, 0x55, sizeof(bytes));
		REQUIRE(!mprotect(states.first, states_len(&states), closed[i % 2]), "mprotect: errno %d", errno);
		fault = faulting_draw(bytes, len, states.first, &got);
		REQUIRE(is_within(fault, states.first, VGETRANDOM_STATE_LEN), "%zu bytes: fault at %p", len, fault);
		REQUIRE(is_untouched(bytes, sizeof(bytes)), "%zu bytes: the buffer was written", len);
		REQUIRE(!mprotect(states.first, states_len(&states), PROT_READ | PROT_WRITE), "mprotect: errno %d",
			errno);
		REQUIRE(!memcmp(before, states.first, sizeof(before)), "%zu bytes: the state was written", len);
		DRAW_SOME(states.first);
	}
	REQUIRE(!drew_twice(), "a word came twice");
	return pass("faults with state and buffer as they were, %zu draws", *draws);
}

struct verdict test_states_partly_unmapped(void)
{
	enum { EACH_PAGE = PAGE_LEN / VGETRANDOM_STATE_LEN };
	struct states states = states_alloc(3 * EACH_PAGE);
	unsigned char bytes[DRAW_LEN], *page;
	const void *fault;
	ssize_t got;

	BEGIN();
	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	page = states.first + PAGE_LEN;
	for (unsigned char *state = states.first; state < states.first + states_len(&states); state += PAGE_LEN)
		DRAW_SOME(state);
	REQUIRE(!munmap(page, PAGE_LEN), "munmap: errno %d", errno);
	for (unsigned char *state = page; state < page + PAGE_LEN; state += VGETRANDOM_STATE_LEN) {
		fault = faulting_draw(bytes, sizeof(bytes), state, &got);
		REQUIRE(is_within(fault, state, VGETRANDOM_STATE_LEN), "fault at %p instead of %p", fault, (void *)state);
	}
	DRAW_SOME(page - VGETRANDOM_STATE_LEN);
	DRAW_SOME(page + PAGE_LEN);
	REQUIRE(!drew_twice(), "a word came twice");
	return pass("%d states fault, their neighbours do not", EACH_PAGE);
}

static unsigned char *shared_state;

static struct verdict draw_from_shared(void)
{
	unsigned int calls = trapped_calls();

	DRAW_SOME(shared_state);
	return pass("%u", trapped_calls() - calls);
}

/* One after the other: at the same time would be two threads on one state. */
struct verdict test_state_shared(void)
{
	enum { TURNS = 5 };
	struct verdict verdict;
	unsigned int calls = 0;

	BEGIN();
	shared_state = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(shared_state != MAP_FAILED && trap_calls(), "errno %d", errno);
	for (int turn = 0; turn < 2 * TURNS; turn++) {
		verdict = turn % 2 ? draw_from_shared() : in_child(draw_from_shared);
		if (!verdict.passed)
			return verdict;
		calls += verdict.text[0] - '0';
	}
	REQUIRE(*draws == 2 * TURNS * DRAWS, "%zu draws", *draws);
	REQUIRE(!drew_twice(), "parent and child drew the same word");
	REQUIRE(calls >= 2 && calls <= 4, "%u system calls", calls);
	return pass("%zu draws of parent and children in turn, %u system calls", *draws, calls);
}
