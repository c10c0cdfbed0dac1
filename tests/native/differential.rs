// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Random sequences of calls beside the system call: the same return value and errno for the same arguments (all of the
//! clauses E3 to E9), and every byte and state as the model has it (K1, K2, K8, R1, R4, S2).

mod sequence;
mod world;

use proptest::test_runner::{Config, TestError, TestRunner};
use sequence::{Draw, Sequence, Step, sequences};
use std::sync::atomic::{AtomicU32, Ordering};
use vdso_abi::flags::GRND_MAX_VALID;
use vdso_abi::state::STATE_LEN;
use vdso_tests::Vdso;
use vdso_tests::child::in_child;
use world::{Arguments, Subject, World, image};

/// Runs sequences until one fails, and makes that one as short and simple as possible.
fn falsify(subject: Subject) -> Result<(), TestError<Sequence>> {
    let config = Config { cases: 1500, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    // Before the system calls of this process are looked at, because it draws a seed.
    let mut runner = TestRunner::new(config);
    let world = std::cell::RefCell::new(World::new(subject));
    runner.run(&sequences(), |sequence| world.borrow_mut().run(&sequence))
}

#[test]
fn sequences_agree_with_the_system_call() {
    in_child(|| falsify(image).unwrap_or_else(|error| panic!("{error}")));
}

/// The smallest sequence that shows a fault.
fn smallest(subject: Subject) -> Sequence {
    match falsify(subject) {
        Err(TestError::Fail(_, sequence)) => sequence,
        other => panic!("the fault was not noticed: {other:?}"),
    }
}

/// Takes flags for valid that are not; without a buffer it would crash.
fn any_flags(vdso: &Vdso, call: Arguments) -> isize {
    let valid = call.flags <= GRND_MAX_VALID || call.buffer.is_null();
    let flags = if valid { call.flags } else { call.flags & GRND_MAX_VALID };
    image(vdso, Arguments { flags, ..call })
}

/// Takes every length of a state for its own; without a buffer it would crash.
fn any_opaque_len(vdso: &Vdso, call: Arguments) -> isize {
    let opaque_len = if call.buffer.is_null() { call.opaque_len } else { call.opaque_len.map(|_| STATE_LEN) };
    image(vdso, Arguments { opaque_len, ..call })
}

/// Sees no reseed but the first.
fn one_generation(vdso: &Vdso, call: Arguments) -> isize {
    let generation = vdso.data().generation();
    vdso.data().set_generation(generation.min(1));
    let returned = image(vdso, call);
    vdso.data().set_generation(generation);
    returned
}

/// Says of long draws that they are one byte shorter.
fn one_less(vdso: &Vdso, call: Arguments) -> isize {
    let returned = image(vdso, call);
    if call.len >= 77 { returned - 1 } else { returned }
}

/// The process that carries out the sequences; the children of its forks have other numbers.
static PARENT: AtomicU32 = AtomicU32::new(0);

/// Says that it wrote one byte less, but only in the child of a fork.
fn one_less_in_child(vdso: &Vdso, call: Arguments) -> isize {
    image(vdso, call) - isize::from(PARENT.load(Ordering::Relaxed) != std::process::id())
}

#[test]
fn planted_faults_shrink_to_what_shows_them() {
    in_child(|| {
        let steps = smallest(any_flags).steps;
        assert!(matches!(steps[..], [Step::Draw(Draw { len: 0, flags: 6.., .. })]), "{steps:?}");
    });
    in_child(|| {
        let steps = smallest(any_opaque_len).steps;
        assert!(matches!(steps[..], [Step::Draw(Draw { opaque_len: Some(_), .. })]), "{steps:?}");
    });
    in_child(|| {
        let steps = smallest(one_generation).steps;
        // The first draw of a fresh state says nothing of its generation (K9).
        let [Step::Reseed, Step::Draw(first), Step::Draw(second)] = steps[..] else { panic!("{steps:?}") };
        assert_eq!((first.len, second.len), (1, 1), "{steps:?}");
    });
    in_child(|| {
        let steps = smallest(one_less).steps;
        assert!(matches!(steps[..], [Step::Draw(Draw { len: 77, .. })]), "{steps:?}");
    });
    in_child(|| {
        PARENT.store(std::process::id(), Ordering::Relaxed);
        let steps = smallest(one_less_in_child).steps;
        assert!(matches!(steps[..], [Step::Fork, Step::Draw(Draw { len: 0, .. })]), "{steps:?}");
    });
}
