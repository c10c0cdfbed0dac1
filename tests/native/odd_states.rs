// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses O1 to O5, O7 and O9: states that were moved, closed, half unmapped, shared or restored, and an image whose data
//! pages are gone. The guest asks the same of a real kernel, and moves and unmaps its image.

use crate::entry::{ANSWER, full, goes_to_the_kernel};
use crate::reentrancy::{Interrupted, PLACES, answer, drawn_afresh, everywhere, key_of};
use rustix::mm::{MprotectFlags, mprotect};
use std::ptr::null_mut;
use std::sync::Arc;
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::GRND_RANDOM;
use vdso_abi::state::{BATCH_LEN, STATE_LEN};
use vdso_link::layout::SHARED_PAGE;
use vdso_tests::child::{Outcome, fork, in_child, outcome};
use vdso_tests::faults::die_on_fault;
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage, StatePtr, idle, in_use};
use vdso_tests::syscalls::{Answer, calls, forget, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, model};

/// Lengths on every path.
const LENS: [usize; 6] = [1, 16, 33, BATCH_LEN, 600, 5000];

/// The first state on these pages.
fn state_on(pages: &Pages) -> StatePtr {
    // SAFETY: a page is longer than a state, and tests that move or close it die of a use, which is what they want.
    unsafe { StatePtr::new(pages.start()) }
}

/// Draws, and holds the bytes against what the state must give.
fn draw_as_modelled(vdso: &Vdso, state: StatePtr, expected: &mut Snapshot, len: usize) {
    let mut bytes = vec![0; len];
    assert_eq!(vdso.draw(&mut bytes, state), len as isize);
    assert_eq!(bytes, model::draw(expected, len), "{len} bytes");
    assert_eq!(state.read(), *expected, "{len} bytes");
}

#[test]
fn o1_moved_state_goes_on_and_leaves_a_fresh_one() {
    for len in LENS {
        in_child(|| {
            let (vdso, old, new, last) = (Vdso::built(), Pages::new(1), Pages::new(1), Pages::new(1));
            let mut expected = full();
            state_on(&old).write(expected);
            intercept(answer);
            draw_as_modelled(&vdso, state_on(&old), &mut expected, len);
            old.move_contents_to(&new);
            draw_as_modelled(&vdso, state_on(&new), &mut expected, len);
            assert_eq!((state_on(&old).read(), calls()), (Snapshot::FRESH, vec![]));

            let (bytes, mut afresh) = drawn_afresh(0, len);
            let mut drawn = vec![0; len];
            assert_eq!((vdso.draw(&mut drawn, state_on(&old)), calls().len()), (len as isize, 1));
            assert_eq!((drawn, state_on(&old).read()), (bytes, afresh));
            new.move_to(&last);
            draw_as_modelled(&vdso, state_on(&last), &mut expected, len);
            // K9: the second key of a state that was found fresh.
            model::rekey(&mut afresh, GENERATION, key_of(1));
            draw_as_modelled(&vdso, state_on(&old), &mut afresh, len);
            assert_eq!(calls().len(), 2);
        });
    }
}

/// The old place reads as zero, so it is a wipe for the call; the state that went away keeps its tag.
#[test]
fn o2_state_moved_in_mid_call_starts_over() {
    everywhere(|simd, contents, place| {
        let new = Arc::new(Pages::new(1));
        let to = new.clone();
        let call = Interrupted::new(simd, contents, place, move |_, page| page.pages().move_contents_to(&to));
        let (bytes, after) = drawn_afresh(0, call.len);
        assert_eq!(call.run(), bytes);
        assert_eq!((call.page.state().read(), calls().len()), (after, 1));

        let moved = state_on(&new);
        assert_eq!(moved.word(), in_use(GENERATION));
        let (mut buffer, before) = ([0; 16], moved.read());
        assert_eq!((call.vdso.draw(&mut buffer, moved), calls().len()), (16, 2));
        assert_eq!((calls()[1].buffer, moved.read()), (buffer.as_ptr().addr(), before), "the kernel's own bytes");
    });
}

