// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses E1 to E5, E7 and E9: probe, flags, and states that are none.

use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::{GRND_INSECURE, GRND_NONBLOCK, GRND_RANDOM, STATE_MMAP_FLAGS, STATE_MMAP_PROT};
use vdso_abi::state::{BATCH_LEN, STATE_LEN, VgetrandomOpaqueParams};
use vdso_tests::child::in_child;
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage, StatePtr};
use vdso_tests::syscalls::{Answer, Call, calls, forget, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, model};

/// An idle state with bytes to give: a call that reaches it makes no system call.
pub fn full() -> Snapshot {
    Snapshot::keyed(GENERATION, 1).with_batch(BATCH_LEN, 21)
}

/// The result of an intercepted system call, for tests that check only its arguments.
pub const ANSWER: i32 = libc::EOVERFLOW;

/// One call, and the one system call that must come of it with the same arguments.
///
/// # Safety
/// As for [`Vdso::call_raw`].
pub unsafe fn goes_to_the_kernel(
    vdso: &Vdso,
    buffer: *mut u8,
    len: usize,
    flags: u32,
    state: StatePtr,
    opaque_len: usize,
) {
    forget();
    // SAFETY: the caller's promise.
    let returned = unsafe { vdso.call_raw(buffer, len, flags, state, opaque_len) };
    assert_eq!(returned, -(ANSWER as isize), "the kernel's own answer, for {len} bytes, flags {flags:#x}");
    assert_eq!(calls(), [Call { buffer: buffer.addr(), len, flags }]);
}

#[test]
fn e1_probe_writes_64_bytes_and_returns_0() {
    in_child(|| {
        let vdso = Vdso::built();
        intercept(|_, _| Answer::Kernel);
        // Whether the generator is ready makes no difference.
        for ready in [true, false] {
            vdso.data().set_ready(ready);
            let mut words = [0xa5a5_a5a5_u32; 18];
            // SAFETY: `words` has room for the answer after its first one, and the buffer is not written.
            let returned = unsafe {
                let params = StatePtr::new(words[1..].as_mut_ptr().cast());
                vdso.call_raw(null_mut(), 0, 0, params, usize::MAX)
            };
            assert_eq!(returned, 0);
            let mut expected = [0; 18];
            (expected[0], expected[17]) = (0xa5a5_a5a5, 0xa5a5_a5a5);
            expected[1..4].copy_from_slice(&[STATE_LEN as u32, STATE_MMAP_PROT, STATE_MMAP_FLAGS]);
            assert_eq!(words, expected);
        }
        assert_eq!(calls(), []);
    });
}

#[test]
fn e1_probe_needs_all_four_arguments() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(full()));
        intercept(|_, _| Answer::Error(ANSWER));
        let mut byte = 0;
        for (buffer, len, flags, opaque_len) in [
            (&raw mut byte, 0, 0, usize::MAX),
            (null_mut(), 1, 0, usize::MAX),
            (null_mut(), 0, GRND_NONBLOCK, usize::MAX),
            (null_mut(), 0, 0, usize::MAX - 1),
        ] {
            // SAFETY: the system call is answered without a look at the buffer.
            unsafe { goes_to_the_kernel(&vdso, buffer, len, flags, page.state(), opaque_len) };
            assert_eq!(page.state().read(), full());
        }
    });
}

/// A mapping made with what the probe says is zero in the child of a fork, or cannot be made at all.
#[test]
fn e2_advertised_flags_wipe_on_fork() {
    in_child(|| {
        let vdso = Vdso::built();
        let mut params =
            VgetrandomOpaqueParams { size_of_opaque_state: 0, mmap_prot: 0, mmap_flags: 0, reserved: [0; 13] };
        // SAFETY: `params` has room for the answer.
        unsafe { vdso.call_raw(null_mut(), 0, 0, StatePtr::new((&raw mut params).cast()), usize::MAX) };
        let Some(pages) = Pages::with_flags(1, params.mmap_prot, params.mmap_flags) else {
            // This kernel does not know the flags: refused is safe.
            return;
        };
        // SAFETY: the page is writable and longer than a state.
        let state = unsafe { StatePtr::new(pages.start()) };
        state.write(full());
        let side = vdso_tests::child::fork();
        let expected = if side.is_child() { Snapshot::FRESH } else { full() };
        assert_eq!(state.read(), expected);
        side.join();
    });
}

#[test]
fn e3_other_opaque_len_goes_to_the_kernel() {
    in_child(|| {
        let vdso = Vdso::built();
        let page = StatePage::with(full());
        let straddling = page.at(PAGE_SIZE - STATE_LEN);
        let mut buffer = [0; 16];
        intercept(|_, _| Answer::Error(ANSWER));
        for opaque_len in [0, 1, 64, 144, STATE_LEN - 1, STATE_LEN + 1, 2 * STATE_LEN, usize::MAX] {
            for state in [page.state(), straddling, StatePtr::NULL] {
                // SAFETY: the buffer is writable.
                unsafe { goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), buffer.len(), 0, state, opaque_len) };
            }
        }
        assert_eq!(page.state().read(), full());
    });
}

