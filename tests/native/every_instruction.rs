// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses R3, M3 and M5: what a signal handler finds at each instruction of a call or a routine.

use std::arch::naked_asm;
use std::hint::black_box;
use std::mem::offset_of;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use vdso_abi::state::{BATCH_LEN, GROUP_BLOCKS, KEY_LEN, VgetrandomState};
use vdso_tests::child::in_child;
use vdso_tests::model::keystream;
use vdso_tests::secrets::Secrets;
use vdso_tests::state::{Snapshot, StatePage, idle, in_use};
use vdso_tests::stepping::{at_each_instruction, stepped};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels};

/// The kind of state that a handler finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Fresh,
    InUse,
    /// Idle with a key of an older generation, which no call uses.
    Stale,
    /// Idle with a key of the present generation: ready to be drawn from.
    Valid,
}

fn seen(contents: &Snapshot) -> Seen {
    match contents.word {
        0 => Seen::Fresh,
        word if word == idle(GENERATION) => Seen::Valid,
        word if word & 1 == 1 => Seen::Stale,
        _ => Seen::InUse,
    }
}

/// Makes a call under the trap flag, from `before`; returns what a handler found at each instruction of `code`, and then what
/// was left.
fn found_by_handlers(
    code: Range<usize>,
    page: &StatePage,
    before: Snapshot,
    call: impl Fn(),
) -> (Vec<Snapshot>, Snapshot) {
    static FOUND: Mutex<Vec<Snapshot>> = Mutex::new(Vec::new());
    static INSTALLED: Once = Once::new();
    let state = page.state();
    INSTALLED.call_once(|| {
        at_each_instruction(code, move |_| FOUND.lock().expect("no panic is survived").push(state.read()));
    });
    state.write(before);
    call();
    (std::mem::take(&mut *FOUND.lock().expect("no panic is survived")), state.read())
}

/// Before a call takes the state and after it has released it, the state is whole: what it was, or what it becomes. In
/// between no call may use it. Returns the kinds that a handler must not find.
fn inconsistent(found: &[Snapshot], before: Snapshot, after: Snapshot) -> Option<Snapshot> {
    let is_whole = |contents: &Snapshot| *contents == before || *contents == after;
    let is_safe = |contents: &Snapshot| matches!(seen(contents), Seen::InUse | Seen::Fresh) || is_whole(contents);
    found.iter().copied().find(|contents| !is_safe(contents))
}

#[test]
fn r3_handler_finds_a_state_in_use_fresh_or_consistent() {
    for cipher in cpu_levels() {
        for generation in [GENERATION, GENERATION - 1] {
            in_child(|| {
                let (vdso, page) = (Vdso::built(), StatePage::new());
                vdso.data().set_simd(cipher.simd);
                let function = vdso.image().function("__vdso_vgetrandom").expect("it was called before");
                for (remaining, lens) in
                    [(BATCH_LEN, &[1, 16, 33, BATCH_LEN][..]), (10, &[11, 100]), (0, &[32, 600, 1100])]
                {
                    let before = Snapshot::keyed(generation, 1).with_batch(remaining, 9);
                    for &len in lens {
                        let mut buffer = vec![0u8; len];
                        let arguments = (buffer.as_mut_ptr().addr(), page.state().as_ptr().addr());
                        let (mut found, after) = found_by_handlers(vdso.code(), &page, before, || {
                            // SAFETY: the arguments of a call.
                            unsafe { stepped(function.as_ptr().addr(), arguments.0, len, 0, arguments.1) };
                        });
                        let place = format!("{cipher:?}, {len} bytes of {remaining}");
                        assert_eq!(inconsistent(&found, before, after), None, "{place}");
                        found.dedup_by_key(|contents| seen(contents));
                        let order: Vec<_> = found.iter().map(seen).collect();
                        let first = if generation == GENERATION { Seen::Valid } else { Seen::Stale };
                        // A draw that the batch does not suffice for may be taken twice: by the fast path, and again.
                        let once = [first, Seen::InUse, Seen::Valid];
                        let twice = [first, Seen::InUse, first, Seen::InUse, Seen::Valid];
                        assert!(order == once || order == twice, "{place}: {order:?}");
                    }
                }
            });
        }
    }
}

/// Releases the state before it has stored the count.
#[unsafe(naked)]
unsafe extern "sysv64" fn planted_release(state: *mut VgetrandomState) {
    naked_asm!(
        "or qword ptr [rdi + {word}], 1",
        "mov dword ptr [rdi + {remaining}], 5",
        "ret",
        word = const offset_of!(VgetrandomState, word),
        remaining = const offset_of!(VgetrandomState, remaining),
    )
}

#[test]
fn state_released_too_early_is_noticed() {
    in_child(|| {
        let (page, start) = (StatePage::new(), planted_release as *const () as usize);
        let before = Snapshot { word: in_use(GENERATION), ..Snapshot::keyed(GENERATION, 1).with_batch(9, 9) };
        let (found, after) = found_by_handlers(start..start + 16, &page, before, || {
            // SAFETY: the argument is a state.
            unsafe { stepped(start, page.state().as_ptr().addr(), 0, 0, 0) };
        });
        let early = inconsistent(&found, before, after).expect("it was not noticed");
        assert_eq!((early.word, early.remaining, after.remaining), (idle(GENERATION), 9, 5));
    });
}

