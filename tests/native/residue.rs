// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses M1 and M2: what a whole call leaves on the stack and in registers, on every path and under every cipher.
//!
//! Each call is made twice from the same addresses, with different secrets. Its residue is searched for eight
//! neighbouring bytes of them, and must be the same both times: that also excludes what can be computed from a secret.
//! Handlers run on a separate stack, because the registers that the kernel saves for them are another matter (M5).

mod planted;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::{GRND_INSECURE, GRND_RANDOM};
use vdso_abi::state::{BATCH_LEN, BLOCK_LEN, GROUP_BLOCKS, KEY_LEN, STATE_LEN};
use vdso_tests::aftermath::{Aftermath, GENERAL, Place, STACK_LEN};
use vdso_tests::child::in_child;
use vdso_tests::faults::on_fault;
use vdso_tests::memory::Pages;
use vdso_tests::model::keystream;
use vdso_tests::secrets::Secrets;
use vdso_tests::signal_stack::move_handlers;
use vdso_tests::state::{Snapshot, StatePage, idle, in_use};
use vdso_tests::syscalls::{Answer, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{CpuLevel, Vdso, cpu_levels};

/// The event in the middle of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Nothing,
    /// The generation moves during the first key fetch.
    ReseedAtFetch,
    /// The generation moves during every key fetch.
    Storm,
    /// The state is wiped during the first key fetch.
    WipeAtFetch,
    /// The first key fetch fails.
    NoKey,
    /// The generation moves when the last byte of the buffer is written.
    ReseedAtStore,
    /// The state is wiped when the last byte of the buffer is written.
    WipeAtStore,
    /// The call has flags that only the kernel checks.
    BadFlags,
}

/// A way through the code.
struct Path {
    name: &'static str,
    /// Word and rest of the batch to start from.
    from: (u64, usize),
    event: Event,
    /// How many keys the call fetches.
    fetches: usize,
    lens: &'static [usize],
}

const fn path(name: &'static str, from: (u64, usize), event: Event, fetches: usize, lens: &'static [usize]) -> Path {
    Path { name, from, event, fetches, lens }
}

const IDLE: u64 = idle(GENERATION);
const STALE: u64 = idle(GENERATION - 1);
const HELD: u64 = in_use(GENERATION);

const PATHS: [Path; 13] = [
    path(
        "hit",
        (IDLE, BATCH_LEN),
        Event::Nothing,
        0,
        &[1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 64, 65, 100, BATCH_LEN - 1, BATCH_LEN],
    ),
    path("refill", (IDLE, 10), Event::Nothing, 0, &[11, 16, 100, BATCH_LEN + 10]),
    path("refill of an empty batch", (IDLE, 0), Event::Nothing, 0, &[1, 16, 32, BATCH_LEN]),
    path("generate", (IDLE, 300), Event::Nothing, 0, &[812, 1100, 2100, 5000, 9000]),
    path("rekey", (STALE, 200), Event::Nothing, 1, &[1, 16, BATCH_LEN, 600, 5000]),
    path("restart after the fetch", (STALE, 200), Event::ReseedAtFetch, 2, &[16, 600, 2100]),
    path("restart over a wiped state", (STALE, 200), Event::WipeAtFetch, 2, &[16, 600, 2100]),
    path("restart at the last store", (IDLE, 300), Event::ReseedAtStore, 1, &[16, 300, 600, 2100]),
    path("restart over a state wiped late", (IDLE, 300), Event::WipeAtStore, 1, &[16, 300, 600, 2100]),
    path("fallback after a storm", (STALE, 200), Event::Storm, 2, &[16, 600, 2100]),
    path("fallback without a key", (STALE, 200), Event::NoKey, 1, &[16, 600]),
    path("fallback from a state in use", (HELD, 200), Event::Nothing, 0, &[16, 600]),
    path("fallback by flags", (IDLE, 200), Event::BadFlags, 0, &[16, 600]),
];

