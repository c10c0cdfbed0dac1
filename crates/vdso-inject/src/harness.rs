// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One state of a target, and controlled calls on it. A process has one harness.

use crate::Error;
use crate::abandoned::AbandonedDraws;
use crate::case::{Case, Entry, Fill};
use crate::kernel::{self, Behavior};
use crate::record::{Origin, Record};
use crate::shared::Shared;
use crate::step::{self, Next, Start, Stepper};
use crate::target::Target;
use crate::text::Text;
use std::ops::Range;
use std::ptr::null_mut;
use std::slice;
use vdso_abi::PAGE_SIZE;
use vdso_abi::state::KEY_LEN;

/// A state that is wiped on fork, and all that a call on it needs.
pub struct Harness<'a> {
    target: &'a Target,
    text: Text,
    state: *mut u8,
    /// Number of draws from a fresh state after which the next one still fetches a key (K9).
    first_draws: usize,
    batch_len: usize,
    abandoned_draws: AbandonedDraws,
    /// Where the child of a fork leaves its record.
    mailbox: Shared<Record>,
}

impl<'a> Harness<'a> {
    /// Sets up this process for calls of `target`: its signal handlers, its system calls, its code. It cannot be undone.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new(target: &'a Target) -> Result<Self, Error> {
        // SAFETY: mapped for as long as the target lives; breakpoints are set for calls under control alone.
        let text = unsafe { Text::open(target.code().clone()) }.map_err(Error::system("making the code writable"))?;
        let state = map_state(target)?;
        step::install().map_err(Error::system("handlers for SIGTRAP and SIGSEGV"))?;
        let mut harness = Self {
            target,
            text,
            state,
            first_draws: 0,
            batch_len: 0,
            abandoned_draws: AbandonedDraws::new()?,
            mailbox: Shared::new()?,
        };
        // SAFETY: the process has one harness, made for one target that is there until the process ends.
        let opened = unsafe { kernel::open(harness.state_range(), target) };
        opened.map_err(Error::system("a filter for system calls"))?;
        (harness.first_draws, harness.batch_len) = harness.measure();
        Ok(harness)
    }

    /// The tested implementation.
    pub fn target(&self) -> &'a Target {
        self.target
    }

    /// Its code.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The bytes that a batch has.
    pub fn batch_len(&self) -> usize {
        self.batch_len
    }

    /// The buffer of draws that are abandoned.
    pub fn abandoned_draws(&self) -> &AbandonedDraws {
        &self.abandoned_draws
    }

    /// Where the child of a fork leaves its record.
    pub fn mailbox(&self) -> &Shared<Record> {
        &self.mailbox
    }

    /// Addresses of the state.
    pub fn state_range(&self) -> Range<usize> {
        self.state.addr()..self.state.addr() + self.target.state().len
    }

    /// Zeroes the state, as a fork does in the child and a reclaim anywhere.
    pub fn wipe(&self) {
        // SAFETY: our own page, to which no reference exists.
        unsafe { self.state.write_bytes(0, self.target.state().len) };
    }

    /// Copies the state to the start of `to`.
    pub fn copy_state(&self, to: &mut [u8; PAGE_SIZE]) {
        // SAFETY: our own page, and no call is under way.
        to[..self.target.state().len]
            .copy_from_slice(unsafe { slice::from_raw_parts(self.state, self.target.state().len) });
    }

    /// Prepares a fresh state for `case`, and the kernel's normal behavior.
    pub fn prepare(&self, case: &Case, record: &mut Record) {
        kernel::set_behavior(Behavior::Normal);
        self.wipe();
        if case.fill != Fill::Fresh {
            (0..self.first_draws).for_each(|_| self.draw(case.entry, Self::FIRST_DRAW, Origin::Earlier, record));
        }
        for len in case.fill.draws(self.batch_len).into_iter().filter(|len| *len > 0) {
            self.draw(case.entry, len, Origin::Earlier, record);
        }
        if case.fill == Fill::Stale {
            self.target.move_generation();
        }
    }

    /// Makes the call of `case`, under the control of `stepper`.
    pub fn call(&self, stepper: &Stepper<'_>, case: &Case, buffer: *mut u8, start: Start) -> Option<isize> {
        let request = kernel::set_request([buffer.addr(), case.draw_len()]);
        let arguments = [buffer.addr(), case.draw_len(), 0, self.state.addr(), self.target.state().len];
        // SAFETY: a buffer that is writable for the length, and a state; the handlers are installed.
        let returned = unsafe { stepper.call(self.target.address(case.entry), arguments, start) };
        kernel::set_request(request);
        returned
    }

    /// Draws `len` bytes, at most [`MAX_DRAW`](Self::MAX_DRAW), with nothing in between.
    pub fn draw(&self, entry: Entry, len: usize, origin: Origin, record: &mut Record) {
        let mut buffer = [0; Self::MAX_DRAW];
        self.draw_with(
            &Stepper::new(&self.text, &|_| Next::Run),
            entry,
            &mut buffer[..len],
            Start::Run,
            origin,
            record,
        );
    }

    /// Length of a draw that only makes a fresh state ready.
    const FIRST_DRAW: usize = 8;

    /// The most that one draw returns that is not the interrupted call, in bytes.
    pub const MAX_DRAW: usize = 1024;

    /// Draws under the control of `stepper`.
    pub fn draw_with(
        &self,
        stepper: &Stepper<'_>,
        entry: Entry,
        buffer: &mut [u8],
        start: Start,
        origin: Origin,
        record: &mut Record,
    ) {
        let returned = self.fill(stepper, entry, buffer, start);
        if returned == buffer.len() as isize {
            record.push(origin, buffer);
        } else {
            record.other_returned = Some(returned);
        }
    }

    fn fill(&self, stepper: &Stepper<'_>, entry: Entry, buffer: &mut [u8], start: Start) -> isize {
        let buffer = [buffer.as_mut_ptr().addr(), buffer.len()];
        self.draw_at(stepper, entry, buffer, start).expect("this stepper leaves no call")
    }

    /// Draws bytes to an address. Returns `None` if the call was abandoned.
    pub(crate) fn draw_at(
        &self,
        stepper: &Stepper<'_>,
        entry: Entry,
        [address, len]: [usize; 2],
        start: Start,
    ) -> Option<isize> {
        let request = kernel::set_request([address, len]);
        let arguments = [address, len, 0, self.state.addr(), self.target.state().len];
        // SAFETY: a state, and a buffer that is writable for the length or whose fault leaves the call; the handlers are
        // installed.
        let returned = unsafe { stepper.call(self.target.address(entry), arguments, start) };
        kernel::set_request(request);
        returned
    }

    /// How many draws a fresh state needs before it is idle with a key, beyond the first, and how many bytes there are between
    /// two refills: a draw of one byte changes a few bytes of the state, and a refill at least a key.
    fn measure(&self) -> (usize, usize) {
        /// More than any batch; a target without one is taken to have this.
        const LARGEST: usize = 1000;
        /// More than any target needs.
        const MOST_KEYINGS: usize = 4;
        let entry = self.target.entries()[0];
        let draw =
            || self.fill(&Stepper::new(&self.text, &|_| Next::Run), entry, &mut [0; Self::MAX_DRAW][..1], Start::Run);
        let (mut before, mut after) = ([0; PAGE_SIZE], [0; PAGE_SIZE]);
        self.wipe();
        let fetches = || {
            let before = kernel::counts();
            draw();
            kernel::counts().since(before).fetches > 0
        };
        let keyings = (0..MOST_KEYINGS).take_while(|_| fetches()).count();
        // Each draw fetches a key: there is no batch.
        if keyings == MOST_KEYINGS {
            return (0, LARGEST);
        }
        // The draw after the last keying was the second one of its batch.
        for drawn in 2..LARGEST {
            self.copy_state(&mut before);
            draw();
            self.copy_state(&mut after);
            let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
            if changed > KEY_LEN / 2 {
                return (keyings.saturating_sub(1), drawn);
            }
        }
        (keyings.saturating_sub(1), LARGEST)
    }
}

/// Maps a page for states as the target requires, wiped on fork, for the rest of the process.
pub(crate) fn map_state(target: &Target) -> Result<*mut u8, Error> {
    let state = target.state();
    // SAFETY: no address is given, so nothing that exists is replaced.
    let map = |flags: u32| unsafe { libc::mmap(null_mut(), PAGE_SIZE, state.prot as i32, flags as i32, -1, 0) };
    let mut page = map(state.flags);
    if page == libc::MAP_FAILED {
        // A kernel older than the flags of the image: an anonymous mapping behaves the same.
        page = map((libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u32);
    }
    // SAFETY: the page just mapped.
    if page == libc::MAP_FAILED || unsafe { libc::madvise(page, PAGE_SIZE, libc::MADV_WIPEONFORK) } != 0 {
        return Err(Error::last("a page for the state"));
    }
    Ok(page.cast())
}