/// A key of which no byte stays the same in the refill under it.
fn key_that_changes_everywhere() -> [u8; KEY_LEN] {
    let mut seeds = 0..=u8::MAX;
    let key = seeds.find_map(|seed| {
        let key = Snapshot::keyed(GENERATION, seed).key;
        let changes = key.iter().zip(keystream(&key, 0, 1)).all(|(old, new)| *old != new);
        changes.then_some(key)
    });
    key.expect("most keys do")
}

/// Makes a routine of `code` replace the key of a state that is in use. As soon as a byte of the key is overwritten, a handler
/// spoils all the others, which the routine must have read before. Returns what the state becomes.
fn with_spoiled_key(code: Range<usize>, page: &StatePage, key: [u8; KEY_LEN], routine: impl FnOnce()) -> Snapshot {
    let state = page.state();
    state.write(Snapshot { key, word: in_use(GENERATION), ..Snapshot::FRESH });
    let is_spoiled = Arc::new(AtomicBool::new(false));
    let spoiled = is_spoiled.clone();
    at_each_instruction(code, move |_| {
        let mut contents = state.read();
        if contents.key == key || spoiled.swap(true, Ordering::Relaxed) {
            return;
        }
        for (byte, old) in contents.key.iter_mut().zip(key).filter(|(byte, old)| **byte == *old) {
            *byte = !old;
        }
        state.write(contents);
    });
    routine();
    assert!(is_spoiled.load(Ordering::Relaxed), "no instruction boundary between the stores over the key");
    state.read()
}

#[test]
fn m3_key_is_not_read_once_it_is_overwritten() {
    for cipher in cpu_levels() {
        in_child(|| {
            let (vdso, page, key) = (Vdso::built(), StatePage::new(), key_that_changes_everywhere());
            let (routine, state) = (vdso.routine("refill", cipher), page.state().as_ptr().addr());
            let after = with_spoiled_key(vdso.code(), &page, key, || {
                // SAFETY: the arguments of a refill routine.
                let blocks = unsafe { stepped(routine, state, 0, in_use(GENERATION) as usize, 0) };
                assert_eq!(blocks, GROUP_BLOCKS as isize);
            });
            let stream = keystream(&key, 0, GROUP_BLOCKS);
            assert!(after.key == stream[..KEY_LEN], "{cipher:?}: {after:?}");
            assert!(after.batch == stream[KEY_LEN..][..BATCH_LEN], "{cipher:?}: {after:?}");
        });
    }
}

/// Complements the key, one half after the other.
#[unsafe(naked)]
unsafe extern "sysv64" fn planted_late_read(state: *mut VgetrandomState) {
    naked_asm!(
        "pcmpeqd xmm1, xmm1",
        "movdqu xmm0, [rdi]",
        "pxor xmm0, xmm1",
        "movdqu [rdi], xmm0",
        "movdqu xmm0, [rdi + 16]",
        "pxor xmm0, xmm1",
        "movdqu [rdi + 16], xmm0",
        "ret",
    )
}

#[test]
fn key_that_is_read_too_late_is_noticed() {
    in_child(|| {
        let (page, key, start) = (StatePage::new(), [0x35; KEY_LEN], planted_late_read as *const () as usize);
        let after = with_spoiled_key(start..start + 64, &page, key, || {
            // SAFETY: the argument is a state.
            unsafe { stepped(start, page.state().as_ptr().addr(), 0, 0, 0) };
        });
        assert_eq!((after.key[..16].to_vec(), after.key[16..].to_vec()), (vec![!0x35; 16], vec![0x35; 16]));
    });
}

/// Not covered: the kernel saves registers that hold key words in the frame of a handler.
#[test]
fn m5_signal_frame_can_hold_key_words() {
    /// From a variable of the handler up: past its frame and into the one that the kernel made.
    const NEAR: usize = 6 << 10;
    for cipher in cpu_levels() {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), StatePage::new());
            let before = Snapshot { word: in_use(GENERATION), ..Snapshot::keyed(GENERATION, 1) };
            page.state().write(before);
            let mut secrets = Secrets::default();
            secrets.add(&before.key);
            // A register may also hold one word over and over.
            before.key.chunks(4).for_each(|word| secrets.add(&word.repeat(2)));
            let frames = Arc::new(AtomicUsize::new(0));
            let counter = frames.clone();
            at_each_instruction(vdso.code(), move |_| {
                let here = black_box(0u8);
                // SAFETY: the stack of a test goes on for longer than that, with the frames of the harness.
                let above = unsafe { std::slice::from_raw_parts(&raw const here, NEAR) };
                counter.fetch_add(usize::from(secrets.found_in(above).next().is_some()), Ordering::Relaxed);
            });
            let arguments = (page.state().as_ptr().addr(), before.word as usize);
            // SAFETY: the arguments of a refill routine.
            unsafe { stepped(vdso.routine("refill", cipher), arguments.0, 0, arguments.1, 0) };
            assert!(frames.load(Ordering::Relaxed) > 0, "{cipher:?}: then say so in the documentation");
        });
    }
}