#[test]
fn e3_state_that_straddles_a_page_goes_to_the_kernel() {
    in_child(|| {
        let (vdso, pages) = (Vdso::built(), Pages::new(2));
        let mut buffer = [0x55; 16];
        intercept(|_, _| Answer::Error(ANSWER));
        for offset in PAGE_SIZE - STATE_LEN..=PAGE_SIZE {
            // SAFETY: both pages are writable.
            let state = unsafe { StatePtr::new(pages.start().wrapping_add(offset)) };
            let straddles = offset > PAGE_SIZE - STATE_LEN && offset < PAGE_SIZE;
            let returned = if straddles { -(ANSWER as isize) } else { 16 };
            for has_len in [false, true] {
                state.write(full());
                // SAFETY: the buffer is writable.
                let got = unsafe {
                    if has_len {
                        vdso.call_with_len(buffer.as_mut_ptr(), buffer.len(), 0, state)
                    } else {
                        vdso.call(buffer.as_mut_ptr(), buffer.len(), 0, state)
                    }
                };
                assert_eq!(got, returned, "offset {offset}, with a length: {has_len}");
                assert_eq!(state.read() == full(), straddles, "offset {offset}, with a length: {has_len}");
            }
        }
        assert_eq!(calls().len(), 2 * (STATE_LEN - 1));
    });
}

#[test]
fn e4_bad_flags_go_to_the_kernel() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(full()));
        let mut buffer = [0x55; 16];
        intercept(|_, _| Answer::Error(ANSWER));
        let bits = (3..32).map(|bit| 1 << bit);
        for flags in bits.chain([GRND_INSECURE | GRND_RANDOM, 7, u32::MAX]) {
            for len in [0, 16] {
                // SAFETY: the buffer is writable.
                unsafe { goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), len, flags, page.state(), STATE_LEN) };
            }
        }
        assert_eq!((page.state().read(), buffer), (full(), [0x55; 16]));
    });
}

/// Without interception: what the kernel really says to them.
#[test]
fn e4_bad_flags_are_invalid() {
    let (vdso, page) = (Vdso::built(), StatePage::with(full()));
    let mut buffer = [0; 16];
    for flags in [GRND_INSECURE | GRND_RANDOM, 8] {
        // SAFETY: the buffer is writable.
        let returned = unsafe { vdso.call(buffer.as_mut_ptr(), buffer.len(), flags, page.state()) };
        assert_eq!(returned, -(libc::EINVAL as isize));
    }
}

#[test]
fn e5_not_ready_goes_to_the_kernel_with_its_flags() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        let mut buffer = [0; 16];
        intercept(|_, _| Answer::Error(ANSWER));
        vdso.data().set_ready(false);
        // An early reseed moves the generation before the generator is ready.
        for generation in [0, GENERATION] {
            vdso.data().set_generation(generation);
            for flags in 0..=5 {
                for len in [0, 1, 16] {
                    // SAFETY: the buffer is writable.
                    unsafe { goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), len, flags, page.state(), STATE_LEN) };
                }
            }
        }
        assert_eq!(page.state().read(), Snapshot::FRESH);
    });
}

#[test]
fn e5_once_ready_no_bytes_are_0() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(full()));
        intercept(|_, _| Answer::Error(ANSWER));
        for contents in [full(), Snapshot::FRESH, Snapshot::keyed(GENERATION - 1, 1).with_batch(BATCH_LEN, 21)] {
            page.state().write(contents);
            // SAFETY: no byte is written.
            assert_eq!(unsafe { vdso.call(null_mut(), 0, 0, page.state()) }, 0);
            assert_eq!((page.state().read(), calls()), (contents, vec![]));
        }
    });
}

#[test]
fn e7_valid_flags_change_nothing() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        intercept(|_, _| Answer::Error(ANSWER));
        for flags in [0, GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE, 3, 5] {
            for len in [1, 16, BATCH_LEN, 1000] {
                let mut expected = full();
                let mut buffer = vec![0; len];
                page.state().write(expected);
                // SAFETY: the buffer is writable.
                let returned = unsafe { vdso.call(buffer.as_mut_ptr(), len, flags, page.state()) };
                assert_eq!(returned, len as isize);
                assert_eq!(buffer, model::draw(&mut expected, len), "flags {flags}");
                assert_eq!(page.state().read(), expected, "flags {flags}");
            }
        }
        assert_eq!(calls(), []);
    });
}

#[test]
fn e9_null_state_goes_to_the_kernel() {
    in_child(|| {
        let vdso = Vdso::built();
        let mut buffer = [0; 16];
        intercept(|_, _| Answer::Error(ANSWER));
        for flags in 0..=5 {
            // SAFETY: the buffer is writable.
            unsafe {
                goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), 16, flags, StatePtr::NULL, STATE_LEN);
                forget();
                assert_eq!(vdso.call(buffer.as_mut_ptr(), 16, flags, StatePtr::NULL), -(ANSWER as isize));
            }
            assert_eq!(calls(), [Call { buffer: buffer.as_ptr().addr(), len: 16, flags }]);
        }
    });
}
