/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Declarations that the guest tests share. They run as /init of a kernel with
 * vgetrandom and report over the console.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "../../kernel-glue/common/files/include/vdso/vgetrandom_abi.h"

enum { PAGE_LEN = 4096 };

/* verdict.c: the outcome of one test */

struct verdict {
	bool passed;
	char text[300]; /* figures when passed, else the reason */
};

struct verdict pass(const char *figures, ...) __attribute__((format(printf, 1, 2)));
struct verdict fail(const char *reason, ...) __attribute__((format(printf, 1, 2)));

/* Ends a test with its reason. */
#define REQUIRE(condition, ...)                                                \
	do {                                                                   \
		if (!(condition))                                              \
			return fail(__VA_ARGS__);                              \
	} while (0)

typedef struct verdict test_fn(void);

/* init.c: the machine and its console */

/* Mounts file systems and makes devices that the tests use. */
void machine_begin(void);
/* Prints the head of a KTAP report (Linux Documentation/dev-tools/ktap.rst) of so many tests. */
void report_plan(size_t tests);
/* Before a test, so that a hang names it, and after it. */
void report_begin(const char *name);
void report_end(const char *name, const struct verdict *verdict);
/* In place of both, for a test that this kernel cannot run. */
void report_skip(const char *name, const char *reason);
/* Ends the machine. */
int machine_end(void);

/* vdso.c: the image that the kernel mapped */

typedef ssize_t vgetrandom_fn(void *buffer, size_t len, unsigned int flags, void *state);
typedef ssize_t getrandom_fn(void *buffer, size_t len, unsigned int flags, void *state, size_t state_len);

struct vdso {
	const unsigned char *image;
	vgetrandom_fn *vgetrandom;
	getrandom_fn *getrandom;
	long alloc_nr; /* number of vgetrandom_alloc, or -1 */
};

extern struct vdso vdso;

/* Fills in struct vdso; /proc must be mounted. A missing function stays NULL, a missing number -1. */
void vdso_find(void);
/*
 * Whether draws are to go through the function of C libraries, with memory from mmap(): in a kernel
 * that has nothing else, "interface=getrandom" on its command line.
 */
bool by_getrandom(void);
/* An exported function with version LINUX_2.6, or NULL. */
void *vdso_function(const char *name);
/* Length of the image's loaded segment, in bytes. */
size_t vdso_image_len(void);

/* data_page.c: the kernel's side of the shared data */

struct rng_data {
	uint64_t generation;
	uint8_t is_ready;
	uint8_t simd;
};

/* Finds the data page of this kernel, for the functions below. */
void data_page_find(void);
/* Reads the default data page; it is zero in a time namespace that swaps the page. */
struct rng_data rng_data(void);
/* Reads the time-namespace data page; outside of a time namespace this may fault. */
struct rng_data timens_rng_data(void);
/* Whether time namespaces swap the page. */
bool timens_swaps_rng_data(void);
bool in_time_namespace(void);

/* reseed.c: makes the kernel reseed. Returns -1 with errno on failure. */
int reseed_now(void);

/* states.c: memory for states */

struct states {
	unsigned char *first; /* MAP_FAILED when there are none, then errno tells why */
	size_t num;
	size_t size_per_each;
};

/* The system call, as it is. Returns the address or -1 with errno. */
long vgetrandom_alloc(size_t *num, size_t *size_per_each, unsigned int flags);
/* At least num states, from the interface that is tested. */
struct states states_alloc(size_t num);
size_t states_len(const struct states *states);
int states_free(const struct states *states);

/* probe.c: memory mapped with the flags of the size probe */

/* The answer of the size probe (Linux include/uapi/linux/random.h, struct vgetrandom_opaque_params). */
struct opaque_params {
	uint32_t size_of_opaque_state;
	uint32_t mmap_prot;
	uint32_t mmap_flags;
	uint32_t reserved[13];
};

/* All zero where there is no such function. */
struct opaque_params opaque_params(void);
/* Maps len bytes with the flags of the size probe. Returns MAP_FAILED with errno. */
unsigned char *droppable_map(size_t len);
/* Whether the kernel has MAP_DROPPABLE without the glue, as since 6.11. */
bool has_own_droppable(void);

/* proc.c: mappings and accounting of this process, from /proc */

struct vma {
	unsigned long start, end;
	char permissions[5];
	char vm_flags[128]; /* with a space on either side of each flag */
	unsigned long rss_kb, locked_kb, swap_kb, huge_kb;
};

/* The mapping that holds an address. Returns false if there is none. */
bool vma_at(const void *address, struct vma *vma);
/*
 * Finds mappings whose name in brackets begins with name, in the order of their addresses, up to room of
 * them. Fills in address range and permissions only. Returns their number.
 */
size_t vmas_named(const char *name, struct vma *vmas, size_t room);
bool vma_has(const struct vma *vma, const char *vm_flag);
/* Locked memory of the process, in KiB. */
long locked_kb(void);
/* A number that changes with any mapping of the process. */
uint64_t mappings_hash(void);

/* limits.c: privileges and limits that the calling process lowers permanently */

/* All capabilities, CAP_IPC_LOCK among them, which stands above RLIMIT_MEMLOCK. */
bool drop_capabilities(void);
bool set_limit(int resource, rlim_t bytes);
/*
 * Other processors. A new page waits in a list of the processor that it was faulted in on, where MADV_PAGEOUT does not
 * find it from another one.
 */
bool stay_on_this_processor(void);

/* child.c: tests in a child process */

/* Forks, lets the child run the test, returns its verdict. */
struct verdict in_child(test_fn *test);
/* The same, and counts the system calls with this number that the child makes. */
struct verdict in_counted_child(test_fn *test, long nr, unsigned int *calls);

/* trapped.c: counting without a tracer */

/* From now on the getrandom system calls of this process are counted. Returns false where they cannot be. */
bool trap_calls(void);
/* Those of this thread. */
unsigned int trapped_calls(void);

/* vm_fork.c: the guest that is saved and cloned */

void vm_fork(void);

/* faults.c: draws that may fault */

/* Draws. Returns the address whose access faulted, or NULL; then *got is what the function returned. */
const void *faulting_draw(void *buffer, size_t len, void *state, ssize_t *got);

/* draws.c: helpers about random bytes */

enum { MANY_DRAWS = 10000, DRAW_LEN = 16 };

/* Makes MANY_DRAWS draws of DRAW_LEN bytes from a new state, and searches for duplicates. */
struct verdict many_draws(void);
/* Sorts the words and tells whether two are equal. */
bool has_duplicate(uint64_t *words, size_t count);

#endif /* GUEST_H */
