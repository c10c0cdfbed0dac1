// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Carries a sequence out, and compares each call with the system call, and where the key is known with the model.

use super::sequence::{Buffer, Draw, Place, Sequence, Step};
use proptest::test_runner::{TestCaseError, TestCaseResult};
use proptest::{prop_assert, prop_assert_eq};
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::GRND_MAX_VALID;
use vdso_abi::state::{KEY_LEN, STATE_LEN};
use vdso_tests::canary::CanaryBuffer;
use vdso_tests::child::{exit, fork};
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage, StatePtr, idle, in_use};
use vdso_tests::syscalls::{Answer, Call, calls, forget, intercept};
use vdso_tests::{Vdso, cpu_levels, model};

/// The arguments of a call, ready to be passed on.
#[derive(Clone, Copy)]
pub struct Arguments {
    pub buffer: *mut u8,
    pub len: usize,
    pub flags: u32,
    pub state: StatePtr,
    pub opaque_len: Option<usize>,
}

/// The image that makes the call, or a faulty one.
pub type Subject = fn(&Vdso, Arguments) -> isize;

/// The image itself.
pub fn image(vdso: &Vdso, call: Arguments) -> isize {
    let Arguments { buffer, len, flags, state, opaque_len } = call;
    // SAFETY: the buffer is writable wherever the call is not one for the kernel, which checks it.
    unsafe {
        match opaque_len {
            Some(opaque_len) => vdso.call_raw(buffer, len, flags, state, opaque_len),
            None => vdso.call(buffer, len, flags, state),
        }
    }
}

/// Who answers a call, by the contract.
#[derive(Debug, PartialEq, Eq)]
enum Server {
    Kernel,
    /// The function itself, from the state of this number.
    State(usize),
}

/// A process with two states, and what they must be.
pub struct World {
    vdso: Vdso,
    subject: Subject,
    page: StatePage,
    straddling: Pages,
    report: Pages,
    fetches: Arc<AtomicU64>,
    offsets: [usize; 2],
    expected: [Snapshot; 2],
    generation: u64,
    is_child: bool,
}

/// The key that a process is given by its fetch of this number.
fn key(process: u32, number: u64) -> [u8; KEY_LEN] {
    let mut key = [0x5a; KEY_LEN];
    key[..4].copy_from_slice(&process.to_le_bytes());
    key[8..16].copy_from_slice(&number.to_le_bytes());
    key
}

impl World {
    /// Makes the process one whose `getrandom` system calls are looked at, for good.
    pub fn new(subject: Subject) -> Self {
        let (page, fetches) = (StatePage::new(), Arc::new(AtomicU64::new(0)));
        let (start, fetched) = (page.state().key_address(), fetches.clone());
        intercept(move |_, call| {
            if (start..start + PAGE_SIZE).contains(&call.buffer) {
                return Answer::Bytes(key(std::process::id(), fetched.fetch_add(1, Ordering::Relaxed)).into());
            }
            Answer::Kernel
        });
        let (straddling, report) = (Pages::new(2), Pages::shared(1));
        let (offsets, expected) = ([0; 2], [Snapshot::FRESH; 2]);
        let vdso = Vdso::built();
        Self { vdso, subject, page, straddling, report, fetches, offsets, expected, generation: 0, is_child: false }
    }

    /// Carries out a sequence from fresh states.
    pub fn run(&mut self, sequence: &Sequence) -> TestCaseResult {
        self.offsets = sequence.offsets;
        self.vdso.image().enter_time_namespace(false).expect("mprotect");
        self.vdso.data().set_simd(cpu_levels()[sequence.cipher].simd);
        self.publish(u64::from(sequence.ready));
        self.wipe();
        let outcome = self.steps(&sequence.steps);
        if self.is_child {
            self.end_child(outcome);
        }
        outcome
    }

    fn steps(&mut self, steps: &[Step]) -> TestCaseResult {
        for (number, step) in steps.iter().enumerate() {
            self.step(step).map_err(|error| at_step(number, step, self.is_child, error))?;
        }
        Ok(())
    }

    /// Forks, unless this is a child already. The child goes on first, and the parent when it has ended.
    fn fork(&mut self) -> TestCaseResult {
        if self.is_child {
            return Ok(());
        }
        let side = fork();
        if side.is_child() {
            (self.is_child, self.expected) = (true, [Snapshot::FRESH; 2]);
            return Ok(());
        }
        side.join();
        // The data page is the child's as well, and what it did there is undone.
        self.publish(self.generation);
        let report = self.report.bytes();
        let len = report.iter().position(|byte| *byte == 0).unwrap_or(report.len());
        // SAFETY: the page is writable, and the child has ended.
        unsafe { self.report.start().write_bytes(0, PAGE_SIZE) };
        prop_assert!(len == 0, "{}", String::from_utf8_lossy(&report[..len]));
        Ok(())
    }

    /// Ends the child, and leaves the words of a failure for the parent.
    fn end_child(&self, outcome: TestCaseResult) -> ! {
        let words = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        let words = &words.as_bytes()[..words.len().min(PAGE_SIZE - 1)];
        // SAFETY: the page is writable and longer than the words.
        unsafe { self.report.start().copy_from_nonoverlapping(words.as_ptr(), words.len()) };
        exit(0)
    }

    fn publish(&mut self, generation: u64) {
        self.generation = generation;
        self.vdso.data().set_generation(generation);
        self.vdso.data().set_ready(generation != 0);
    }

