// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The registers of an interrupted call, as a signal handler may read and change them.

use iced_x86::Register;
use libc::{c_int, c_void, greg_t, ucontext_t};

/// The general registers of a signal frame.
pub struct Registers<'a>(&'a mut [greg_t; 23]);

impl Registers<'_> {
    /// Bit 8 of the flags register: a trap after each instruction (AMD64 Architecture Programmer's Manual, volume 1).
    pub const TRAP_FLAG: u64 = 1 << 8;

    /// Those in the third argument of a handler.
    ///
    /// # Safety
    /// `context` is what the kernel handed to a handler with `SA_SIGINFO` that has not returned yet.
    pub unsafe fn of<'a>(context: *mut c_void) -> Registers<'a> {
        // SAFETY: the caller's promise.
        Registers(unsafe { &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs })
    }

    fn get(&self, register: c_int) -> u64 {
        self.0[register as usize] as u64
    }

    fn set(&mut self, register: c_int, value: u64) {
        self.0[register as usize] = value as greg_t;
    }

    /// Address of the next instruction.
    pub fn pc(&self) -> usize {
        self.get(libc::REG_RIP) as usize
    }

    /// Goes on at `address`.
    pub fn set_pc(&mut self, address: usize) {
        self.set(libc::REG_RIP, address as u64);
    }

    /// Goes on with another stack.
    pub fn set_stack_pointer(&mut self, address: usize) {
        self.set(libc::REG_RSP, address as u64);
    }

    /// Whether the trap flag is set.
    pub fn trap_flag(&self) -> bool {
        self.get(libc::REG_EFL) & Self::TRAP_FLAG != 0
    }

    /// Sets or clears the trap flag.
    pub fn set_trap_flag(&mut self, trap: bool) {
        let others = self.get(libc::REG_EFL) & !Self::TRAP_FLAG;
        self.set(libc::REG_EFL, if trap { others | Self::TRAP_FLAG } else { others });
    }

    /// Gives a system call its result.
    pub fn set_result(&mut self, result: i64) {
        self.set(libc::REG_RAX, result as u64);
    }

    /// The first three arguments of a system call.
    pub fn arguments(&self) -> [usize; 3] {
        [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX].map(|register| self.get(register) as usize)
    }

    /// The value of a 64-bit general register, or the base of a segment that has none in 64-bit code; `None` for any other.
    pub fn value(&self, register: Register) -> Option<u64> {
        if matches!(register, Register::ES | Register::CS | Register::SS | Register::DS) {
            return Some(0);
        }
        Some(self.get(match register {
            Register::RAX => libc::REG_RAX,
            Register::RBX => libc::REG_RBX,
            Register::RCX => libc::REG_RCX,
            Register::RDX => libc::REG_RDX,
            Register::RSI => libc::REG_RSI,
            Register::RDI => libc::REG_RDI,
            Register::RBP => libc::REG_RBP,
            Register::RSP => libc::REG_RSP,
            Register::R8 => libc::REG_R8,
            Register::R9 => libc::REG_R9,
            Register::R10 => libc::REG_R10,
            Register::R11 => libc::REG_R11,
            Register::R12 => libc::REG_R12,
            Register::R13 => libc::REG_R13,
            Register::R14 => libc::REG_R14,
            Register::R15 => libc::REG_R15,
            _ => return None,
        }))
    }
}
