// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Random bytes from the Linux kernel at the speed of its vDSO.
//!
//! [`fill`] gives the bytes of `getrandom(2)`, from the same generator and with the same errors, without a system call where
//! the kernel's vDSO has `getrandom`: Linux 6.11 and later, and 6.1 with this project's glue. Elsewhere it makes the system
//! call. Each thread has a state of the vDSO's, which the first draw of the thread takes and its exit returns; the kernel
//! wipes the states in the child of a fork, and every function here may be called in a signal handler.
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
/// Repeats interrupted and short calls. On an error the buffer holds none of the bytes that were drawn. An empty buffer is
/// filled already, but the kernel is asked nevertheless, and may refuse.
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

/// Maps all memory that the draws of so many threads need, the calling one included.
///
/// After it, and for as long as no more than `threads` threads and [`State`]s draw at the same time, the library makes no
/// system call but `getrandom`. Call it before a seccomp filter or a limit of memory takes effect. Where the process draws by
/// system call there is nothing to make.
///
/// # Errors
/// `ENOMEM` where the kernel refuses memory. Memory that it gave before that stays for later draws.
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
    // Its result says no more: a thread that exits gets no slot, and one that was refused before is tried again later.
    let _ = draw::slot(Thread);
    Ok(())
}

/// `PID_MAX_LIMIT` (Linux `include/linux/threads.h`): no more threads exist on a machine.
const MAX_THREADS: usize = 4 << 20;

/// Tells where the bytes of this process come from, and why if that is the system call.
pub fn source() -> Source {
    match process::vdso() {
        Ok(vdso) => Source::Vdso { state_len: vdso.state_len },
        Err(why) => Source::Syscall(why),
    }
}

/// Gives back the slot of the calling thread; later draws of the thread are system calls.
///
/// With a C library this happens when the thread exits. A program without one calls it at the end of each thread. Do not call
/// it in a signal handler that returns: the draw that it interrupts may be about to use the slot.
pub fn thread_exit() {
    Thread.cell().exit();
}

/// Uses the vDSO at `header`, or none if it is null, in place of the one that the kernel names.
///
/// For programs that know better, such as those without a C library that hold the auxiliary vector, and for tests.
///
/// # Safety
/// `header` is null, or the ELF header of an image that is mapped as the kernel maps one, for the rest of the process, and
/// whose functions keep the contract of the vDSO. Nothing has been drawn, prepared or asked of this library before, and no
/// other thread does so meanwhile.
#[expect(unsafe_code, reason = "the caller answers for the image")]
pub unsafe fn set_vdso(header: *const c_void) {
    process::set_vdso(header.expose_provenance());
}
