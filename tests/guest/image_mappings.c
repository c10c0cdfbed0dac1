// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * An image that was moved or unmapped, with or without its data pages. After that the child must
 * not ask its C library for the time: the library calls the image at its old address.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "guest.h"

/* A state with a key, and a copy of it from before the draw. */
static struct states states;
static unsigned char before[VGETRANDOM_STATE_LEN];

/* Longer than the batch, so that a draw also runs the cipher. */
static unsigned char bytes[600];

static struct verdict begin(void)
{
	states = states_alloc(1);
	REQUIRE(states.first != MAP_FAILED, "no states: errno %d", errno);
	REQUIRE(vdso.vgetrandom(bytes, DRAW_LEN, 0, states.first) == DRAW_LEN, "short draw");
	memcpy(before, states.first, sizeof(before));
	return pass("keyed");
}

static bool is_untouched(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (bytes[i] != 0x55)
			return false;
	return !memcmp(before, states.first, sizeof(before));
}

/* Checks that each draw from a state faults in the range before it writes state or buffer. Other draws succeed. */
static struct verdict faults_within(const unsigned char *start, const unsigned char *end)
{
	static const size_t lens[] = { 0, DRAW_LEN, sizeof(bytes) };
	ssize_t got;

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		const unsigned char *fault;

		memset(bytes, 0x55, sizeof(bytes));
		fault = faulting_draw(bytes, lens[i], states.first, &got);
		REQUIRE(fault >= start && fault < end, "%zu bytes: fault at %p, not within %p and %p", lens[i],
			(const void *)fault, (const void *)start, (const void *)end);
		REQUIRE(is_untouched(), "%zu bytes: state or buffer were written", lens[i]);
	}
	got = vdso.vgetrandom(bytes, DRAW_LEN, 0, NULL);
	REQUIRE(got == DRAW_LEN, "without a state: %zd", got);
	got = vdso.vgetrandom(bytes, DRAW_LEN, 8, states.first);
	REQUIRE(got == -EINVAL, "with bad flags: %zd", got);
	return pass("faults with state and buffer as they were");
}

/* The kernel maps the data pages in one piece or two. */
enum { MOST_PIECES = 4 };

/* Moves all mappings of this name by the same distance. */
static bool move_by(const char *name, ptrdiff_t distance)
{
	struct vma pieces[MOST_PIECES];
	size_t count = vmas_named(name, pieces, MOST_PIECES);

	for (size_t i = 0; i < count; i++) {
		unsigned char *from = (unsigned char *)pieces[i].start, *to = from + distance;
		size_t len = pieces[i].end - pieces[i].start;

		if (mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			return false;
	}
	return count;
}

/* Returns the start of the first data page. */
static unsigned char *data_pages(void)
{
	struct vma pieces[MOST_PIECES];

	return vmas_named("[vvar", pieces, MOST_PIECES) ? (unsigned char *)pieces[0].start : NULL;
}

/* Reserves address space for the data pages and the image. Returns its distance from them, or 0. */
static ptrdiff_t reserve(void)
{
	unsigned char *start = data_pages();
	size_t len = vdso.image + vdso_image_len() + PAGE_LEN - start;
	unsigned char *place = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return place == MAP_FAILED || !start ? 0 : place - start;
}

/* Moves the image and the pointers to its functions. */
static bool move_image(ptrdiff_t distance)
{
	if (!move_by("[vdso]", distance))
		return false;
	vdso.image += distance;
	vdso.vgetrandom = (vgetrandom_fn *)((unsigned char *)vdso.vgetrandom + distance);
	vdso.getrandom = (getrandom_fn *)((unsigned char *)vdso.getrandom + distance);
	return true;
}

static struct verdict draw_after_move(void)
{
	ptrdiff_t distance = reserve();
	uint64_t generation;

	REQUIRE(distance && begin().passed, "no room, or no key: errno %d", errno);
	generation = rng_data().generation;
	REQUIRE(move_by("[vvar", distance) && move_image(distance), "mremap: errno %d", errno);
	REQUIRE(rng_data().generation >= generation, "generation %lu at the new place", rng_data().generation);
	REQUIRE(vdso.vgetrandom(bytes, DRAW_LEN, 0, states.first) == DRAW_LEN, "short draw");
	REQUIRE(memcmp(before, states.first, sizeof(before)), "the state was not used");
	return many_draws();
}

struct verdict test_image_moved(void)
{
	unsigned int calls;
	struct verdict verdict = in_counted_child(draw_after_move, SYS_getrandom, &calls);

	if (!verdict.passed)
		return verdict;
	/* Two keys for each of two states; the timer may reseed meanwhile. */
	REQUIRE(calls >= 4 && calls <= 7, "%u system calls", calls);
	return pass("%s, %u system calls", verdict.text, calls);
}

struct verdict test_image_moved_alone(void)
{
	ptrdiff_t distance = reserve();
	unsigned char *start = data_pages() + distance, *end;
	struct verdict verdict;

	REQUIRE(distance && begin().passed, "no room, or no key: errno %d", errno);
	REQUIRE(move_image(distance), "mremap: errno %d", errno);
	end = (unsigned char *)vdso.image;
	verdict = faults_within(start, end);
	if (!verdict.passed)
		return verdict;
	/* A data page of zeros means that the generator is not ready. */
	memset(bytes, 0x55, sizeof(bytes));
	REQUIRE(!mprotect(start, end - start, PROT_READ), "mprotect: errno %d", errno);
	REQUIRE(trap_calls() && vdso.vgetrandom(bytes, DRAW_LEN, 0, states.first) == DRAW_LEN && trapped_calls() == 1,
		"%u system calls where the data pages are zero", trapped_calls());
	REQUIRE(!memcmp(before, states.first, sizeof(before)), "the state was used");
	return pass("%s, by system call where they are zero", verdict.text);
}

struct verdict test_data_pages_unmapped(void)
{
	unsigned char *start = data_pages(), *end = (unsigned char *)vdso.image;

	REQUIRE(start && begin().passed, "no data pages, or no key: errno %d", errno);
	REQUIRE(!munmap(start, end - start), "munmap: errno %d", errno);
	return faults_within(start, end);
}

struct verdict test_image_unmapped(void)
{
	struct vma image;
	const void *fault;
	ssize_t got;

	REQUIRE(vmas_named("[vdso]", &image, 1) == 1 && begin().passed, "no image, or no key: errno %d", errno);
	memset(bytes, 0x55, sizeof(bytes));
	REQUIRE(!munmap((void *)image.start, image.end - image.start), "munmap: errno %d", errno);
	fault = faulting_draw(bytes, DRAW_LEN, states.first, &got);
	REQUIRE(fault == (void *)vdso.vgetrandom, "fault at %p, the function was at %p", fault,
		(void *)vdso.vgetrandom);
	REQUIRE(is_untouched(), "state or buffer were written");
	return pass("faults at the function's address");
}
