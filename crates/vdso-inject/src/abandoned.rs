// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A handler's draw that is abandoned (R4): a nested signal leaves it by `longjmp`, or its buffer faults and the handler of
//! `SIGSEGV` jumps away.

use crate::accesses::Accesses;
use crate::case::Entry;
use crate::harness::Harness;
use crate::record::{Origin, Record};
use crate::step::{Next, Start, Stepper};
use crate::{Error, duplicates};
use std::cell::RefCell;
use std::ptr::null_mut;
use std::slice;
use vdso_abi::PAGE_SIZE;
use vdso_native::Registers;

/// How a draw ends early.
#[derive(Clone, Copy, Debug)]
pub enum Leave {
    /// A nested signal leaves it right before its access to the state of this number. Between two accesses the draw
    /// changes nothing that another call could see, so these are all the instructions that matter.
    BeforeAccess(u32),
    /// So many bytes of its buffer can be written; the next one faults.
    AtByte(usize),
}

impl Leave {
    /// One way for a draw of `len` bytes. Few and many accesses are equally likely; most draws are left before the cipher
    /// begins, whose hundreds of accesses to scratch and key are alike.
    pub fn by_chance(len: usize, rng: &mut fastrand::Rng) -> Self {
        if rng.u8(..4) == 0 {
            return Self::AtByte(rng.usize(..len));
        }
        let magnitudes = if rng.u8(..8) == 0 { 8 } else { 5 };
        let magnitude = rng.u32(..magnitudes);
        Self::BeforeAccess(rng.u32(0..1 << magnitude))
    }
}

/// The buffer of abandoned draws: a page, and one after it that faults.
pub struct AbandonedDraws {
    page: *mut u8,
    accesses: RefCell<Accesses>,
}

impl AbandonedDraws {
    /// Maps the two pages.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { page: map_guarded_page()?, accesses: RefCell::default() })
    }

    /// Draws `len` bytes, at most a page, and abandons the draw. A draw that ends before counts as a completed one.
    pub fn draw(&self, harness: &Harness<'_>, entry: Entry, len: usize, leave: Leave, record: &mut Record) {
        let writable = if let Leave::AtByte(bytes) = leave { bytes } else { len };
        let start = self.page.wrapping_add(PAGE_SIZE - writable);
        // SAFETY: the last bytes of our own page, to which no reference exists.
        unsafe { start.write_bytes(0, writable) };
        let left = RefCell::new(if let Leave::BeforeAccess(number) = leave { number } else { 0 });
        let hook = |registers: &mut Registers| {
            if !self.accesses.borrow_mut().touches(registers, &harness.state_range()) {
                return Next::Step;
            }
            if *left.borrow() == 0 {
                return Next::Leave;
            }
            *left.borrow_mut() -= 1;
            Next::Step
        };
        let begin = if matches!(leave, Leave::BeforeAccess(_)) { Start::Step } else { Start::Run };
        let mut stepper = Stepper::new(harness.text(), &hook);
        stepper.leave_on_fault();
        let returned = harness.draw_at(&stepper, entry, [start.addr(), len], begin);
        // SAFETY: as above; the draw is over.
        let bytes = unsafe { slice::from_raw_parts(start, writable) };
        if returned == Some(len as isize) {
            record.push(Origin::Handler, bytes);
            return;
        }
        // The bytes that it had written by then have left the generator as well.
        let written = duplicates::words(bytes).take_while(|(_, word)| *word != 0).count() * duplicates::WORD_LEN;
        record.push(Origin::Abandoned, &bytes[..written]);
    }
}

/// Maps a page that can be written and one right after it that cannot be touched, for the rest of the process.
fn map_guarded_page() -> Result<*mut u8, Error> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: no address is given, so nothing that exists is replaced.
    let pages = unsafe { libc::mmap(null_mut(), 2 * PAGE_SIZE, libc::PROT_NONE, flags, -1, 0) };
    // SAFETY: the first of the pages just mapped.
    if pages == libc::MAP_FAILED || unsafe { libc::mprotect(pages, PAGE_SIZE, libc::PROT_READ | libc::PROT_WRITE) } != 0
    {
        return Err(Error::last("a page for the buffer of an abandoned draw"));
    }
    Ok(pages.cast())
}
