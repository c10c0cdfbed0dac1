// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Flags of `getrandom(2)` and of the mapping that the size probe advertises.

/// Do not block (Linux `include/uapi/linux/random.h`).
pub const GRND_NONBLOCK: u32 = 1;
/// Draw as from `/dev/random`; no effect since Linux 5.6.
pub const GRND_RANDOM: u32 = 2;
/// Return bytes even before the generator is ready.
pub const GRND_INSECURE: u32 = 4;

/// The greatest valid combination: 0 to 5 are valid. Every greater value has an unknown bit, or has both [`GRND_RANDOM`] and
/// [`GRND_INSECURE`].
pub const GRND_MAX_VALID: u32 = GRND_INSECURE | GRND_NONBLOCK;

/// `PROT_READ | PROT_WRITE` (Linux `include/uapi/asm-generic/mman-common.h`).
pub const STATE_MMAP_PROT: u32 = 0x1 | 0x2;

/// `MAP_ANONYMOUS` (Linux `include/uapi/asm-generic/mman-common.h`).
pub const MAP_ANONYMOUS: u32 = 0x20;
/// `MAP_DROPPABLE` (Linux 6.11 `include/uapi/linux/mman.h`): implies wipe-on-fork and no core dump.
pub const MAP_DROPPABLE: u32 = 0x08;
/// The `mmap` flags of a state. They guarantee that a fork wipes it.
pub const STATE_MMAP_FLAGS: u32 = MAP_DROPPABLE | MAP_ANONYMOUS;
