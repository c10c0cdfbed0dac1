// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* States across fork: wiped, still locked, and with separate streams. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

/* Keyed in the parent, checked in the child. */
static struct states inherited;

static struct verdict alloc_keyed(void)
{
	unsigned char bytes[DRAW_LEN];

	inherited = states_alloc(16);
	REQUIRE(inherited.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(vdso.vgetrandom(bytes, sizeof(bytes), 0, inherited.first) == sizeof(bytes), "short draw");
	return pass("keyed");
}

static struct verdict is_wiped(void)
{
	for (size_t i = 0; i < states_len(&inherited); i++)
		REQUIRE(!inherited.first[i], "byte %zu of the states came through", i);
	return pass("%zu bytes of the states are zero", states_len(&inherited));
}

struct verdict test_fork_wipes(void)
{
	struct verdict verdict = alloc_keyed();

	if (!verdict.passed)
		return verdict;
	/* Control: there must be something to wipe. */
	REQUIRE(!is_wiped().passed, "the parent's state is zero after a draw");
	verdict = in_child(is_wiped);
	states_free(&inherited);
	return verdict;
}

/* Runs in the child: before it uses a state, after that, and after it unmaps them. */
static struct verdict is_locked(void)
{
	unsigned long kb = states_len(&inherited) / 1024;
	unsigned char bytes[DRAW_LEN];
	struct vma vma;

	REQUIRE(vma_at(inherited.first, &vma), "no mapping at %p", inherited.first);
	REQUIRE(vma_has(&vma, "lo") && vma_has(&vma, "wf") && vma_has(&vma, "dd"), "the flags are%s",
		vma.vm_flags);
	REQUIRE(!vma.rss_kb, "%lu KiB are there before the first use", vma.rss_kb);
	REQUIRE(locked_kb() == (long)kb, "%ld KiB accounted as locked", locked_kb());
	REQUIRE(vdso.vgetrandom(bytes, sizeof(bytes), 0, inherited.first) == sizeof(bytes), "short draw");
	REQUIRE(vma_at(inherited.first, &vma), "no mapping at %p", inherited.first);
	REQUIRE(vma.rss_kb == 4 && vma.locked_kb == 4, "%lu KiB there, %lu KiB locked", vma.rss_kb, vma.locked_kb);
	REQUIRE(!states_free(&inherited), "munmap: errno %d", errno);
	REQUIRE(!locked_kb(), "%ld KiB stay accounted as locked", locked_kb());
	return pass("%lu KiB accounted", kb);
}

static struct verdict grandchild_is_locked(void)
{
	return in_child(is_locked);
}

struct verdict test_fork_keeps_lock(void)
{
	struct verdict verdict = alloc_keyed();

	if (verdict.passed)
		verdict = in_child(is_locked);
	if (verdict.passed)
		verdict = in_child(grandchild_is_locked);
	states_free(&inherited);
	return verdict.passed ? pass("%s in child and grandchild", verdict.text) : verdict;
}

static void *lookalike;

static struct verdict lookalike_is_unlocked(void)
{
	struct vma vma;

	REQUIRE(vma_at(lookalike, &vma), "no mapping at %p", lookalike);
	REQUIRE(!vma_has(&vma, "lo"), "the flags are%s", vma.vm_flags);
	REQUIRE(!locked_kb(), "%ld KiB accounted as locked", locked_kb());
	return pass("unlocked in the child, as before");
}

/* A mapping that the program gave the same properties loses its lock on fork, as before. */
struct verdict test_fork_lookalike(void)
{
	struct vma vma;

	lookalike = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(lookalike != MAP_FAILED, "mmap: errno %d", errno);
	REQUIRE(!mlock2(lookalike, PAGE_LEN, MLOCK_ONFAULT) && !madvise(lookalike, PAGE_LEN, MADV_WIPEONFORK) &&
		!madvise(lookalike, PAGE_LEN, MADV_DONTDUMP), "errno %d", errno);
	REQUIRE(vma_at(lookalike, &vma) && vma_has(&vma, "lo"), "not locked in the parent");
	struct verdict verdict = in_child(lookalike_is_unlocked);

	munmap(lookalike, PAGE_LEN);
	return verdict;
}

enum { STREAM_WORDS = 1024, PROCESSES = 3 };

/* The words that parent, child and grandchild draw from the same state. */
static uint64_t (*streams)[STREAM_WORDS];

static struct verdict draw_stream(int process)
{
	ssize_t got = 0;

	for (size_t at = 0; at < sizeof(*streams); at += DRAW_LEN) {
		got = vdso.vgetrandom((unsigned char *)streams[process] + at, DRAW_LEN, 0, inherited.first);
		REQUIRE(got == DRAW_LEN, "returned %zd", got);
	}
	return pass("drawn");
}

static struct verdict draw_in_grandchild(void)
{
	return draw_stream(2);
}

static struct verdict draw_in_child(void)
{
	struct verdict verdict = draw_stream(1);

	return verdict.passed ? in_child(draw_in_grandchild) : verdict;
}

struct verdict test_fork_streams(void)
{
	struct verdict verdict = alloc_keyed();

	streams = mmap(NULL, PROCESSES * sizeof(*streams), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(streams != MAP_FAILED, "no shared memory: errno %d", errno);
	/* The children draw first: the parent then uses the key that a fork could have copied. */
	if (verdict.passed)
		verdict = in_child(draw_in_child);
	if (verdict.passed)
		verdict = draw_stream(0);
	if (!verdict.passed)
		return verdict;
	REQUIRE(!has_duplicate(streams[0], PROCESSES * STREAM_WORDS), "two of the processes drew the same word");
	munmap(streams, PROCESSES * sizeof(*streams));
	states_free(&inherited);
	return pass("%d processes, %d words each", PROCESSES, STREAM_WORDS);
}
