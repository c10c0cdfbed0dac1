// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses M2 and M4: what a call leaves in registers and in the state.

use vdso_abi::state::GROUP_LEN;
use vdso_tests::registers::{dirty, vectors_after};
use vdso_tests::state::{Snapshot, StatePage, in_use};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, ciphers};

#[test]
fn m2_cipher_routines_leave_no_vector_register_dirty() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    let held = Snapshot { word: in_use(GENERATION), ..Snapshot::keyed(GENERATION, 1) };
    let state = page.state().as_ptr().addr();
    for cipher in ciphers() {
        for groups in 1..=3 {
            let mut out = vec![0u8; groups * GROUP_LEN];
            page.state().write(held);
            let arguments = [out.as_mut_ptr().addr(), state, 0, groups];
            // SAFETY: the arguments of a generate routine.
            let vectors = unsafe { vectors_after(vdso.routine("generate", cipher), arguments) };
            assert_eq!(dirty(&vectors), None, "{cipher:?}, generate {groups}: {vectors:x?}");
        }
        // With its mark, and with that of another.
        for mark in [held.word, held.word + 2] {
            page.state().write(held);
            // SAFETY: the arguments of a refill routine.
            let vectors = unsafe { vectors_after(vdso.routine("refill", cipher), [state, 0, mark as usize, 0]) };
            assert_eq!(dirty(&vectors), None, "{cipher:?}, refill: {vectors:x?}");
        }
    }
}

#[test]
fn m2_whole_calls_leave_no_vector_register_dirty() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    let function = vdso.image().function("__vdso_vgetrandom").expect("it was called before").as_ptr().addr();
    for cipher in ciphers() {
        vdso.data().set_simd(cipher.simd);
        for len in [1usize, 16, 32, 64, 464, 600, 1100, 2100] {
            let mut out = vec![0u8; len];
            page.state().write(Snapshot::keyed(GENERATION, 2).with_batch(70, 1));
            let arguments = [out.as_mut_ptr().addr(), len, 0, page.state().as_ptr().addr()];
            // SAFETY: the arguments of a call.
            let vectors = unsafe { vectors_after(function, arguments) };
            assert_eq!(dirty(&vectors), None, "{cipher:?}, {len} bytes: {vectors:x?}");
        }
    }
}

#[test]
fn m4_handed_out_bytes_are_zero_in_the_batch() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in ciphers() {
        vdso.data().set_simd(cipher.simd);
        for len in 1..=1500 {
            page.state().write(Snapshot::keyed(GENERATION, 3).with_batch(464, 1));
            assert_eq!(vdso.draw(&mut vec![0; len], page.state()), len as isize);
            let after = page.state().read();
            let (unread, handed_out) = after.batch.split_at(after.remaining as usize);
            assert!(handed_out.iter().all(|byte| *byte == 0), "{cipher:?}, {len} bytes: {after:?}");
            assert!(unread.len() < 8 || unread.iter().any(|byte| *byte != 0), "{cipher:?}, {len} bytes: {after:?}");
        }
    }
}