/// Bytes that look random and differ with `run` and `number`.
fn random(run: usize, number: usize, blocks: usize) -> Vec<u8> {
    keystream(&[0x5c; KEY_LEN], ((run << 16 | number) << 8) as u64, blocks)
}

fn fetched(run: usize, number: usize) -> [u8; KEY_LEN] {
    random(run, 2 + number, 1)[..KEY_LEN].try_into().expect("a block is longer")
}

/// The state of a run, with a key and a batch like real ones.
fn prepared(run: usize, (word, remaining): (u64, usize)) -> Snapshot {
    let mut contents = Snapshot { word, remaining: remaining as u32, ..Snapshot::FRESH };
    contents.key.copy_from_slice(&random(run, 0, 1)[..KEY_LEN]);
    contents.batch[..remaining].copy_from_slice(&random(run, 1, GROUP_BLOCKS)[..remaining]);
    contents
}

/// One call, made in two runs.
struct Subject<'a> {
    path: &'a Path,
    vdso: Arc<Vdso>,
    page: Arc<StatePage>,
    buffer: Arc<Pages>,
    len: usize,
    run: Arc<AtomicUsize>,
    fetches: Arc<AtomicUsize>,
}

/// The result of a run.
struct Run {
    aftermath: Box<Aftermath>,
    secrets: Secrets,
    output: Vec<u8>,
}

impl<'a> Subject<'a> {
    /// Pages of the buffer, which ends in the first byte of the last one. There it faults where the path wants it.
    const PAGES: usize = 5;

    fn new(path: &'a Path, cipher: CpuLevel, len: usize) -> Self {
        let subject = Self {
            path,
            vdso: Arc::new(Vdso::built()),
            page: Arc::new(StatePage::new()),
            buffer: Arc::new(Pages::new(Self::PAGES)),
            len,
            run: Arc::default(),
            fetches: Arc::default(),
        };
        subject.vdso.data().set_simd(cipher.simd);
        subject.act_at_store();
        subject.act_at_fetch();
        move_handlers(&[libc::SIGSYS, libc::SIGSEGV]);
        subject
    }

    fn act_at_store(&self) {
        let (vdso, buffer, page, event) = (self.vdso.clone(), self.buffer.clone(), self.page.clone(), self.path.event);
        on_fault(move |address| {
            let Some(closed) = buffer.page_of(address) else { return false };
            buffer.open(closed);
            match event {
                Event::WipeAtStore => page.wipe(),
                _ => vdso.data().set_generation(GENERATION + 1),
            }
            true
        });
    }

    fn act_at_fetch(&self) {
        let (vdso, page, event) = (self.vdso.clone(), self.page.clone(), self.path.event);
        let (run, fetches) = (self.run.clone(), self.fetches.clone());
        intercept(move |_, call| {
            let run = run.load(Ordering::Relaxed);
            if call.buffer != page.state().key_address() {
                return Answer::Bytes(random(run, 1000, call.len.div_ceil(BLOCK_LEN)));
            }
            let number = fetches.fetch_add(1, Ordering::Relaxed);
            match (event, number) {
                (Event::Storm, _) | (Event::ReseedAtFetch, 0) => {
                    vdso.data().set_generation(vdso.data().generation() + 1);
                }
                (Event::WipeAtFetch, 0) => page.wipe(),
                (Event::NoKey, 0) => return Answer::Error(libc::EINTR),
                _ => {}
            }
            Answer::Bytes(fetched(run, number).into())
        });
    }

