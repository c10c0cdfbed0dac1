// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The registers of an interrupted call, as a signal handler may read and change them.

use libc::{c_int, c_void, greg_t, ucontext_t};

/// The general registers of a signal frame.
pub struct Registers<'a>(&'a mut [greg_t; 23]);

impl Registers<'_> {
    /// Bit 8 of the flags register: a trap after each instruction (AMD64 Architecture Programmer's Manual, volume 1).
    pub const TRAP_FLAG: u64 = 1 << 8;

    /// The registers in the third argument of a handler.
    ///
    /// # Safety
    /// `context` is the argument of a handler with `SA_SIGINFO` that has not returned.
    #[inline]
    pub unsafe fn of<'a>(context: *mut c_void) -> Registers<'a> {
        // SAFETY: the caller's promise.
        Registers(unsafe { &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs })
    }

    /// A general register, by its `libc::REG_` number.
    #[inline]
    pub fn get(&self, register: c_int) -> u64 {
        self.0[register as usize] as u64
    }

    #[inline]
    fn set(&mut self, register: c_int, value: u64) {
        self.0[register as usize] = value as greg_t;
    }

    /// Address of the next instruction.
    #[inline]
    pub fn pc(&self) -> usize {
        self.get(libc::REG_RIP) as usize
    }

    /// Continues at `address`.
    #[inline]
    pub fn set_pc(&mut self, address: usize) {
        self.set(libc::REG_RIP, address as u64);
    }

    /// Continues with another stack.
    #[inline]
    pub fn set_stack_pointer(&mut self, address: usize) {
        self.set(libc::REG_RSP, address as u64);
    }

    /// Whether the trap flag is set.
    #[inline]
    pub fn trap_flag(&self) -> bool {
        self.get(libc::REG_EFL) & Self::TRAP_FLAG != 0
    }

    /// Sets or clears the trap flag.
    #[inline]
    pub fn set_trap_flag(&mut self, trap: bool) {
        let others = self.get(libc::REG_EFL) & !Self::TRAP_FLAG;
        self.set(libc::REG_EFL, if trap { others | Self::TRAP_FLAG } else { others });
    }

    /// Gives a system call its result.
    #[inline]
    pub fn set_result(&mut self, result: i64) {
        self.set(libc::REG_RAX, result as u64);
    }

    /// The first three arguments of a system call.
    #[inline]
    pub fn arguments(&self) -> [usize; 3] {
        [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX].map(|register| self.get(register) as usize)
    }
}
