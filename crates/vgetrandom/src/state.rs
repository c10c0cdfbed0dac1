// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A state that the caller owns, for runtimes whose threads are not those of the operating system.

#![expect(unsafe_code, reason = "implements the trait of owners")]

use crate::abi::ENOMEM;
use crate::cell::Cell;
use crate::draw;
use crate::error::Error;
use crate::fill;
use crate::owner::Owner;
use crate::slot::Slot;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

/// A generator that belongs to no thread.
///
/// A runtime keeps one for each task that moves between threads, or for each thread without thread-local storage. It may move
/// to another thread between draws; two threads must not use it at the same time, so it is not `Sync`. A signal handler may
/// use the state of the code that it interrupts. Dropping a state returns its memory to the library.
///
/// ```
/// let state = vgetrandom::State::new()?;
/// let mut key = [0; 32];
/// state.fill(&mut key)?;
/// std::thread::spawn(move || state.fill(&mut [0; 16])).join().unwrap()?;
/// # assert_ne!(key, [0; 32]);
/// # Ok::<(), vgetrandom::Error>(())
/// ```
#[derive(Debug)]
pub struct State {
    cell: Cell,
    not_sync: PhantomData<core::cell::Cell<()>>,
}

// SAFETY: word and cell are those of the one field; a `State` is not `Sync`, so no two threads use it at the same time.
unsafe impl Owner for &State {
    #[inline(always)]
    fn word(self) -> *mut Slot {
        self.cell.word()
    }

    fn cell(&self) -> &Cell {
        &self.cell
    }

    fn set_hook(self) -> bool {
        // `drop` gives the slot back.
        true
    }
}

impl State {
    /// Creates a state. If the process draws by system call, the state does so too.
    ///
    /// # Errors
    /// `ENOMEM` where the kernel refuses memory.
    pub fn new() -> Result<Self, Error> {
        let state = Self { cell: Cell::empty(), not_sync: PhantomData };
        match draw::slot(&state) {
            Ok(None) => Err(Error::new(ENOMEM)),
            Ok(Some(_)) | Err(_) => Ok(state),
        }
    }

    /// Fills a buffer, as [`fill`](crate::fill()) does.
    ///
    /// # Errors
    /// As for [`fill`](crate::fill()).
    #[inline]
    pub fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        self.fill_uninit(fill::as_uninit(buffer)).map(drop)
    }

    /// Fills an uninitialised buffer, as [`fill_uninit`](crate::fill_uninit) does.
    ///
    /// # Errors
    /// As for [`fill`](crate::fill()).
    #[inline]
    pub fn fill_uninit<'a>(&self, buffer: &'a mut [MaybeUninit<u8>]) -> Result<&'a mut [u8], Error> {
        fill::fill_slice(self, buffer)
    }

    /// Makes one call, as [`getrandom`](crate::getrandom) does.
    ///
    /// # Errors
    /// As for [`getrandom`](crate::getrandom).
    #[inline]
    pub fn getrandom(&self, buffer: &mut [MaybeUninit<u8>], flags: u32) -> Result<usize, Error> {
        fill::draw_slice(self, buffer, flags)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.cell.exit();
    }
}