#[test]
fn o2_state_unmapped_in_mid_call_faults() {
    for place in PLACES {
        for remaining in [BATCH_LEN, 0] {
            let died = outcome(|| {
                let contents = Snapshot::keyed(GENERATION, 1).with_batch(remaining, 33);
                let new = Pages::new(1);
                let call = Interrupted::new(0, contents, place, move |_, page| page.pages().move_to(&new));
                call.run();
            });
            assert_eq!(died, Outcome::Killed(libc::SIGSEGV), "{place:?} of {remaining}");
        }
    }
}

/// A draw that dies by a fault, and has not changed `len` bytes of buffer and the state by then.
fn dies_untouched(vdso: &Vdso, page: &StatePage, len: usize, close: impl FnOnce()) {
    let (buffer, before) = (Pages::shared(2), page.state().read());
    // SAFETY: the pages are writable, and no reference to them is held.
    unsafe { buffer.start().write_bytes(0x55, 2 * PAGE_SIZE) };
    let died = outcome(|| {
        die_on_fault();
        close();
        // SAFETY: the buffer is writable.
        unsafe { vdso.call(buffer.start(), len, 0, page.state()) };
    });
    assert_eq!(died, Outcome::Killed(libc::SIGSEGV), "{len} bytes, {before:?}");
    assert_eq!(page.state().read(), before, "{len} bytes");
    assert!(buffer.bytes().iter().all(|byte| *byte == 0x55), "{len} bytes were written, {before:?}");
}

/// An idle state, one of an earlier generation, and a fresh one.
fn usable() -> [Snapshot; 3] {
    [full(), Snapshot::keyed(GENERATION - 1, 1).with_batch(BATCH_LEN, 21), Snapshot::FRESH]
}

fn set_access(state: StatePtr, access: MprotectFlags) {
    // SAFETY: the page is the test's own, and no reference to it is held.
    unsafe { mprotect(state.as_ptr(), PAGE_SIZE, access) }.expect("mprotect of own pages");
}

#[test]
fn o3_state_that_cannot_be_written_faults_before_anything_is_drawn() {
    for contents in usable() {
        for len in LENS {
            for access in [MprotectFlags::READ, MprotectFlags::empty()] {
                let (vdso, page) = (Vdso::built(), StatePage::shared());
                page.state().write(contents);
                dies_untouched(&vdso, &page, len, || set_access(page.state(), access));
            }
        }
    }
}

/// A call that only checks the tag needs no more than a readable state.
#[test]
fn o3_read_only_state_in_use_goes_to_the_kernel() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(Snapshot { word: in_use(GENERATION), ..full() }));
        set_access(page.state(), MprotectFlags::READ);
        intercept(|_, _| Answer::Error(ANSWER));
        let mut buffer = [0; 600];
        for len in [1, 16, 600] {
            // SAFETY: the buffer is writable.
            unsafe { goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), len, 0, page.state(), STATE_LEN) };
        }
    });
}

/// How much of a state that lies on two pages is on the first: its key and a part of its batch.
const ON_THE_FIRST: usize = 256;

/// The state that lies on both of two pages.
fn straddling(contents: Snapshot) -> (Pages, StatePtr) {
    let pages = Pages::shared(2);
    // SAFETY: both pages are writable.
    let state = unsafe { StatePtr::new(pages.start().wrapping_add(PAGE_SIZE - ON_THE_FIRST)) };
    state.write(contents);
    (pages, state)
}

