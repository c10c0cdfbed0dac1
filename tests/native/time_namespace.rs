// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clause S2: the data page in and out of a time namespace.

use vdso_tests::Vdso;
use vdso_tests::child::{Outcome, in_child, outcome};
use vdso_tests::faults::die_on_fault;
use vdso_tests::state::StatePage;
use vdso_tests::syscalls::{Answer, Call, calls, forget, intercept};
use vdso_tests::vdso::GENERATION;

#[test]
fn s2_draws_inside_need_no_system_call() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        vdso.image().enter_time_namespace(true).expect("mprotect");
        intercept(|_, _| Answer::Kernel);
        let mut buffer = [0; 16];
        for _ in 0..10_000 {
            assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
        }
        assert_eq!(calls().len(), 2, "the two keys of a fresh state (K9)");
        // A reseed, a way out and a way in again.
        vdso.data().set_generation(GENERATION + 1);
        assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
        assert_eq!(calls().len(), 3);
        for enter in [false, true] {
            vdso.image().enter_time_namespace(enter).expect("mprotect");
            assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
        }
        assert_eq!(calls().len(), 3, "the generation is the same inside and outside");
    });
}

#[test]
fn s2_not_ready_inside_goes_to_the_kernel() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        vdso.data().set_generation(0);
        vdso.data().set_ready(false);
        vdso.image().enter_time_namespace(true).expect("mprotect");
        intercept(|_, _| Answer::Error(libc::EAGAIN));
        let mut buffer = [0; 16];
        assert_eq!(vdso.draw(&mut buffer, page.state()), -(libc::EAGAIN as isize));
        assert_eq!(calls(), [Call { buffer: buffer.as_ptr().addr(), len: 16, flags: 0 }]);
    });
}

/// Outside of a namespace the page faults, so that a touch would end the child.
#[test]
fn s2_page_is_not_touched_outside() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        intercept(|_, _| Answer::Kernel);
        // Two keys for a fresh state (K9), one for a stale one; without a generation three whole requests.
        for (generation, ready, served_by_kernel) in
            [(GENERATION, true, 2), (GENERATION + 1, true, 1), (0, false, 3), (0, true, 3)]
        {
            vdso.data().set_generation(generation);
            vdso.data().set_ready(ready);
            forget();
            for len in [0, 16, 600] {
                assert_eq!(vdso.draw(&mut vec![0; len], page.state()), len as isize);
            }
            assert_eq!(calls().len(), served_by_kernel, "generation {generation}");
        }
    });
}

/// The assumption of the test above.
#[test]
fn page_faults_outside_and_not_inside() {
    let vdso = Vdso::built();
    let page = vdso.image().base().as_ptr().wrapping_sub(vdso_abi::PAGE_SIZE);
    let touch = || {
        // SAFETY: a read that faults ends the child and nothing else.
        let _ = unsafe { page.read_volatile() };
    };
    let outside = outcome(|| {
        die_on_fault();
        touch();
    });
    assert_eq!(outside, Outcome::Killed(libc::SIGSEGV));
    vdso.image().enter_time_namespace(true).expect("mprotect");
    assert_eq!(outcome(touch), Outcome::Passed);
}
