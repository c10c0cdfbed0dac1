// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The source of the bytes.

/// The source of this process's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Draws call the vDSO's function. A single draw may still be a system call, such as one that interrupts another draw.
    #[non_exhaustive]
    Vdso {
        /// Length of a state, in bytes.
        state_len: usize,
    },
    /// Each draw is a system call.
    Syscall(Why),
}

/// The reason why each draw is a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The kernel maps no vDSO, or its address is unknown.
    NoVdso,
    /// The vDSO has no `getrandom` with five arguments: a kernel before 6.11 without this project's glue.
    NoFunction,
    /// The library cannot use the vDSO's answer to the size probe.
    StrangeProbe,
    /// The kernel's generator is not seeded. This changes within the first seconds of a boot.
    NotReady,
    /// The constructor of this library has not run yet. This changes before `main` begins.
    TooEarly,
    /// The C library has no thread key for which `pthread_setspecific` is async-signal-safe: the program created 32 of them
    /// before this library was loaded.
    NoThreadKey,
}