#[test]
fn o4_state_on_two_pages_goes_to_the_kernel_without_either() {
    for missing in [None, Some(0), Some(1)] {
        for contents in usable() {
            in_child(|| {
                let (vdso, (pages, state)) = (Vdso::built(), straddling(contents));
                die_on_fault();
                missing.inspect(|page| pages.close(*page));
                intercept(|_, _| Answer::Error(ANSWER));
                let mut buffer = vec![0; 5000];
                for len in LENS {
                    // SAFETY: the buffer is writable; the state is not touched.
                    unsafe {
                        goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), len, 0, state, STATE_LEN);
                        assert_eq!(vdso.call(buffer.as_mut_ptr(), len, 0, state), -(ANSWER as isize), "{len} bytes");
                    }
                }
                missing.inspect(|page| pages.open(*page));
                assert_eq!(state.read(), contents, "{missing:?}");
            });
        }
    }
}

#[test]
fn o5_shared_state_serves_parent_and_child_in_turn() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::shared());
        let mut expected = full();
        page.state().write(expected);
        intercept(|_, _| Answer::Error(ANSWER));
        for len in LENS {
            draw_as_modelled(&vdso, page.state(), &mut expected, len);
            let side = fork();
            if side.is_child() {
                draw_as_modelled(&vdso, page.state(), &mut expected, len);
                assert_eq!(calls(), []);
            } else {
                // The state that the child must have.
                model::draw(&mut expected, len);
            }
            side.join();
        }
        assert_eq!((page.state().read(), calls()), (expected, vec![]));
    });
}

/// Closes the page in which the image looks for the generation.
fn close_data_page(vdso: &Vdso) {
    let rng_data = vdso.image().base().as_ptr().wrapping_offset(SHARED_PAGE.vdso_rng_data as isize);
    let page = rng_data.wrapping_sub(rng_data.addr() % PAGE_SIZE);
    // SAFETY: the page is one of data pages, to which no reference is held.
    unsafe { mprotect(page.cast(), PAGE_SIZE, MprotectFlags::empty()) }.expect("mprotect of a data page");
}

#[test]
fn o7_without_data_pages_a_call_faults_before_it_touches_state_or_buffer() {
    let in_use = Snapshot { word: in_use(GENERATION), ..full() };
    for contents in usable().into_iter().chain([in_use]) {
        for len in LENS.into_iter().chain([0]) {
            let (vdso, page) = (Vdso::built(), StatePage::shared());
            page.state().write(contents);
            dies_untouched(&vdso, &page, len, || close_data_page(&vdso));
        }
    }
}

#[test]
fn o7_what_needs_no_data_pages_is_served() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(full()));
        close_data_page(&vdso);
        intercept(|_, _| Answer::Error(ANSWER));
        let mut buffer = [0; 64];
        let start = buffer.as_mut_ptr();
        // SAFETY: the buffer is writable, and has room for the answer of the probe.
        unsafe {
            goes_to_the_kernel(&vdso, start, 16, 0, StatePtr::NULL, STATE_LEN);
            goes_to_the_kernel(&vdso, start, 16, 8 | GRND_RANDOM, page.state(), STATE_LEN);
            goes_to_the_kernel(&vdso, start, 16, 0, page.state(), STATE_LEN - 1);
            forget();
            assert_eq!(vdso.call_raw(null_mut(), 0, 0, StatePtr::new(start), usize::MAX), 0);
        }
        assert_eq!((&buffer[..4], calls()), (&512_u32.to_ne_bytes()[..], vec![]));
    });
}

/// A state from elsewhere: only the present generation of this kernel counts.
#[test]
fn o9_restored_state_of_another_generation_is_keyed_anew() {
    for generation in [1, GENERATION - 1, GENERATION + 1, 1 << 40, (1 << 62) - 1] {
        for len in LENS {
            in_child(|| {
                let page = StatePage::with(Snapshot { word: idle(generation), ..full() });
                let vdso = Vdso::built();
                intercept(answer);
                let mut drawn = vec![0; len];
                assert_eq!(vdso.draw(&mut drawn, page.state()), len as isize);
                assert_eq!((drawn, calls().len()), (drawn_afresh(0, len).0, 1), "{len} bytes of {generation}");
                assert_eq!(page.state().word(), idle(GENERATION));
            });
        }
    }
}
