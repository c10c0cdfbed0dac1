// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses R1, R2 and R4: a handler that draws, a state that is wiped, and a call that never came back.

use std::sync::{Arc, Mutex};
use vdso_abi::PAGE_SIZE;
use vdso_abi::state::{BATCH_LEN, KEY_LEN};
use vdso_tests::child::in_child;
use vdso_tests::faults::{self, on_fault};
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage, fetching, in_use};
use vdso_tests::syscalls::{Answer, Call, calls, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels, model};

const INNER_LEN: usize = 48;

/// An address on no stack of a test.
const FRAME: u64 = 0x7fff_0000_1230;

/// Answers of the kernel differ from call to call.
fn bytes_of(number: usize) -> Vec<u8> {
    (0..KEY_LEN.max(INNER_LEN)).map(|i| (i * 11 + number * 59 + 7) as u8).collect()
}

/// The key that the fetch of this number brings.
pub fn key_of(number: usize) -> [u8; KEY_LEN] {
    bytes_of(number)[..KEY_LEN].try_into().expect("as long as a key")
}

pub fn answer(number: usize, _: Call) -> Answer {
    Answer::Bytes(bytes_of(number))
}

/// The bytes and the new contents of a fresh state whose key system call `number` fetches.
pub fn drawn_afresh(number: usize, len: usize) -> (Vec<u8>, Snapshot) {
    let mut state = Snapshot::FRESH;
    model::rekey(&mut state, GENERATION, key_of(number));
    (model::draw(&mut state, len), state)
}

/// Lengths of the interrupted call, and how much of it lies after the fault: early and late in the copy from the batch,
/// in direct groups, and in the tail after the refill.
pub const PLACES: [(usize, usize); 9] =
    [(2, 1), (16, 15), (16, 1), (BATCH_LEN, 200), (600, 590), (600, 3), (1600, 1599), (1600, 600), (5000, 4096)];

/// One call whose buffer faults, and what a handler does there.
pub struct Interrupted {
    pub vdso: Arc<Vdso>,
    buffer: Arc<Pages>,
    pub page: Arc<StatePage>,
    start: *mut u8,
    pub len: usize,
}

impl Interrupted {
    /// Prepares a call of `len` bytes on `contents`, whose last `after` bytes fault once; `event` then happens.
    pub fn new(
        simd: u8,
        contents: Snapshot,
        (len, after): (usize, usize),
        event: impl Fn(&Vdso, &StatePage) + Send + Sync + 'static,
    ) -> Self {
        let (vdso, buffer) = (Arc::new(Vdso::built()), Arc::new(Pages::new(4)));
        let page = Arc::new(StatePage::with(contents));
        vdso.data().set_simd(simd);
        buffer.close(2);
        let (inner_vdso, inner_buffer, inner_page) = (vdso.clone(), buffer.clone(), page.clone());
        on_fault(move |address| {
            let Some(page) = inner_buffer.page_of(address) else { return false };
            inner_buffer.open(page);
            event(&inner_vdso, &inner_page);
            true
        });
        intercept(answer);
        let start = buffer.start().wrapping_add(2 * PAGE_SIZE + after - len);
        Self { vdso, buffer, page, start, len }
    }

    /// Makes the call; returns its bytes.
    pub fn run(&self) -> Vec<u8> {
        // SAFETY: the pages are writable, one after its fault.
        let returned = unsafe { self.vdso.call(self.start, self.len, 0, self.page.state()) };
        assert_eq!((returned, faults::count()), (self.len as isize, 1));
        self.buffer.bytes()[self.start.addr() - self.buffer.start().addr()..][..self.len].to_vec()
    }
}

/// Runs `test` in a child for each cipher, each prepared state and each place of the fault.
pub fn everywhere(test: impl Fn(u8, Snapshot, (usize, usize))) {
    for cipher in cpu_levels() {
        for remaining in [BATCH_LEN, 10, 0] {
            for place in PLACES {
                in_child(|| test(cipher.simd, Snapshot::keyed(GENERATION, 1).with_batch(remaining, 33), place));
            }
        }
    }
}

#[test]
fn r1_call_in_a_handler_leaves_the_state_alone() {
    everywhere(|simd, contents, place| {
        let inner = Arc::new(Mutex::new(Vec::new()));
        let seen = inner.clone();
        let call = Interrupted::new(simd, contents, place, move |vdso, page| {
            let before = page.state().read();
            assert_eq!(before.word, in_use(GENERATION));
            let mut bytes = vec![0; INNER_LEN];
            assert_eq!(vdso.draw(&mut bytes, page.state()), INNER_LEN as isize);
            assert_eq!(page.state().read(), before);
            *seen.lock().expect("no panic is survived") = bytes;
        });
        let outer = call.run();
        let mut expected = contents;
        assert_eq!(outer, model::draw(&mut expected, call.len));
        assert_eq!(call.page.state().read(), expected);
        assert_eq!(*inner.lock().expect("no panic is survived"), bytes_of(0)[..INNER_LEN]);
        let served: Vec<_> = calls().iter().map(|call| call.len).collect();
        assert_eq!(served, [INNER_LEN], "the inner call alone needs the kernel");
    });
}

