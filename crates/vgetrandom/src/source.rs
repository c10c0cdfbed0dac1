// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where the bytes come from.

/// Where the bytes of this process come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The vDSO's function serves draws. Single draws may still be system calls: one that interrupts another, for example.
    #[non_exhaustive]
    Vdso {
        /// Length of a state, in bytes.
        state_len: usize,
    },
    /// Each draw is a system call.
    Syscall(Why),
}

/// Why each draw is a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The kernel maps no vDSO, or does not say where.
    NoVdso,
    /// The vDSO has no `getrandom` with five arguments: a kernel before 6.11 without this project's glue.
    NoFunction,
    /// The vDSO answers its size probe in a way that this library cannot use.
    StrangeProbe,
    /// The kernel's generator is not seeded. This changes within the first seconds of a boot.
    NotReady,
    /// The constructor of this library has not run yet. This changes before `main` begins.
    TooEarly,
    /// The C library has no thread key for which `pthread_setspecific` is async-signal-safe: the program created 32 of them
    /// before this library was loaded.
    NoThreadKey,
}
