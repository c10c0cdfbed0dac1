// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Functions of the program's C library, which both glibc and musl have. The dynamic linker finds them in the program, because
//! this library needs no library.

use core::arch::global_asm;
use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};
use vgetrandom::internals::system_call;

mod symbols {
    use super::{c_char, c_int, c_void};

    unsafe extern "C" {
        pub fn __errno_location() -> *mut c_int;
        pub fn abort() -> !;
        #[link_name = "__vgetrandom_preload_dlsym"]
        pub static DLSYM: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void>;
    }
}

// A weak reference: before glibc 2.34 it is in libdl, which a program may not have.
global_asm!(
    r#"
    .weakref __vgetrandom_preload_weak_dlsym, dlsym
    .section .data.rel.ro.vgetrandom_preload,"aw",@progbits
    .balign 8
    .globl __vgetrandom_preload_dlsym
    .hidden __vgetrandom_preload_dlsym
    .type __vgetrandom_preload_dlsym, @object
    .size __vgetrandom_preload_dlsym, 8
__vgetrandom_preload_dlsym:
    .quad __vgetrandom_preload_weak_dlsym
    .text
    "#
);

type GetRandom = unsafe extern "C" fn(*mut u8, usize, c_uint) -> isize;

/// Address of the `getrandom` that this library replaces. 0 if the C library has none (glibc before 2.25) or no `dlsym`: then
/// draws that block are system calls.
static HIDDEN: AtomicUsize = AtomicUsize::new(0);

/// `RTLD_NEXT` of glibc and musl: the search goes on after this library.
const RTLD_NEXT: usize = usize::MAX;

/// Looks the symbol up when the library is loaded, and draws nothing (C14). A draw must not do it, because `dlsym` takes
/// locks.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = find_hidden;

extern "C" fn find_hidden() {
    const NAME: &CStr = c"getrandom";
    // SAFETY: the table above, which is constant once the dynamic linker is done with it.
    let Some(dlsym) = (unsafe { symbols::DLSYM }) else { return };
    // SAFETY: the name ends with a zero byte.
    let found = unsafe { dlsym(core::ptr::without_provenance_mut(RTLD_NEXT), NAME.as_ptr()) };
    HIDDEN.store(found.expose_provenance(), Ordering::Release);
}

/// Stores an errno for the calling thread.
pub fn set_errno(errno: c_int) {
    // SAFETY: the C library returns the place of this thread's `errno`.
    unsafe { *symbols::__errno_location() = errno };
}

/// Ends the process.
pub fn abort() -> ! {
    // SAFETY: no argument.
    unsafe { symbols::abort() }
}

/// The C library's own `getrandom`, which is a cancellation point; returns a count or a negative errno.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
pub unsafe fn blocking_getrandom(buffer: *mut u8, len: usize, flags: u32) -> isize {
    let hidden = HIDDEN.load(Ordering::Acquire);
    // SAFETY: 0, or the address of the C library's function of this type.
    let Some(getrandom) = (unsafe { core::mem::transmute::<usize, Option<GetRandom>>(hidden) }) else {
        // SAFETY: the caller's promise.
        return unsafe { system_call(buffer, len, flags) };
    };
    // SAFETY: the caller's promise; the place of `errno` is this thread's.
    unsafe {
        match getrandom(buffer, len, flags) {
            -1 => -(*symbols::__errno_location() as isize),
            count => count,
        }
    }
}