/// The same in the middle of the key fetch, where the state already has the tag of the interrupted call.
#[test]
fn r1_call_during_the_key_fetch_leaves_the_state_alone() {
    in_child(|| {
        let (vdso, page) = (Arc::new(Vdso::built()), StatePage::new());
        let (state, inner_vdso) = (page.state(), vdso.clone());
        intercept(move |number, call| {
            if call.buffer == state.key_address() {
                assert_eq!(number, 0, "one fetch");
                let before = state.read();
                let mut inner = [0; INNER_LEN];
                assert_eq!(inner_vdso.draw(&mut inner, state), INNER_LEN as isize);
                assert_eq!((&inner[..], state.read()), (&bytes_of(1)[..INNER_LEN], before));
            }
            answer(number, call)
        });
        let mut outer = [0; 100];
        assert_eq!(vdso.draw(&mut outer, state), 100);
        let (bytes, after) = drawn_afresh(0, 100);
        assert_eq!((&outer[..], state.read()), (&bytes[..], after));
        assert_eq!(calls().len(), 2);
    });
}

#[test]
fn r2_state_wiped_in_mid_call_starts_over() {
    everywhere(|simd, contents, place| {
        let call = Interrupted::new(simd, contents, place, |_, page| page.wipe());
        let (bytes, after) = drawn_afresh(0, call.len);
        assert_eq!(call.run(), bytes);
        assert_eq!(call.page.state().read(), after);
        assert_eq!(calls().len(), 1, "one new key");
    });
}

/// The defect of other implementations: the tag is wiped with the page, and the handler's call uses the state as a fresh one.
#[test]
fn r2_wipe_then_draw_in_a_handler_shares_no_byte() {
    everywhere(|simd, contents, place| {
        let inner = Arc::new(Mutex::new(Vec::new()));
        let seen = inner.clone();
        let call = Interrupted::new(simd, contents, place, move |vdso, page| {
            page.wipe();
            let mut bytes = vec![0; INNER_LEN];
            assert_eq!(vdso.draw(&mut bytes, page.state()), INNER_LEN as isize);
            *seen.lock().expect("no panic is survived") = bytes;
        });
        let outer = call.run();
        let (handed_out, _) = drawn_afresh(0, INNER_LEN);
        assert_eq!(*inner.lock().expect("no panic is survived"), handed_out, "the handler had the first key");
        let (bytes, mut after) = drawn_afresh(1, call.len);
        assert_eq!(outer, bytes, "the interrupted call has the second");
        assert_eq!(call.page.state().read(), after);
        // And a later one the third, because the state was found wiped (K9).
        let mut later = vec![0; 1000];
        assert_eq!(call.vdso.draw(&mut later, call.page.state()), 1000);
        model::rekey(&mut after, GENERATION, key_of(2));
        assert_eq!(later, model::draw(&mut after, 1000));
    });
}

/// A handler's call on the wiped state is abandoned before its key has come (R4): no call takes the state that it leaves, not
/// even the interrupted one, which would go on with a key of zeros.
#[test]
fn r2_wipe_then_abandoned_fetch_in_a_handler_starts_over() {
    everywhere(|simd, contents, place| {
        let call = Interrupted::new(simd, contents, place, |_, page| {
            page.state().write(Snapshot { word: fetching(FRAME), ..Snapshot::FRESH });
        });
        let (bytes, after) = drawn_afresh(0, call.len);
        assert_eq!(call.run(), bytes);
        assert_eq!(call.page.state().read(), after);
        assert_eq!(calls().len(), 1, "one new key");
    });
}

/// The same when the handler's call already has its key (R4): the state is not the interrupted call's.
#[test]
fn r2_wipe_then_abandoned_draw_in_a_handler_starts_over() {
    everywhere(|simd, contents, place| {
        let call = Interrupted::new(simd, contents, place, |_, page| {
            page.state().write(Snapshot { word: FRAME, ..Snapshot::keyed(GENERATION, 1).with_batch(BATCH_LEN, 77) });
        });
        let (bytes, after) = drawn_afresh(0, call.len);
        assert_eq!(call.run(), bytes);
        assert_eq!(call.page.state().word(), after.word);
        assert_eq!(calls().len(), 1, "one new key");
    });
}

/// A wipe in the middle of the key fetch: the key that arrives afterwards lies in a state without a tag.
#[test]
fn r2_wipe_during_the_key_fetch_starts_over() {
    for len in [16, BATCH_LEN, 600, 3000] {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), Arc::new(StatePage::new()));
            let wiped = page.clone();
            intercept(move |number, call| {
                if number == 0 {
                    wiped.wipe();
                }
                answer(number, call)
            });
            let mut buffer = vec![0; len];
            assert_eq!(vdso.draw(&mut buffer, page.state()), len as isize);
            let (bytes, after) = drawn_afresh(1, len);
            assert_eq!((buffer, page.state().read()), (bytes, after));
            assert_eq!(calls().len(), 2);
        });
    }
}

#[test]
fn r4_abandoned_state_goes_to_the_kernel_for_good() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        intercept(answer);
        // Also if the generation has moved meanwhile.
        for generation in [GENERATION, GENERATION - 1, 1, u64::MAX >> 1] {
            let contents =
                Snapshot { word: in_use(generation), ..Snapshot::keyed(generation, 1).with_batch(BATCH_LEN, 7) };
            page.state().write(contents);
            for _ in 0..3 {
                let number = calls().len();
                let mut buffer = [0; 16];
                assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
                assert_eq!(buffer, bytes_of(number)[..16]);
                assert_eq!(calls()[number..], [Call { buffer: buffer.as_ptr().addr(), len: 16, flags: 0 }]);
                assert_eq!(page.state().read(), contents);
            }
        }
    });
}
