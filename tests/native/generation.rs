// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses K1 to K7: keys, and the generation that they belong to.

use std::sync::Arc;
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::GRND_INSECURE;
use vdso_abi::state::{BATCH_LEN, FETCHING, KEY_LEN};
use vdso_tests::child::in_child;
use vdso_tests::faults::{self, on_fault};
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage, idle};
use vdso_tests::syscalls::{Answer, Call, calls, forget, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels, model};

/// The key that a fetch is answered with, by the number of the system call.
fn fetched(number: usize) -> [u8; KEY_LEN] {
    std::array::from_fn(|i| (i * 7 + number * 101 + 13) as u8)
}

fn answer_key(number: usize, _: Call) -> Answer {
    Answer::Bytes(fetched(number).into())
}

/// The bytes and the new contents of a fresh state after a fetch of `key` under `generation`.
fn drawn_afresh(generation: u64, key: [u8; KEY_LEN], len: usize) -> (Vec<u8>, Snapshot) {
    drawn_from(Snapshot::FRESH, generation, key, len)
}

/// Output and next content of a state without a key of `generation`, after a fetch of `key`.
fn drawn_from(mut state: Snapshot, generation: u64, key: [u8; KEY_LEN], len: usize) -> (Vec<u8>, Snapshot) {
    model::rekey(&mut state, generation, key);
    (model::draw(&mut state, len), state)
}

#[test]
fn fresh_and_stale_states_fetch_a_key_once() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        intercept(answer_key);
        for cipher in cpu_levels() {
            vdso.data().set_simd(cipher.simd);
            let stale = Snapshot::keyed(GENERATION - 1, 9).with_batch(300, 3);
            for contents in [Snapshot::FRESH, stale] {
                for len in [1, 16, 32, BATCH_LEN, BATCH_LEN + 1, 600, 2000] {
                    forget();
                    page.state().write(contents);
                    let mut buffer = vec![0; len];
                    assert_eq!(vdso.draw(&mut buffer, page.state()), len as isize);
                    let (bytes, after) = drawn_from(contents, GENERATION, fetched(0), len);
                    assert!(buffer == bytes, "{cipher:?}, {len} bytes");
                    assert_eq!(page.state().read(), after, "{cipher:?}, {len} bytes");
                    assert_eq!(calls(), [Call { buffer: page.state().key_address(), len: KEY_LEN, flags: 0 }]);
                }
            }
        }
    });
}

/// K9: the second draw of a fresh state fetches a second key, and every later one finds that.
#[test]
fn k9_fresh_state_becomes_idle_with_its_second_draw() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        intercept(answer_key);
        let words: Vec<u64> = [1, 600, 1, 600, 1]
            .map(|len| {
                assert_eq!(vdso.draw(&mut vec![0; len], page.state()), len as isize);
                page.state().word()
            })
            .into();
        assert_eq!(words, [1, idle(GENERATION), idle(GENERATION), idle(GENERATION), idle(GENERATION)]);
        assert_eq!(calls().len(), 2);
    });
}

#[test]
fn k1_generation_0_is_never_valid() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        intercept(|_, _| Answer::Error(libc::EOVERFLOW));
        vdso.data().set_generation(0);
        let mut buffer = [0; 16];
        assert_eq!(vdso.draw(&mut buffer, page.state()), -(libc::EOVERFLOW as isize));
        assert_eq!(calls(), [Call { buffer: buffer.as_ptr().addr(), len: 16, flags: 0 }]);
        assert_eq!(page.state().read(), Snapshot::FRESH);
    });
}

#[test]
fn k2_tag_of_the_call_is_stored_before_the_fetch() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(Snapshot::keyed(GENERATION - 1, 2)));
        let state = page.state();
        intercept(move |number, call| {
            let word = state.word();
            // A tag of the call's own: an address on its stack, which is the one that this handler runs on.
            let (address, here) = (word & !FETCHING, (&raw const word).addr() as u64);
            assert_eq!((word & FETCHING, address % 2), (FETCHING, 0), "{word:#x}");
            assert!(address > here && address - here < 1 << 16, "{word:#x} from {here:#x}");
            answer_key(number, call)
        });
        assert_eq!(vdso.draw(&mut [0; 16], state), 16);
        assert_eq!(calls().len(), 1);
    });
}

