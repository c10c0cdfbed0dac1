// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Forks, with states on a page that is wiped in the child, and the count of system calls of an ordinary client.

use vdso_abi::state::KEY_LEN;
use vdso_tests::child::{Side, fork, in_child};
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage};
use vdso_tests::syscalls::{Answer, calls, forget, intercept};
use vdso_tests::{Vdso, cpu_levels};

const LEN: usize = 1200;

/// Draws on both sides of a fork; returns the parent's bytes and the child's, and ends the child.
fn both_sides(vdso: &Vdso, page: &StatePage, side: Side, room: &Pages) -> (Vec<u8>, Vec<u8>) {
    let mut bytes = vec![0; LEN];
    assert_eq!(vdso.draw(&mut bytes, page.state()), LEN as isize);
    exchange(bytes, side, room)
}

/// Hands the child's bytes to the parent, and ends the child.
fn exchange(bytes: Vec<u8>, side: Side, room: &Pages) -> (Vec<u8>, Vec<u8>) {
    if side.is_child() {
        // SAFETY: the shared page has room, and the parent reads it only after the child's end.
        unsafe { room.start().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
    side.join();
    (bytes, room.bytes()[..LEN].to_vec())
}

fn share_no_word(parent: &[u8], child: &[u8]) {
    assert!(child.iter().any(|byte| *byte != 0), "the child drew nothing");
    for word in parent.chunks_exact(8) {
        assert!(!child.windows(8).any(|bytes| bytes == word), "{word:x?} on both sides");
    }
}

#[test]
fn parent_and_child_draw_different_bytes() {
    for cipher in cpu_levels() {
        in_child(|| {
            let (vdso, page, room) = (Vdso::built(), StatePage::new(), Pages::shared(1));
            vdso.data().set_simd(cipher.simd);
            intercept(|_, _| Answer::Kernel);
            // K9: a fresh state has its key after two draws.
            assert_eq!(vdso.draw(&mut [0; 100], page.state()), 100);
            assert_eq!(vdso.draw(&mut [0; 100], page.state()), 100);
            forget();
            let side = fork();
            let fetches = usize::from(side.is_child());
            let (parent, child) = both_sides(&vdso, &page, side, &room);
            share_no_word(&parent, &child);
            // Only the parent is still here; the child has checked the same before it ended.
            assert_eq!(calls().len(), fetches);
        });
    }
}

/// K2: a fork in the middle of the key fetch gives both sides the same key; the child must not use it.
#[test]
fn k2_fork_during_the_key_fetch() {
    in_child(|| {
        let (vdso, page, room) = (Vdso::built(), StatePage::new(), Pages::shared(1));
        static SIDE: std::sync::Mutex<Option<Side>> = std::sync::Mutex::new(None);
        intercept(|number, _| {
            if number > 0 {
                return Answer::Kernel;
            }
            *SIDE.lock().expect("no panic is survived") = Some(fork());
            Answer::Bytes(vec![0x42; KEY_LEN])
        });
        let mut bytes = vec![0; LEN];
        assert_eq!(vdso.draw(&mut bytes, page.state()), LEN as isize);
        let side = SIDE.lock().expect("no panic is survived").take().expect("the key was fetched");
        let fetches = if side.is_child() { 2 } else { 1 };
        assert_eq!(calls().len(), fetches);
        let (parent, child) = exchange(bytes, side, &room);
        share_no_word(&parent, &child);
    });
}

#[test]
fn ten_thousand_draws_make_at_most_three_system_calls() {
    for cipher in cpu_levels() {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), StatePage::with(Snapshot::FRESH));
            vdso.data().set_simd(cipher.simd);
            intercept(|_, _| Answer::Kernel);
            let mut last = [0; 16];
            for _ in 0..10_000 {
                let mut buffer = [0; 16];
                assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
                assert_ne!(buffer, last);
                last = buffer;
            }
            assert!(calls().len() <= 3, "{} system calls", calls().len());
        });
    }
}
