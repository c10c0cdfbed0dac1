// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Generates the C header of the glue from the ABI facts of `crates/vdso-abi`.

use std::mem::{offset_of, size_of};
use vdso_abi::rng_data::{VdsoRngData, simd};
use vdso_abi::state::{BATCH_LEN, STATE_LEN, VgetrandomState};
use vdso_abi::{PAGE_SIZE, flags, note};
use vdso_link::layout::SHARED_PAGE;

/// Path of the header in the repository.
pub const PATH: &str = "kernel-glue/common/files/include/vdso/vgetrandom_abi.h";

/// Returns the header's text.
pub fn text() -> String {
    let rng_data_offset = SHARED_PAGE.vdso_rng_data.rem_euclid(PAGE_SIZE as i64);
    let generation = offset_of!(VdsoRngData, generation);
    let is_ready = offset_of!(VdsoRngData, is_ready);
    let simd = offset_of!(VdsoRngData, simd);
    let len = size_of::<VdsoRngData>();
    let (sse2, avx2, avx512vl) = (simd::SSE2, simd::AVX2, simd::AVX512VL);
    let (prot, map) = (flags::STATE_MMAP_PROT, flags::STATE_MMAP_FLAGS);
    let (state_len, remaining) = (STATE_LEN, offset_of!(VgetrandomState, remaining));
    let (owner, type_alloc_nr) = (note::OWNER, note::TYPE_ALLOC_NR);
    format!(
        r#"/* SPDX-License-Identifier: GPL-2.0-only */
/* Generated from crates/vdso-abi by cargo xtask bless; do not edit. */
#ifndef __VDSO_VGETRANDOM_ABI_H
#define __VDSO_VGETRANDOM_ABI_H

/* Length of one opaque state, in bytes. */
#define VGETRANDOM_STATE_LEN {state_len}

/* Offset of the count, the 32-bit number of unread bytes in the batch, and length of the batch. For tests only. */
#define VGETRANDOM_STATE_REMAINING {remaining}
#define VGETRANDOM_BATCH_LEN {BATCH_LEN}

/* Protection and flags of mmap() for states, as __vdso_getrandom advertises. */
#define VGETRANDOM_STATE_MMAP_PROT {prot:#x}
#define VGETRANDOM_STATE_MMAP_FLAGS {map:#x}

/* Offset of struct vdso_rng_data in the data page, in bytes. */
#define VGETRANDOM_RNG_DATA_OFFSET {rng_data_offset}

/* Offsets of the members of struct vdso_rng_data and its length, in bytes. */
#define VGETRANDOM_RNG_DATA_GENERATION {generation}
#define VGETRANDOM_RNG_DATA_IS_READY {is_ready}
#define VGETRANDOM_RNG_DATA_SIMD {simd}
#define VGETRANDOM_RNG_DATA_LEN {len}

/* Values of the member simd: the widest cipher that the object may use. */
#define VGETRANDOM_SIMD_SSE2 {sse2}
#define VGETRANDOM_SIMD_AVX2 {avx2}
#define VGETRANDOM_SIMD_AVX512VL {avx512vl}

/* The ELF note whose descriptor is the number of vgetrandom_alloc. */
#define VGETRANDOM_NOTE_OWNER "{owner}"
#define VGETRANDOM_NOTE_TYPE_ALLOC_NR {type_alloc_nr}

#endif /* __VDSO_VGETRANDOM_ABI_H */
"#
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    #[test]
    fn a_compiler_takes_the_header_and_sees_the_facts() {
        let mut probe = tempfile::Builder::new().suffix(".c").tempfile().unwrap();
        let text = super::text();
        let checks = "_Static_assert(VGETRANDOM_STATE_LEN == 512, \"state\");\n\
                      _Static_assert(VGETRANDOM_BATCH_LEN == 464, \"batch\");\n\
                      _Static_assert(VGETRANDOM_RNG_DATA_OFFSET == 640, \"offset\");\n\
                      _Static_assert(sizeof(VGETRANDOM_NOTE_OWNER) == 11, \"owner\");\n";
        write!(probe, "{text}{text}{checks}").unwrap();
        duct::cmd!("cc", "-Werror", "-Wall", "-fsyntax-only", probe.path()).run().unwrap();
    }
}