/// A reseed during the fetch: had the call looked at the generation only afterwards, it would take the key for a new one.
#[test]
fn k3_generation_is_read_before_the_key_is_fetched() {
    in_child(|| {
        let (vdso, page) = (Arc::new(Vdso::built()), StatePage::new());
        let kernel = vdso.clone();
        intercept(move |number, call| {
            if number == 0 {
                kernel.data().set_generation(GENERATION + 1);
            }
            answer_key(number, call)
        });
        let mut buffer = [0; 16];
        assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
        let (bytes, after) = drawn_afresh(GENERATION + 1, fetched(1), 16);
        assert_eq!((&buffer[..], page.state().read()), (&bytes[..], after));
        assert_eq!(calls().len(), 2, "no call uses the key from before the reseed");
    });
}

#[test]
fn k4_failed_or_short_fetch_invalidates_and_falls_back() {
    const FETCHES: [fn() -> Answer; 4] = [
        || Answer::Error(libc::EINTR),
        || Answer::Error(libc::ENOSYS),
        || Answer::Bytes(vec![0x77; KEY_LEN - 1]),
        || Answer::Bytes(vec![]),
    ];
    for fetch in FETCHES {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), StatePage::new());
            let state = page.state();
            intercept(move |number, _| match number {
                0 => fetch(),
                1 => {
                    assert_eq!(state.word(), 0, "invalid and released before the fallback");
                    Answer::Error(libc::EOVERFLOW)
                }
                _ => Answer::Bytes(fetched(number).into()),
            });
            let mut buffer = [0; 16];
            // SAFETY: the buffer is writable.
            let returned = unsafe { vdso.call(buffer.as_mut_ptr(), 16, GRND_INSECURE, state) };
            assert_eq!(returned, -(libc::EOVERFLOW as isize));
            assert_eq!(calls()[1..], [Call { buffer: buffer.as_ptr().addr(), len: 16, flags: GRND_INSECURE }]);
            // The next call starts from nothing.
            assert_eq!(vdso.draw(&mut buffer, state), 16);
            let (bytes, after) = drawn_afresh(GENERATION, fetched(2), 16);
            assert_eq!((&buffer[..], state.read()), (&bytes[..], after));
        });
    }
}

/// The buffer's last part lies on a page that faults; at the fault the generation moves. The call must begin again at the
/// first byte of the buffer, and write no byte after its last, where the next page faults for good.
#[test]
fn k5_generation_that_moves_in_mid_call_rewinds() {
    for cipher in cpu_levels() {
        for (len, after) in
            [(2, 1), (16, 8), (300, 299), (BATCH_LEN, 1), (BATCH_LEN + 1, 1), (1000, 500), (2100, 2000), (5000, 4096)]
        {
            for remaining in [BATCH_LEN, 77, 0] {
                in_child(|| {
                    let (vdso, buffer) = (Arc::new(Vdso::built()), Arc::new(Pages::new(4)));
                    let before = Snapshot::keyed(GENERATION, 4).with_batch(remaining, 55);
                    let page = StatePage::with(before);
                    vdso.data().set_simd(cipher.simd);
                    // `after` bytes lie on the page that faults first, or the pages after it.
                    let closed = 2;
                    let start = buffer.start().wrapping_add(closed * PAGE_SIZE + after - len);
                    buffer.close(closed);
                    let (hooked, kernel) = (buffer.clone(), vdso.clone());
                    on_fault(move |address| {
                        let Some(page) = hooked.page_of(address) else { return false };
                        hooked.open(page);
                        kernel.data().set_generation(GENERATION + 1);
                        true
                    });
                    intercept(answer_key);
                    // SAFETY: the pages are writable, one after its fault.
                    let returned = unsafe { vdso.call(start, len, 0, page.state()) };
                    let place = format!("{cipher:?}, {len} bytes, {after} after the fault, from {before:?}");
                    assert_eq!((returned, faults::count()), (len as isize, 1), "{place}");
                    let (bytes, after) = drawn_afresh(GENERATION + 1, fetched(0), len);
                    let (all, offset) = (buffer.bytes(), start.addr() - buffer.start().addr());
                    assert!(all[offset..][..len] == bytes, "every byte anew: {place}");
                    let beside = all[..offset].iter().chain(&all[offset + len..]);
                    assert!(beside.copied().all(|byte| byte == 0), "a byte beside the buffer: {place}");
                    assert_eq!(page.state().read(), after, "{place}");
                    assert_eq!(calls().len(), 1, "{place}");
                });
            }
        }
    }
}

