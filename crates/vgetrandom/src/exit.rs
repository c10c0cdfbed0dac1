// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The exit hook: a thread that exits returns its slot.
//!
//! The hook is the destructor of a thread key of the C library, created before `main`. glibc stores the values of the first 32
//! keys in the thread's control block, and musl those of all keys. `pthread_setspecific` then allocates nothing, and the
//! first draw of a thread is safe in a handler that interrupts `malloc`. Destructors of Rust and C++ would allocate.

#![expect(unsafe_code, reason = "a constructor, and the destructor of a thread key")]

use crate::cell::Cell;
use crate::libc::{self, Key};
use crate::source::Why;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};

/// The least key that needs an allocation in glibc.
const FIRST_BLOCK: Key = 32;

/// The key, or one of the values below.
static KEY: AtomicU64 = AtomicU64::new(UNKNOWN);
/// The constructor has not run.
const UNKNOWN: u64 = u64::MAX;
/// The C library has no key left that needs no allocation.
const UNFIT: u64 = u64::MAX - 1;

/// Runs before `main`, or when the library is loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = create_key;

extern "C" fn create_key() {
    if !libc::has_threads() {
        return;
    }
    // Apply the limit to every C library: a static program does not tell which one it has.
    let key = libc::create_key(on_exit).filter(|key| *key < FIRST_BLOCK);
    KEY.store(key.map_or(UNFIT, u64::from), Ordering::Release);
}

/// Whether a thread can get a slot: the hook exists, or the program has no C library.
pub fn is_possible() -> Result<(), Why> {
    match KEY.load(Ordering::Acquire) {
        UNKNOWN if libc::has_threads() => Err(Why::TooEarly),
        UNFIT => Err(Why::NoThreadKey),
        _ => Ok(()),
    }
}

/// Sets the hook of this thread, whose cell this is. Returns whether that succeeded; without a C library it does nothing.
pub fn set_hook(cell: &Cell) -> bool {
    match KEY.load(Ordering::Acquire) {
        UNKNOWN => true,
        UNFIT => false,
        key => libc::set_specific(key as Key, (&raw const *cell).cast()),
    }
}

/// Called by the C library in a thread that exits.
unsafe extern "C" fn on_exit(cell: *mut c_void) {
    // SAFETY: the value that `set_hook` stored: the cell of this thread, whose thread-local storage still exists.
    unsafe { &*cell.cast::<Cell>() }.exit();
}
