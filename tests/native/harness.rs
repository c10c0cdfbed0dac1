// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The instruments of the other tests notice what they are there for.

use std::sync::Arc;
use vdso_tests::canary::CanaryBuffer;
use vdso_tests::child::{Outcome, in_child, outcome};
use vdso_tests::faults::{self, on_fault};
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage};
use vdso_tests::syscalls::{Answer, Call, calls, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, model};

#[test]
fn child_reports_its_end() {
    assert_eq!(outcome(|| {}), Outcome::Passed);
    let Outcome::Panicked(words) = outcome(|| panic!("loud and {}", "clear")) else { panic!("it passed") };
    assert!(words.contains("loud and clear") && words.contains("harness.rs"), "{words}");
    let killed = outcome(|| {
        // SAFETY: the signal reaches the child alone.
        let _ = unsafe { libc::raise(libc::SIGUSR1) };
    });
    assert_eq!(killed, Outcome::Killed(libc::SIGUSR1));
}

#[test]
fn canaries_notice_a_byte_on_either_side() {
    for len in [0, 1, 100] {
        for at in [-1, len as isize] {
            let mut buffer = CanaryBuffer::new(len, 5);
            assert_eq!(buffer.bytes().as_ptr().addr() % 64, 5);
            assert_eq!(buffer.overrun(), None);
            let beside = buffer.bytes().as_mut_ptr().wrapping_offset(at);
            // SAFETY: the canaries belong to the same allocation.
            unsafe { *beside ^= 1 };
            assert_eq!(buffer.overrun(), Some(at));
        }
    }
}

#[test]
fn counter_counts_a_raw_system_call() {
    in_child(|| {
        intercept(|number, _| match number {
            0 => Answer::Kernel,
            1 => Answer::Bytes(vec![9; 3]),
            _ => Answer::Error(libc::EIO),
        });
        let mut buffer = [0u8; 8];
        let call = Call { buffer: buffer.as_ptr().addr(), len: 8, flags: 1 };
        // SAFETY: the buffer is as long as the call says.
        let mut raw = || unsafe { libc::syscall(libc::SYS_getrandom, buffer.as_mut_ptr(), 8, 1) };
        assert_eq!((raw(), calls()), (8, vec![call]));
        assert_eq!((raw(), calls()), (3, vec![call; 2]));
        assert_eq!((raw(), std::io::Error::last_os_error().raw_os_error()), (-1, Some(libc::EIO)));
        assert_eq!((calls(), &buffer[..3]), (vec![call; 3], &[9, 9, 9][..]));
    });
}

#[test]
fn fault_hook_runs_at_the_store() {
    in_child(|| {
        let pages = Arc::new(Pages::new(2));
        pages.close(1);
        let hooked = pages.clone();
        on_fault(move |address| match hooked.page_of(address) {
            Some(page) => {
                // SAFETY: the first page is open.
                unsafe { hooked.start().write(7) };
                hooked.open(page);
                true
            }
            None => false,
        });
        // SAFETY: the page is opened by the hook.
        unsafe { pages.end().wrapping_sub(1).write_volatile(1) };
        assert_eq!((faults::count(), pages.bytes()[0], pages.bytes()[8191]), (1, 7, 1));
        // An address that is none of the hook's own still kills.
        // SAFETY: the child of the child ends there.
        let died = outcome(|| unsafe { pages.end().write_volatile(1) });
        assert_eq!(died, Outcome::Killed(libc::SIGSEGV));
    });
}

/// The model answers to every part of the state: with one bit changed, prediction and call part.
#[test]
fn prediction_notices_a_changed_state() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    let contents = Snapshot::keyed(GENERATION, 1).with_batch(100, 5);
    let mut other_key = contents;
    other_key.key[31] ^= 0x80;
    let mut other_batch = contents;
    other_batch.batch[0] ^= 1;
    let fewer = Snapshot { remaining: 99, ..contents };
    for changed in [other_key, other_batch, fewer] {
        page.state().write(changed);
        let (mut buffer, mut expected) = ([0; 200], contents);
        vdso.draw(&mut buffer, page.state());
        assert_ne!(&buffer[..], model::draw(&mut expected, 200));
    }
}

#[test]
fn fork_wipes_the_page_of_states() {
    in_child(|| {
        let contents = Snapshot::keyed(GENERATION, 1);
        let (page, kept) = (StatePage::with(contents), StatePage::shared());
        kept.state().write(contents);
        let side = vdso_tests::child::fork();
        let expected = if side.is_child() { Snapshot::FRESH } else { contents };
        assert_eq!((page.state().read(), kept.state().read()), (expected, contents));
        side.join();
        page.wipe();
        assert_eq!(page.state().read(), Snapshot::FRESH);
    });
}
