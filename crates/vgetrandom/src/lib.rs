// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Random bytes from the Linux kernel at the speed of its vDSO.
//!
//! [`fill`] returns the bytes of `getrandom(2)`, from the same generator and with the same errors. It makes no system call if
//! the kernel's vDSO has `getrandom`: Linux 6.11 and later, and 6.1 with this project's glue. On other kernels it makes the
//! system call. The first draw of a thread takes a state of the vDSO, and the exit of the thread returns it. A fork wipes
//! the states of the child. Every function may be called in a signal handler.
//!
//! The crate needs no `std`, no allocator and no C library, uses a C library for thread exit where there is one, and makes no
//! system calls but `getrandom`, `mmap` and `munmap`. The contract is `docs/client-contract.md` of the repository;
//! code and tests name its clauses C1 to C15.
//!
//! ```
//! let mut key = [0; 32];
//! vgetrandom::fill(&mut key)?;
//! # assert_ne!(key, [0; 32]);
//! # Ok::<(), vgetrandom::Error>(())
//! ```
#![no_std]
#![deny(unsafe_code)]

mod abi;
#[expect(unsafe_code, reason = "instructions and linker symbols of a processor")]
mod arch;
#[cfg(feature = "getrandom_backend")]
mod backend;
mod cell;
mod certain;
mod draw;
mod error;
mod exit;
mod fill;
mod kernel;
mod libc;
mod lookup;
mod owner;
mod pool;
mod process;
mod rng;
mod slot;
mod source;
mod state;

pub use error::Error;
pub use rng::Rng;
pub use source::{Source, Why};
pub use state::State;

use cell::Content;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use owner::{Owner, Thread};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// For the C library and the preload library of the same version. Not covered by semantic versioning.
#[doc(hidden)]
pub mod internals {
    pub use crate::cell::Cell;
    pub use crate::certain::{below, fill_from_any};
    pub use crate::draw::draw;
    pub use crate::fill::fill;
    pub use crate::kernel::getrandom as system_call;
    pub use crate::owner::{Owner, Thread, ThreadInitialExec};
    pub use crate::slot::Slot;
}

/// Fills a buffer with random bytes.
///
/// Repeats interrupted and short calls. On an error the buffer has none of the drawn bytes. For an empty buffer the function
/// still asks the kernel, which may refuse.
///
/// # Errors
/// The kernel's: `EPERM` or another value of a seccomp filter, `ENOSYS` before Linux 3.17. Before the kernel's generator is
/// seeded the function waits.
#[inline]
pub fn fill(buffer: &mut [u8]) -> Result<(), Error> {
    fill_uninit(fill::as_uninit(buffer)).map(drop)
}

/// Fills an uninitialised buffer with random bytes, and returns it.
///
/// # Errors
/// As for [`fill`](fill()).
#[inline]
pub fn fill_uninit(buffer: &mut [MaybeUninit<u8>]) -> Result<&mut [u8], Error> {
    fill::fill_slice(Thread, buffer)
}

/// Draws a number.
///
/// # Errors
/// As for [`fill`](fill()).
#[inline]
pub fn u32() -> Result<u32, Error> {
    fill::bytes(Thread).map(u32::from_ne_bytes)
}

/// Draws a number.
///
/// # Errors
/// As for [`fill`](fill()).
#[inline]
pub fn u64() -> Result<u64, Error> {
    fill::bytes(Thread).map(u64::from_ne_bytes)
}

/// Makes one call with the results of `getrandom(2)`: it may fill less than the buffer, and is not repeated.
///
/// `flags` are the `GRND_*` values of `linux/random.h`. Returns how many bytes were drawn, from the beginning of the buffer.
///
/// # Errors
/// The kernel's: `EINVAL` for flags that it does not know, `EAGAIN` for `GRND_NONBLOCK` before its generator is seeded,
/// `EINTR` when a signal handler interrupts it, and the errno of a seccomp filter.
#[inline]
pub fn getrandom(buffer: &mut [MaybeUninit<u8>], flags: u32) -> Result<usize, Error> {
    fill::draw_slice(Thread, buffer, flags)
}

/// Maps all memory that the draws of `threads` threads need, including the calling thread.
///
/// Afterwards the library makes no system call but `getrandom`, as long as at most `threads` threads and [`State`]s draw at
/// the same time. Call it before a seccomp filter or a memory limit takes effect. If the process draws by system call, the
/// function does nothing.
///
/// # Errors
/// `ENOMEM` if the kernel refuses memory. Memory that was already mapped stays for later draws.
pub fn prepare(threads: usize) -> Result<(), Error> {
    let refused = Err(Error::new(abi::ENOMEM));
    let Some(vdso) = process::vdso_to_come() else { return Ok(()) };
    if threads > MAX_THREADS {
        return refused;
    }
    let has_slot = matches!(Thread.cell().content(), Content::Slot(_));
    if !process::POOL.reserve(threads.saturating_sub(usize::from(has_slot)), &vdso) {
        return refused;
    }
    // Ignore the result: an exiting thread gets no slot, and a later draw repeats a claim that failed.
    let _ = draw::slot(Thread);
    Ok(())
}

/// `PID_MAX_LIMIT` (Linux `include/linux/threads.h`): the maximum number of threads on a machine.
const MAX_THREADS: usize = 4 << 20;

/// Returns the source of this process's bytes, with the reason if it is the system call.
pub fn source() -> Source {
    match process::vdso() {
        Ok(vdso) => Source::Vdso { state_len: vdso.state_len },
        Err(why) => Source::Syscall(why),
    }
}

/// Returns the slot of the calling thread to the pool; later draws of the thread are system calls.
///
/// With a C library this happens when the thread exits. A program without one calls it at the end of each thread. Do not call
/// it in a signal handler that returns: the interrupted draw may be about to use the slot.
pub fn thread_exit() {
    Thread.cell().exit();
}

/// Uses the vDSO at `header`, or none if it is null, instead of the one that the kernel names.
///
/// For tests, and for programs without a C library that have the auxiliary vector.
///
/// # Safety
/// `header` is null, or the ELF header of an image that is mapped as the kernel maps one, for the rest of the process, and
/// whose functions keep the contract of the vDSO. No function of this library was called before, and no other thread calls
/// one meanwhile.
#[expect(unsafe_code, reason = "the caller answers for the image")]
pub unsafe fn set_vdso(header: *const c_void) {
    process::set_vdso(header.expose_provenance());
}
