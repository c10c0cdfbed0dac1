// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Subjects that are wrong on purpose, and one that is not: what the harness says of others is to be believed when it
//! finds these.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use vdso_inject::judge::Fault;
use vdso_inject::{Effort, Event, Options, Report, Target, inject};
use vdso_tests::model::keystream;

/// `__vdso_vgetrandom`
type Draw = unsafe extern "C" fn(*mut u8, usize, u32, *mut u8) -> isize;

/// The next word of a sequence in which none comes twice, different in each process.
fn next_word() -> u64 {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    mixed(COUNTER.fetch_add(1, Relaxed) << 22 ^ u64::from(std::process::id()))
}

/// One of the mixing functions that map each number to another one (Steele, Lea and Flood, 2014).
fn mixed(number: u64) -> u64 {
    let word = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

fn fill(buffer: *mut u8, len: usize, mut word: impl FnMut() -> u64) -> isize {
    // SAFETY: the harness hands in a buffer of this length.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, len) };
    for bytes in buffer.chunks_mut(8) {
        bytes.copy_from_slice(&word().to_le_bytes()[..bytes.len()]);
    }
    len as isize
}

fn system_call(buffer: *mut u8, len: usize) -> isize {
    // SAFETY: as in `fill`.
    unsafe { libc::getrandom(buffer.cast(), len, 0) }
}

unsafe extern "C" fn good(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    fill(buffer, len, next_word)
}

unsafe extern "C" fn always_by_system_call(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    system_call(buffer, len)
}

unsafe extern "C" fn calls_for_less(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    system_call(buffer, len - 1);
    fill(buffer, len, next_word)
}

unsafe extern "C" fn calls_too_often(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    (0..4).map(|_| system_call(buffer, len)).sum::<isize>() / 4
}

unsafe extern "C" fn writes_after_the_end(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    fill(buffer, len + 1, next_word) - 1
}

unsafe extern "C" fn counts_wrongly(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    fill(buffer, len, next_word) - 1
}

unsafe extern "C" fn repeats_itself(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    let word = next_word();
    fill(buffer, len, || word)
}

/// The number of words is kept in the state, which each run begins with zeros.
unsafe extern "C" fn repeats_in_each_run(buffer: *mut u8, len: usize, _: u32, state: *mut u8) -> isize {
    let counter = state.cast::<u64>();
    fill(buffer, len, || {
        // SAFETY: the harness hands in a state.
        let number = unsafe { counter.read_unaligned() };
        // SAFETY: as above.
        unsafe { counter.write_unaligned(number + 1) };
        mixed(number)
    })
}

unsafe extern "C" fn returns_zeros(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    fill(buffer, len, || 0)
}

/// From another block each time, so that nothing else can be said against it.
unsafe extern "C" fn uses_the_zero_key(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    static BLOCK: AtomicU64 = AtomicU64::new(0);
    let block = BLOCK.fetch_add(1, Relaxed) % 128;
    let stream = keystream(&[0; 32], block, 1);
    let mut words = stream.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")));
    fill(buffer, len, || words.next().unwrap_or_else(next_word))
}

unsafe extern "C" fn keeps_what_it_returns(buffer: *mut u8, len: usize, _: u32, state: *mut u8) -> isize {
    fill(buffer, len, || {
        let word = next_word();
        // SAFETY: the harness hands in a state.
        unsafe { state.cast::<u64>().write_unaligned(word) };
        word
    })
}

unsafe extern "C" fn crashes(buffer: *mut u8, len: usize, _: u32, _: *mut u8) -> isize {
    // A length of the cases, and of none of the draws that prepare them.
    if len == 640 {
        // SAFETY: ends the worker.
        unsafe { libc::raise(libc::SIGILL) };
    }
    fill(buffer, len, next_word)
}

fn report(target: Draw, event: Event) -> Report {
    /// At least the first instruction belongs to it, and no other one is needed.
    const LEN: usize = 1;
    // SAFETY: a function with this signature; the breakpoints are set for the time of its calls.
    let target = unsafe { Target::function("corrupter", target as *const () as usize, LEN) };
    let mut options = Options::new(Effort::USUAL, 1);
    (options.events, options.lens) = (vec![event], vec![16, 100, 640]);
    inject(&target, &options, &mut |_, _| {}).expect("the target can be tested")
}

fn faults(target: Draw) -> Vec<Fault> {
    report(target, Event::Nothing).violations().map(|finding| finding.fault).collect()
}

/// A broken target by what it does, and the fault that it must be flagged for.
type Corrupter = (&'static str, Draw, fn(&Fault) -> bool);

/// Each is flagged for its fault; other violations may be reported as well.
#[test]
fn each_corrupter_is_flagged() {
    let cases: [Corrupter; 11] = [
        ("system call", always_by_system_call, |fault| matches!(fault, Fault::SlowForEver)),
        ("other arguments", calls_for_less, |fault| matches!(fault, Fault::UnexpectedSystemCall)),
        ("many calls", calls_too_often, |fault| matches!(fault, Fault::ManySystemCalls(4))),
        ("after the end", writes_after_the_end, |fault| matches!(fault, Fault::Overrun(offset) if *offset > 0)),
        ("count", counts_wrongly, |fault| matches!(fault, Fault::OtherReturned(_) | Fault::Returned(_))),
        ("itself", repeats_itself, |fault| matches!(fault, Fault::Repeated { .. })),
        ("each run", repeats_in_each_run, |fault| matches!(fault, Fault::RepeatedAcrossRuns(_))),
        ("zeros", returns_zeros, |fault| matches!(fault, Fault::Zeros(_))),
        ("zero key", uses_the_zero_key, |fault| matches!(fault, Fault::ZeroKey(..))),
        ("keeps", keeps_what_it_returns, |fault| matches!(fault, Fault::KeptInState(..))),
        ("crash", crashes, |fault| matches!(fault, Fault::Killed(libc::SIGILL))),
    ];
    for (name, target, is_wanted) in cases {
        let found = faults(target);
        assert!(found.iter().any(is_wanted), "{name}: {:?}", found.first());
    }
}

/// The control: nothing is said of a target that is right as long as nothing happens to it, and a fork is its end.
#[test]
fn a_good_subject_is_not_flagged_before_it_forks() {
    let alone = report(good, Event::Nothing);
    assert!(alone.total(Event::Nothing).tried >= 15, "{alone}");
    assert_eq!(alone.violations().count(), 0, "{alone}");
    assert_eq!(report(good, Event::Draw).violations().count(), 0);
    assert!(report(good, Event::ForkDraw).violations().count() > 0, "both sides go on with the same numbers");
}