    /// Makes the call with the secrets of `run`.
    fn call(&self, run: usize) -> Run {
        let before = prepared(run, self.path.from);
        self.run.store(run, Ordering::Relaxed);
        self.fetches.store(0, Ordering::Relaxed);
        self.vdso.data().set_generation(GENERATION);
        self.page.state().write(before);
        if matches!(self.path.event, Event::ReseedAtStore | Event::WipeAtStore) {
            self.buffer.close(Self::PAGES - 1);
        }
        let offset = (Self::PAGES - 1) * PAGE_SIZE + 1 - self.len;
        let flags = if self.path.event == Event::BadFlags { GRND_RANDOM | GRND_INSECURE } else { 0 };
        let (buffer, state) = (self.buffer.start().addr() + offset, self.page.state().as_ptr().addr());
        let function = self.vdso.image().function("__vdso_getrandom").expect("it was called before");
        let arguments = [buffer, self.len, flags as usize, state, STATE_LEN];
        // SAFETY: the arguments of a call, whose last page is opened when it faults.
        let aftermath = unsafe { Aftermath::of(function.as_ptr().addr(), arguments) };
        let output = self.buffer.bytes()[offset..][..self.len].to_vec();
        let fetches = self.fetches.load(Ordering::Relaxed);
        assert_eq!((aftermath.returned(), fetches), (self.len as isize, self.path.fetches), "the path was taken");
        Run { aftermath, secrets: self.secrets(run, before, &output), output }
    }

    /// All that the call had or made: keys and what they were made into, unread batches, and the output.
    fn secrets(&self, run: usize, before: Snapshot, output: &[u8]) -> Secrets {
        let (mut secrets, after) = (Secrets::default(), self.page.state().read());
        let blocks = self.len / BLOCK_LEN + 2 * GROUP_BLOCKS;
        secrets.add_key(&before.key, blocks);
        for number in 0..self.path.fetches {
            secrets.add_key(&fetched(run, number), blocks);
        }
        secrets.add(&after.key);
        for state in [before, after] {
            secrets.add(&state.batch[..state.remaining as usize]);
        }
        secrets.add(output);
        secrets
    }
}

/// Lets `judge` see the two runs of every path under every cipher.
fn every_path(judge: impl Fn(&str, [Run; 2])) {
    for cipher in cpu_levels() {
        for path in &PATHS {
            for &len in path.lens {
                in_child(|| {
                    let subject = Subject::new(path, cipher, len);
                    let runs = [1, 2].map(|run| subject.call(run));
                    assert_ne!(runs[0].output, runs[1].output, "the runs have different secrets");
                    judge(&format!("{}, {cipher:?}, {len} bytes", path.name), runs);
                });
            }
        }
    }
}

#[test]
fn m1_m2_no_secret_on_the_stack_or_in_vector_registers() {
    every_path(|path, runs| {
        for Run { aftermath, secrets, .. } in &runs {
            assert_eq!(aftermath.residue(secrets), [], "{path}");
            assert_eq!(aftermath.dirty_vector(), None, "{path}: {:x?}", aftermath.vectors);
        }
    });
}

/// The only bytes that differ between runs and that a general-purpose register may hold: those of the output.
fn is_output(value: u64, output: &[u8]) -> bool {
    let bytes = value.to_le_bytes();
    let len = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    len == 0 || output.windows(len).any(|window| window == &bytes[..len])
}

#[test]
fn m1_m2_what_is_left_does_not_depend_on_secrets() {
    every_path(|path, [a, b]| {
        let (left, right) = (&a.aftermath, &b.aftermath);
        assert!(left.vectors == right.vectors, "{path}: {:x?} and {:x?}", left.vectors, right.vectors);
        let differing = left.stack.iter().zip(&right.stack).position(|(left, right)| left != right);
        assert_eq!(differing.map(|at| Place::Stack(STACK_LEN - at)), None, "{path}");
        for (register, name) in GENERAL.iter().enumerate() {
            let values = [left.general[register], right.general[register]];
            let is_known = is_output(values[0], &a.output) && is_output(values[1], &b.output);
            assert!(values[0] == values[1] || is_known, "{path}: {values:x?} in {name}");
        }
    });
}

#[test]
fn e10_stack_frames_are_small() {
    every_path(|path, runs| {
        let used = runs.map(|run| run.aftermath.used_stack());
        assert!(used.iter().all(|used| *used <= 512), "{path}: {used:?} bytes");
    });
}
