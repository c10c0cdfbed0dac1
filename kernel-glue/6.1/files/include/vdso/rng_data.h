/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the random number generator shares with user space.
 */
#ifndef __VDSO_RNG_DATA_H
#define __VDSO_RNG_DATA_H

#include <linux/types.h>

/**
 * struct vdso_rng_data - read by the vDSO, written by the kernel only
 * @generation: changes whenever every key in user space has to be replaced;
 *		0 until the generator has been seeded fully, never afterwards
 * @is_ready: 1 once the generator has been seeded fully
 * @simd: the widest cipher that the vDSO may use, a VGETRANDOM_SIMD_ value
 *
 * The layout is ABI of the prebuilt object in the image.
 */
struct vdso_rng_data {
	u64 generation;
	u8 is_ready;
	u8 simd;
};

/* Defined in the page of shared data by the architecture. */
extern struct vdso_rng_data _vdso_rng_data;

#endif /* __VDSO_RNG_DATA_H */