    fn wipe(&mut self) {
        self.page.wipe();
        self.expected = [Snapshot::FRESH; 2];
    }

    fn state(&self, number: usize) -> StatePtr {
        self.page.at(self.offsets[number])
    }

    fn step(&mut self, step: &Step) -> TestCaseResult {
        match step {
            Step::Draw(draw) => self.draw(*draw)?,
            Step::Reseed if self.generation != 0 => self.publish(self.generation + 1),
            Step::BecomeReady if self.generation == 0 => self.publish(1),
            Step::Fork => self.fork()?,
            // It moves the data in the page, which the parent would have to know of.
            Step::Namespace(_) if self.is_child => {}
            Step::Reseed | Step::BecomeReady => {}
            Step::Namespace(enter) => self.vdso.image().enter_time_namespace(*enter).expect("mprotect"),
            Step::Wipe => self.wipe(),
            Step::Abandon(number) => {
                self.expected[*number].word = in_use(self.generation.max(1));
                self.state(*number).write(self.expected[*number]);
            }
        }
        for number in 0..2 {
            prop_assert_eq!(self.state(number).read(), self.expected[number], "state {}", number);
        }
        Ok(())
    }

    /// Who must answer, in the order of the contract.
    fn server(&self, draw: Draw) -> Server {
        match (draw.opaque_len, draw.state) {
            (Some(len), _) if len != STATE_LEN => Server::Kernel,
            (_, Place::Straddling(_) | Place::Null) => Server::Kernel,
            _ if draw.flags > GRND_MAX_VALID || self.generation == 0 => Server::Kernel,
            (_, Place::Own(number)) => {
                let word = self.expected[number].word;
                let is_in_use = word != 0 && word & 1 == 0;
                // No bytes need no state.
                if is_in_use && draw.len > 0 { Server::Kernel } else { Server::State(number) }
            }
        }
    }

    /// The nearest call that a client may make: one that faults, or is the size probe, is another test's.
    fn permitted(&self, mut draw: Draw) -> Draw {
        let is_probe = draw.opaque_len == Some(usize::MAX);
        if draw.buffer == Buffer::Null && (is_probe || draw.len > 0 && self.server(draw) != Server::Kernel) {
            draw.buffer = Buffer::At(0);
        }
        draw
    }

    fn draw(&mut self, draw: Draw) -> TestCaseResult {
        let draw = self.permitted(draw);
        let server = self.server(draw);
        let misalignment = if let Buffer::At(misalignment) = draw.buffer { misalignment } else { 0 };
        let mut memory = CanaryBuffer::new(draw.len, misalignment);
        let before = memory.bytes().to_vec();
        let buffer = if draw.buffer == Buffer::Null { null_mut() } else { memory.bytes().as_mut_ptr() };
        let state = match draw.state {
            Place::Own(number) => self.state(number),
            Place::Null => StatePtr::NULL,
            // SAFETY: both pages are writable.
            Place::Straddling(by) => unsafe { StatePtr::new(self.straddling.start().add(PAGE_SIZE - by)) },
        };
        let Draw { len, flags, opaque_len, .. } = draw;
        forget();
        let fetches = self.fetches.load(Ordering::Relaxed);
        let returned = (self.subject)(&self.vdso, Arguments { buffer, len, flags, state, opaque_len });
        let made = calls();
        prop_assert_eq!(memory.overrun(), None);
        match server {
            Server::Kernel => {
                prop_assert_eq!(made, vec![Call { buffer: buffer.addr(), len, flags }]);
                prop_assert_eq!(returned, system_call(draw));
                let written = usize::try_from(returned).unwrap_or(0);
                prop_assert!(memory.bytes()[written..] == before[written..], "bytes that were not returned");
                prop_assert!(written < 16 || memory.bytes()[..written] != before[..written], "no bytes");
            }
            Server::State(number) => {
                prop_assert_eq!(returned, system_call(draw));
                let expected = &mut self.expected[number];
                let is_stale = expected.word != idle(self.generation);
                if is_stale && len > 0 {
                    model::rekey(expected, self.generation, key(std::process::id(), fetches));
                }
                let fetch = Call { buffer: self.page.at(self.offsets[number]).key_address(), len: KEY_LEN, flags: 0 };
                prop_assert_eq!(made, if is_stale && len > 0 { vec![fetch] } else { vec![] });
                if len > 0 {
                    prop_assert!(memory.bytes() == model::draw(&mut self.expected[number], len), "other bytes");
                }
            }
        }
        Ok(())
    }
}

/// The return value of the system call with the same arguments and a separate buffer.
fn system_call(draw: Draw) -> isize {
    let mut buffer = vec![0u8; draw.len];
    let start = if draw.buffer == Buffer::Null { null_mut() } else { buffer.as_mut_ptr() };
    // SAFETY: the kernel checks the buffer, which is as long as it says, or null.
    let returned = unsafe { libc::syscall(libc::SYS_getrandom, start, draw.len, draw.flags) };
    match returned {
        -1 => -(std::io::Error::last_os_error().raw_os_error().expect("from errno") as isize),
        count => count as isize,
    }
}

fn at_step(number: usize, step: &Step, is_child: bool, error: TestCaseError) -> TestCaseError {
    let side = if is_child { ", in the child" } else { "" };
    TestCaseError::fail(format!("step {number}, {step:?}{side}: {error}"))
}
