/* SPDX-License-Identifier: GPL-2.0-only */
/* Generated from crates/vdso-abi by cargo xtask bless; do not edit. */
#ifndef __VDSO_VGETRANDOM_ABI_H
#define __VDSO_VGETRANDOM_ABI_H

/* Length of one opaque state, in bytes. */
#define VGETRANDOM_STATE_LEN 512

/* Offset of the count, the 32-bit number of unread bytes in the batch, and length of the batch. For tests only. */
#define VGETRANDOM_STATE_REMAINING 504
#define VGETRANDOM_BATCH_LEN 464

/* Protection and flags of mmap() for states, as __vdso_getrandom advertises. */
#define VGETRANDOM_STATE_MMAP_PROT 0x3
#define VGETRANDOM_STATE_MMAP_FLAGS 0x28

/* Offset of struct vdso_rng_data in the data page, in bytes. */
#define VGETRANDOM_RNG_DATA_OFFSET 640

/* Offsets of the members of struct vdso_rng_data and its length, in bytes. */
#define VGETRANDOM_RNG_DATA_GENERATION 0
#define VGETRANDOM_RNG_DATA_IS_READY 8
#define VGETRANDOM_RNG_DATA_SIMD 9
#define VGETRANDOM_RNG_DATA_LEN 16

/* Values of the member simd: the widest cipher that the object may use. */
#define VGETRANDOM_SIMD_SSE2 0
#define VGETRANDOM_SIMD_AVX2 1
#define VGETRANDOM_SIMD_AVX512VL 2

/* The ELF note whose descriptor is the number of vgetrandom_alloc. */
#define VGETRANDOM_NOTE_OWNER "vgetrandom"
#define VGETRANDOM_NOTE_TYPE_ALLOC_NR 1

#endif /* __VDSO_VGETRANDOM_ABI_H */
