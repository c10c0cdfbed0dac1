/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Random bytes from the Linux kernel at the speed of its vDSO.
 *
 * The bytes are those of getrandom(2). Where the kernel's vDSO has getrandom, no system call is made; elsewhere one is. Each
 * thread has a state, which its first draw takes and its exit returns. Parent and child of a fork draw different bytes.
 * All functions except vgetrandom_state_new() and vgetrandom_state_free() are async-signal-safe.
 *
 * Link with -lvgetrandom, or ask pkg-config for vgetrandom.
 */
#ifndef VGETRANDOM_H
#define VGETRANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fills len bytes. Returns 0, or -1 with errno; then no drawn byte is in the buffer. Repeats interrupted calls. */
int vgetrandom_fill(void *buffer, size_t len);

/* Makes one call, with arguments, results and errors of getrandom(2). Returns a count, or -1 with errno. */
ssize_t vgetrandom_getrandom(void *buffer, size_t len, unsigned int flags);

/*
 * Draw a number; vgetrandom_uniform() one below bound, each with the same probability, and 0 if bound is 0. They cannot fail:
 * where the kernel refuses getrandom(2) they read /dev/urandom, and where that is missing too they abort the process.
 */
uint32_t vgetrandom_u32(void);
uint64_t vgetrandom_u64(void);
uint32_t vgetrandom_uniform(uint32_t bound);

/*
 * Maps all memory that the draws of so many threads need, the calling one included: after it the library makes no system call
 * but getrandom(2). Call it before the program enters a sandbox. Returns 0, or -1 with errno.
 */
int vgetrandom_prepare(unsigned int threads);

/* The source of the bytes. */
enum {
	VGETRANDOM_VDSO = 0,
	/* Each draw is a system call, because ... */
	VGETRANDOM_NO_VDSO = 1,       /* the kernel maps no vDSO */
	VGETRANDOM_NO_FUNCTION = 2,   /* the vDSO has no getrandom with five arguments */
	VGETRANDOM_STRANGE_PROBE = 3, /* the library cannot use the answer of its size probe */
	VGETRANDOM_NOT_READY = 4,     /* the kernel's generator is not seeded yet */
	VGETRANDOM_TOO_EARLY = 5,     /* the library's constructor has not run yet */
	VGETRANDOM_NO_THREAD_KEY = 6  /* the C library has no thread key left that is async-signal-safe */
};
int vgetrandom_source(void);

/*
 * A state that belongs to no thread, for runtimes that make their threads themselves. It may move between threads, but no two threads
 * may use it at the same time.
 */
typedef struct vgetrandom_state vgetrandom_state;

/* Returns NULL with errno if memory is refused. */
vgetrandom_state *vgetrandom_state_new(void);
/* Does nothing for NULL. */
void vgetrandom_state_free(vgetrandom_state *state);
/* As vgetrandom_fill(). */
int vgetrandom_state_fill(vgetrandom_state *state, void *buffer, size_t len);

#ifdef __cplusplus
}
#endif

#endif
