// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The parts of the native tier of the tests.
//!
//! A test maps the built image ([`Vdso`]), prepares an opaque state ([`state`]), calls, and compares with the [`model`].
//! Where a clause speaks of system calls they are intercepted and counted ([`syscalls`]), and where it speaks of something
//! that happens in mid-call, it is made to happen there by a page that faults ([`faults`]). Both change the process for
//! good, so such a test runs in a separate child ([`child`]).

pub mod aftermath;
pub mod child;
pub mod duplicates;
pub mod faults;
pub mod kernel_images;
pub mod kernel_pages;
pub mod loaded;
pub mod memory;
pub mod model;
pub mod mutants;
pub mod secrets;
pub mod signal_stack;
pub mod soak;
pub mod state;
pub mod stepping;
pub mod syscalls;
pub mod timer;
pub mod unwinding;
pub mod valgrind;
pub mod vdso;
pub mod watch;
pub mod workspace;

pub use vdso::Vdso;
pub use vdso_inject::canary;
pub use vdso_native::{CpuLevel, cpu_levels};
