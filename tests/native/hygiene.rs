// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses M2 and M4: what the routines leave in vector registers, and a call in the state.

use vdso_abi::state::{BATCH_LEN, GROUP_LEN};
use vdso_tests::aftermath::Aftermath;
use vdso_tests::state::{Snapshot, StatePage, in_use};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels};

#[test]
fn m2_cipher_routines_leave_no_vector_register_dirty() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    let held = Snapshot { word: in_use(GENERATION), ..Snapshot::keyed(GENERATION, 1) };
    let state = page.state().as_ptr().addr();
    for cipher in cpu_levels() {
        for groups in 1..=3 {
            let mut out = vec![0u8; groups * GROUP_LEN];
            page.state().write(held);
            let arguments = [out.as_mut_ptr().addr(), state, 0, groups, 0];
            // SAFETY: the arguments of a generate routine.
            let after = unsafe { Aftermath::of(vdso.routine("generate", cipher), arguments) };
            assert_eq!(after.dirty_vector(), None, "{cipher:?}, generate {groups}: {:x?}", after.vectors);
        }
        // With its in-use tag, and with that of another call.
        for tag in [held.word, held.word + 2] {
            page.state().write(held);
            // SAFETY: the arguments of a refill routine.
            let after = unsafe { Aftermath::of(vdso.routine("refill", cipher), [state, 0, tag as usize, 0, 0]) };
            assert_eq!(after.dirty_vector(), None, "{cipher:?}, refill: {:x?}", after.vectors);
        }
    }
}

#[test]
fn m4_handed_out_bytes_are_zero_in_the_batch() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        vdso.data().set_simd(cipher.simd);
        for len in 1..=1500 {
            page.state().write(Snapshot::keyed(GENERATION, 3).with_batch(BATCH_LEN, 1));
            assert_eq!(vdso.draw(&mut vec![0; len], page.state()), len as isize);
            let after = page.state().read();
            let (unread, handed_out) = after.batch.split_at(after.remaining as usize);
            assert!(handed_out.iter().all(|byte| *byte == 0), "{cipher:?}, {len} bytes: {after:?}");
            assert!(unread.len() < 8 || unread.iter().any(|byte| *byte != 0), "{cipher:?}, {len} bytes: {after:?}");
        }
    }
}
