// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Every access to a page, one by one: the page is closed, and opened for the one instruction that faults on it.

use libc::{c_int, c_void, siginfo_t, ucontext_t};
use rustix::mm::{MprotectFlags, mprotect};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use vdso_abi::PAGE_SIZE;

/// One access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Address of the instruction.
    pub pc: usize,
    /// The first byte that it touches.
    pub address: usize,
}

/// The trap flag of `RFLAGS` (Intel SDM volume 1, section 3.4.3).
const TRAP_FLAG: i64 = 0x100;

/// More than any test makes: an instruction that faults for another reason ends here.
const LIMIT: usize = 100_000;

static PAGE: OnceLock<usize> = OnceLock::new();
static COUNT: AtomicUsize = AtomicUsize::new(0);
static ACCESSES: Mutex<Vec<Access>> = Mutex::new(Vec::new());

/// From now on accesses of this process to the readable page at `page` are recorded.
///
/// # Panics
/// When the process does it twice.
pub fn reads(page: usize) {
    assert!(page.is_multiple_of(PAGE_SIZE) && PAGE.set(page).is_ok(), "one page for each process");
    for (signal, handler) in [(libc::SIGSEGV, on_sigsegv as *const ()), (libc::SIGTRAP, on_sigtrap as *const ())] {
        // SAFETY: all zero is a valid `sigaction`.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO;
        // SAFETY: `action` is complete and outlives the call.
        let installed = unsafe { libc::sigaction(signal, &raw const action, null_mut()) };
        assert_eq!(installed, 0, "sigaction: {}", std::io::Error::last_os_error());
    }
    set_access(MprotectFlags::empty());
}

/// The accesses since the start, or since the last look.
pub fn take() -> Vec<Access> {
    std::mem::take(&mut ACCESSES.lock().expect("no panic is survived while it is locked"))
}

fn set_access(access: MprotectFlags) {
    let page = *PAGE.get().expect("it was set before the handlers");
    // SAFETY: the page is one of data pages, to which no reference is held.
    unsafe { mprotect(page as *mut c_void, PAGE_SIZE, access) }.expect("mprotect of a data page");
}

extern "C" fn on_sigsegv(_signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO its information and context.
    let (address, registers) =
        unsafe { ((*information).si_addr().addr(), &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs) };
    let page = *PAGE.get().expect("it was set before the handlers");
    if COUNT.fetch_add(1, Ordering::Relaxed) >= LIMIT || address & !(PAGE_SIZE - 1) != page {
        // The access is repeated on return, and then ends the process.
        return crate::faults::die_on_fault();
    }
    let pc = registers[libc::REG_RIP as usize] as usize;
    ACCESSES.lock().expect("no panic is survived while it is locked").push(Access { pc, address });
    set_access(MprotectFlags::READ);
    registers[libc::REG_EFL as usize] |= TRAP_FLAG;
}

extern "C" fn on_sigtrap(_signal: c_int, _information: *mut siginfo_t, context: *mut c_void) {
    set_access(MprotectFlags::empty());
    // SAFETY: the kernel hands a handler with SA_SIGINFO its context.
    unsafe { (*context.cast::<ucontext_t>()).uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP_FLAG };
}
