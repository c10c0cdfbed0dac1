// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call that can be stopped at any instruction: by the trap flag at each, or by a breakpoint at one.
//!
//! Both arrive as `SIGTRAP` on the stack of the call, as any signal would. The handler may make further calls, also stopped
//! ones, may fork, and may leave the call without an end, as `longjmp` does.

use crate::text::Text;
use libc::{c_int, c_void, siginfo_t};
use std::cell::{Cell, UnsafeCell};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use vdso_native::Registers;
use vdso_native::stepping::Frame;

/// How the call goes on after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To the next instruction.
    Step,
    /// To its end.
    Run,
    /// To the instruction at this address, when it has been executed so often; to its end, if it is not.
    To(usize, usize),
    /// Not at all: [`Stepper::call`] returns `None`.
    Leave,
}

/// Where a call stops first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nowhere.
    Run,
    /// At its first instruction.
    Step,
    /// At the instruction at this address, when it has been executed so often.
    Breakpoint(usize, usize),
}

#[derive(Clone, Copy)]
enum Mode {
    Run,
    Step,
    /// A breakpoint is in place; so many passes to let go by.
    Seek(Breakpoint, usize),
    /// The instruction under the breakpoint is being executed.
    Pass(Breakpoint, usize),
}

#[derive(Clone, Copy)]
struct Breakpoint {
    address: usize,
    original: u8,
}

/// One call under control. `hook` runs at each stop, on the stack of the call.
pub struct Stepper<'a> {
    text: &'a Text,
    hook: &'a dyn Fn(&mut Registers) -> Next,
    mode: Cell<Mode>,
    left: Cell<bool>,
    leaves_on_fault: bool,
    frame: UnsafeCell<Frame>,
}

/// The innermost call under way. The process has one thread that makes such calls.
static CURRENT: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Installs the handlers.
///
/// # Errors
/// The operating system refuses.
pub fn install() -> std::io::Result<()> {
    crate::signals::handle(libc::SIGTRAP, on_sigtrap)?;
    crate::signals::handle(libc::SIGSEGV, on_sigsegv)
}

impl<'a> Stepper<'a> {
    /// A call into `text` that stops for `hook`.
    pub fn new(text: &'a Text, hook: &'a dyn Fn(&mut Registers) -> Next) -> Self {
        let frame = Frame::new(0, [0; 5]);
        Self {
            text,
            hook,
            mode: Cell::new(Mode::Run),
            left: Cell::new(false),
            leaves_on_fault: false,
            frame: UnsafeCell::new(frame),
        }
    }

    /// From now on a call that touches memory which it must not touch is left, instead of being the end of the process.
    pub fn leave_on_fault(&mut self) {
        self.leaves_on_fault = true;
    }

    /// Calls `function`; returns what it returned, or `None` where the hook left it.
    ///
    /// # Safety
    /// `function` takes up to five arguments in the System V calling convention, for which `arguments` are valid;
    /// [`install`] was called, and this is the only thread that makes such calls.
    pub unsafe fn call(&self, function: usize, arguments: [usize; 5], start: Start) -> Option<isize> {
        self.mode.set(match start {
            Start::Run => Mode::Run,
            Start::Step => Mode::Step,
            Start::Breakpoint(address, passes) => Mode::Seek(self.break_at(address), passes),
        });
        self.left.set(false);
        // SAFETY: the frame is reached through this pointer alone while the call is under way.
        unsafe { *self.frame.get() = Frame::new(function, arguments) };
        let outer = CURRENT.swap((&raw const *self).cast_mut().cast(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        let returned = unsafe { Frame::call(self.frame.get(), start == Start::Step) };
        CURRENT.store(outer, Ordering::Relaxed);
        if let Mode::Seek(breakpoint, _) | Mode::Pass(breakpoint, _) = self.mode.get() {
            self.text.write(breakpoint.address, breakpoint.original);
        }
        (!self.left.get()).then_some(returned)
    }

    fn break_at(&self, address: usize) -> Breakpoint {
        /// `int3`
        const TRAP: u8 = 0xcc;
        Breakpoint { address, original: self.text.write(address, TRAP) }
    }

    /// A `SIGTRAP`, or the end of a system call during which the trap flag was set: that swallows the next trap.
    fn on_trap(&self, registers: &mut Registers) {
        match self.mode.get() {
            Mode::Run => registers.set_trap_flag(false),
            Mode::Step => {
                if self.text.range().contains(&registers.pc()) {
                    self.stop(registers);
                }
            }
            Mode::Seek(breakpoint, passes) => {
                self.text.write(breakpoint.address, breakpoint.original);
                registers.set_pc(breakpoint.address);
                if passes == 0 {
                    self.stop(registers);
                } else {
                    self.mode.set(Mode::Pass(breakpoint, passes - 1));
                    registers.set_trap_flag(true);
                }
            }
            Mode::Pass(breakpoint, passes) => {
                self.mode.set(Mode::Seek(self.break_at(breakpoint.address), passes));
                registers.set_trap_flag(false);
            }
        }
    }

    fn stop(&self, registers: &mut Registers) {
        self.mode.set(Mode::Run);
        let next = (self.hook)(registers);
        registers.set_trap_flag(next == Next::Step);
        match next {
            Next::Step => self.mode.set(Mode::Step),
            Next::Run => {}
            Next::To(address, passes) => self.mode.set(Mode::Seek(self.break_at(address), passes)),
            Next::Leave => self.leave(registers),
        }
    }

    /// Lets the handler return to where the call was made from, with its stack.
    fn leave(&self, registers: &mut Registers) {
        self.left.set(true);
        // SAFETY: this handler interrupted the call, which is under way.
        unsafe { Frame::abandon(self.frame.get(), registers) };
    }
}

extern "C" fn on_sigtrap(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO its context.
    on_trap(&mut unsafe { Registers::of(context) });
}

extern "C" fn on_sigsegv(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: as in `on_sigtrap`.
    let mut registers = unsafe { Registers::of(context) };
    // SAFETY: as in `on_trap`.
    match unsafe { CURRENT.load(Ordering::Relaxed).cast::<Stepper<'_>>().as_ref() } {
        Some(stepper) if stepper.leaves_on_fault && stepper.text.range().contains(&registers.pc()) => {
            registers.set_trap_flag(false);
            stepper.leave(&mut registers);
        }
        // The instruction faults again, and ends the process.
        // SAFETY: the default disposition needs no handler.
        _ => unsafe {
            libc::signal(libc::SIGSEGV, libc::SIG_DFL);
        },
    }
}

/// To be called when a system call was answered in its place: where the trap flag is set, the call stops here.
pub(crate) fn after_system_call(registers: &mut Registers) {
    if registers.trap_flag() {
        on_trap(registers);
    }
}

fn on_trap(registers: &mut Registers) {
    let current = CURRENT.load(Ordering::Relaxed).cast::<Stepper<'_>>();
    // SAFETY: set by the call under way on this very thread, which has not returned and so still borrows the stepper.
    match unsafe { current.as_ref() } {
        Some(stepper) => stepper.on_trap(registers),
        None => registers.set_trap_flag(false),
    }
}
