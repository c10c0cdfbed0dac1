/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data that the random number generator shares with user space.
 */
#ifndef __VDSO_RNG_DATA_H
#define __VDSO_RNG_DATA_H

#include <linux/types.h>

/**
 * struct vdso_rng_data - read by the vDSO, written by the kernel only
 * @generation: increments with each reseed, which outdates the keys in user
 *		space; 0 until the generator is fully seeded, never afterwards
 * @is_ready: 1 once the generator is fully seeded
 * @simd: the widest cipher that the vDSO may use, a VGETRANDOM_SIMD_ value
 *
 * The prebuilt object in the image depends on this layout.
 */
struct vdso_rng_data {
	u64 generation;
	u8 is_ready;
	u8 simd;
};

/* Defined by the architecture, in the data page. */
extern struct vdso_rng_data _vdso_rng_data;

#endif /* __VDSO_RNG_DATA_H */