/// A call under a storm of reseeds. Returns with the state, the buffer, and what the call returned; `last` answers the
/// system call that ends it.
fn storm(last: fn() -> Answer) -> (isize, Vec<u8>, StatePage) {
    const LEN: usize = 1000;
    let (vdso, buffer) = (Arc::new(Vdso::built()), Arc::new(Pages::new(2)));
    let page = StatePage::with(Snapshot::keyed(GENERATION, 6).with_batch(BATCH_LEN, 8));
    let start = buffer.start().wrapping_add(PAGE_SIZE - LEN / 2);
    buffer.close(1);
    let (hooked, kernel) = (buffer.clone(), vdso.clone());
    on_fault(move |address| {
        let Some(page) = hooked.page_of(address) else { return false };
        hooked.open(page);
        kernel.data().set_generation(kernel.data().generation() + 1);
        true
    });
    let (hooked, key) = (buffer.clone(), page.state().key_address());
    intercept(move |number, call| {
        if call.buffer == key {
            // The page faults again in every pass, and the generation moves again.
            hooked.close(1);
            return answer_key(number, call);
        }
        last()
    });
    // SAFETY: the pages are writable after each fault.
    let returned = unsafe { vdso.call(start, LEN, GRND_INSECURE, page.state()) };
    let fetch = Call { buffer: key, len: KEY_LEN, flags: 0 };
    let whole = Call { buffer: start.addr(), len: LEN, flags: GRND_INSECURE };
    assert_eq!(calls(), [fetch, whole], "one restart, then the whole request as it came");
    assert_eq!(faults::count(), 2, "a fault in each of the two passes");
    let offset = start.addr() - buffer.start().addr();
    (returned, buffer.bytes()[offset..][..LEN].to_vec(), page)
}

#[test]
fn k6_one_restart_then_the_system_call_serves_all() {
    in_child(|| {
        let (returned, bytes, page) = storm(|| Answer::Bytes(vec![0x99; 1000]));
        assert_eq!((returned, bytes), (1000, vec![0x99; 1000]));
        assert_eq!(page.state().word(), 0);
    });
}

/// M4: no byte of a discarded pass stays in the buffer of a system call that fails.
#[test]
fn m4_nothing_of_an_abandoned_pass_stays() {
    in_child(|| {
        let (returned, bytes, _) = storm(|| Answer::Error(libc::EINTR));
        assert_eq!(returned, -(libc::EINTR as isize));
        assert!(bytes.iter().all(|byte| *byte == 0), "{bytes:x?}");
    });
}

/// 1 is what a release leaves of a word that was wiped right before it: idle of generation 0, over a zero key.
#[test]
fn k7_wiped_then_released_is_never_valid() {
    const WIPED: Snapshot = Snapshot { word: idle(0), ..Snapshot::FRESH };
    for remaining in [0, BATCH_LEN] {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), StatePage::new());
            intercept(answer_key);
            // Where the default data page has generation 0, because the generator is not ready or in a time namespace, 1 would match.
            for (generation, ready, namespace) in
                [(GENERATION, true, false), (0, false, false), (0, true, false), (GENERATION, true, true)]
            {
                vdso.image().enter_time_namespace(namespace).expect("mprotect");
                vdso.data().set_generation(generation);
                vdso.data().set_ready(ready);
                forget();
                let contents = Snapshot { remaining: remaining as u32, ..WIPED };
                page.state().write(contents);
                let mut buffer = [0; 16];
                assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
                let place = format!("generation {generation}, ready {ready}, in a namespace {namespace}");
                if generation == 0 {
                    assert_eq!(calls(), [Call { buffer: buffer.as_ptr().addr(), len: 16, flags: 0 }], "{place}");
                    assert_eq!(page.state().read(), contents, "{place}");
                } else {
                    let (bytes, after) = drawn_from(contents, generation, fetched(0), 16);
                    assert_eq!((&buffer[..], page.state().read()), (&bytes[..], after), "{place}");
                    assert_eq!(calls().len(), 1, "{place}");
                }
            }
        });
    }
}
