// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Numbers of the Linux user-space interface, the same on every architecture unless a comment says otherwise.

/// The greatest valid combination of `GRND_*` flags: 0 to 5 are valid (Linux `include/uapi/linux/random.h`).
pub const GRND_MAX_VALID: u32 = 5;
/// Do not block (Linux `include/uapi/linux/random.h`).
pub const GRND_NONBLOCK: u32 = 1;

/// `PROT_READ | PROT_WRITE` (Linux `include/uapi/asm-generic/mman-common.h`).
pub const PROT_READ_WRITE: u32 = 0x1 | 0x2;
/// The bits of the `mmap` flags that hold the type of the mapping (Linux `include/uapi/linux/mman.h`).
pub const MAP_TYPE: u32 = 0x0f;
/// Private mapping (Linux `include/uapi/linux/mman.h`).
pub const MAP_PRIVATE: u32 = 0x02;
/// Mapping that a fork wipes and reclaim may wipe (Linux 6.11 `include/uapi/linux/mman.h`).
pub const MAP_DROPPABLE: u32 = 0x08;
/// Map at the given address (Linux `include/uapi/asm-generic/mman-common.h`).
pub const MAP_FIXED: u32 = 0x10;
/// No file (Linux `include/uapi/asm-generic/mman-common.h`).
pub const MAP_ANONYMOUS: u32 = 0x20;

/// Bad address (Linux `include/uapi/asm-generic/errno-base.h`).
pub const EFAULT: i32 = 14;
/// Interrupted system call.
pub const EINTR: i32 = 4;
/// Input/output error.
pub const EIO: i32 = 5;
/// Try again.
pub const EAGAIN: i32 = 11;
/// Out of memory.
pub const ENOMEM: i32 = 12;

/// Size of a page, in bytes. The least that the supported architectures have; a larger real page holds several of them.
pub const PAGE_SIZE: usize = 4096;

/// Tag of the vDSO's ELF header in the auxiliary vector (Linux `include/uapi/linux/auxvec.h`).
pub const AT_SYSINFO_EHDR: usize = 33;
/// `prctl` command that copies the auxiliary vector (Linux 6.4 `include/uapi/linux/prctl.h`).
pub const PR_GET_AUXV: usize = 0x4155_5856;
/// Start at the working directory (Linux `include/uapi/linux/fcntl.h`).
pub const AT_FDCWD: isize = -100;
/// `O_RDONLY | O_CLOEXEC`, the same on x86-64 and aarch64 (Linux `include/uapi/asm-generic/fcntl.h`).
pub const O_RDONLY_CLOEXEC: usize = 0o2_000_000;

/// Answer of the size probe (Linux 6.11 `include/uapi/linux/random.h`, `struct vgetrandom_opaque_params`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct OpaqueParams {
    /// Length of a state, in bytes.
    pub size_of_opaque_state: u32,
    /// `prot` argument for `mmap(2)`.
    pub mmap_prot: u32,
    /// `flags` argument for `mmap(2)`.
    pub mmap_flags: u32,
    /// Zero.
    pub reserved: [u32; 13],
}
const _: () = assert!(size_of::<OpaqueParams>() == 64);

/// `ssize_t getrandom(void *buffer, size_t len, unsigned int flags, void *opaque_state, size_t opaque_len)`.
pub type Getrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut core::ffi::c_void, usize) -> isize;
