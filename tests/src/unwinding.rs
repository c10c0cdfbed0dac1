// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Backtraces as exceptions and profilers take them: by libgcc, with the tables that the dynamic linker knows.

use std::ffi::{c_int, c_void};

/// `struct _Unwind_Context` of the Itanium C++ ABI.
#[repr(C)]
struct Context {
    _opaque: [u8; 0],
}

/// `_URC_NO_REASON` of the Itanium C++ ABI.
const GO_ON: c_int = 0;
/// `_URC_END_OF_STACK` of the Itanium C++ ABI; any other value than [`GO_ON`] ends the walk.
const ENOUGH: c_int = 5;

unsafe extern "C" {
    fn _Unwind_Backtrace(callback: extern "C" fn(*mut Context, *mut c_void) -> c_int, argument: *mut c_void) -> c_int;
    fn _Unwind_GetIP(context: *mut Context) -> usize;
}

/// The innermost frames of a stack, as code addresses. No memory is allocated, so that a handler can take one anywhere.
pub struct Backtrace {
    addresses: [usize; Self::DEPTH],
    len: usize,
}

impl Backtrace {
    /// Deep enough for a handler, the interrupted call and its callers.
    const DEPTH: usize = 32;

    /// The stack of the caller.
    pub fn here() -> Self {
        let mut backtrace = Self { addresses: [0; Self::DEPTH], len: 0 };
        // SAFETY: `add` is given a pointer to the backtrace, which outlives the call.
        unsafe { _Unwind_Backtrace(add, (&raw mut backtrace).cast()) };
        backtrace
    }

    /// The addresses, innermost first.
    pub fn addresses(&self) -> &[usize] {
        &self.addresses[..self.len]
    }

    /// The frames from the one that was interrupted at `pc` on.
    pub fn from(&self, pc: usize) -> Option<&[usize]> {
        let at = self.addresses().iter().position(|address| *address == pc)?;
        Some(&self.addresses()[at..])
    }
}

extern "C" fn add(context: *mut Context, backtrace: *mut c_void) -> c_int {
    // SAFETY: `here` hands in its backtrace, of which it holds no other reference meanwhile.
    let backtrace = unsafe { &mut *backtrace.cast::<Backtrace>() };
    if backtrace.len == Backtrace::DEPTH {
        return ENOUGH;
    }
    // SAFETY: the context is the one that the unwinder handed in.
    backtrace.addresses[backtrace.len] = unsafe { _Unwind_GetIP(context) };
    backtrace.len += 1;
    GO_ON
}
