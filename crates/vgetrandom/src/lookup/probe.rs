// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The size probe: the length of a state and the arguments of its mapping.

#![expect(unsafe_code, reason = "calls into the vDSO")]

use crate::abi::{
    Getrandom, MAP_ANONYMOUS, MAP_DROPPABLE, MAP_FIXED, MAP_TYPE, OpaqueParams, PAGE_SIZE, PROT_READ_WRITE,
};
use crate::process::Vdso;
use core::ptr::null_mut;

/// Asks the function how to map its states. `None` if this library cannot use the answer.
///
/// # Safety
/// `function` is the vDSO's, with five arguments.
pub unsafe fn probe(function: Getrandom) -> Option<Vdso> {
    let mut params = OpaqueParams::default();
    // SAFETY: with these arguments the function writes 64 bytes to its fourth argument and nothing else.
    let result = unsafe { function(null_mut(), 0, 0, (&raw mut params).cast(), usize::MAX) };
    if result != 0 || !is_usable(&params) {
        return None;
    }
    Some(Vdso {
        function,
        state_len: params.size_of_opaque_state as usize,
        protection: params.mmap_prot,
        map_flags: params.mmap_flags,
    })
}

/// Whether states fit into pages and a fork wipes the mapping: otherwise parent and child would draw the same bytes.
fn is_usable(params: &OpaqueParams) -> bool {
    let OpaqueParams { size_of_opaque_state: len, mmap_prot, mmap_flags, .. } = *params;
    (1..=PAGE_SIZE).contains(&(len as usize))
        && mmap_prot == PROT_READ_WRITE
        && mmap_flags & MAP_TYPE == MAP_DROPPABLE
        && mmap_flags & MAP_ANONYMOUS != 0
        && mmap_flags & MAP_FIXED == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const USABLE: OpaqueParams = OpaqueParams {
        size_of_opaque_state: 144,
        mmap_prot: PROT_READ_WRITE,
        mmap_flags: MAP_DROPPABLE | MAP_ANONYMOUS,
        reserved: [0; 13],
    };

    #[test]
    fn probe_accepts_what_kernels_answer() {
        for size_of_opaque_state in [1, 144, 512, 1024, 4096] {
            assert!(is_usable(&OpaqueParams { size_of_opaque_state, ..USABLE }), "{size_of_opaque_state}");
        }
    }

    #[test]
    fn probe_refuses_states_that_fit_no_page() {
        for size_of_opaque_state in [0, 4097, u32::MAX] {
            assert!(!is_usable(&OpaqueParams { size_of_opaque_state, ..USABLE }), "{size_of_opaque_state}");
        }
    }

    #[test]
    fn probe_refuses_mappings_that_a_fork_copies() {
        let shared = 1;
        for kind in [0, shared, crate::abi::MAP_PRIVATE, shared | MAP_DROPPABLE] {
            let mmap_flags = kind | MAP_ANONYMOUS;
            assert!(!is_usable(&OpaqueParams { mmap_flags, ..USABLE }), "{kind}");
        }
    }

    #[test]
    fn probe_refuses_files_fixed_addresses_and_other_protections() {
        assert!(!is_usable(&OpaqueParams { mmap_flags: MAP_DROPPABLE, ..USABLE }));
        assert!(!is_usable(&OpaqueParams { mmap_flags: USABLE.mmap_flags | MAP_FIXED, ..USABLE }));
        assert!(!is_usable(&OpaqueParams { mmap_prot: 1, ..USABLE }));
        assert!(!is_usable(&OpaqueParams { mmap_prot: 7, ..USABLE }));
    }

    extern "C" fn refuses(_: *mut u8, _: usize, _: u32, _: *mut core::ffi::c_void, _: usize) -> isize {
        -38
    }

    #[test]
    fn probe_refuses_an_error() {
        // SAFETY: the function ignores its arguments.
        assert!(unsafe { probe(refuses) }.is_none());
    }
}
