// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The opaque state of one thread.

use core::mem::{offset_of, size_of};
use static_assertions::{const_assert, const_assert_eq};

/// Length of a ChaCha20 key, in bytes (RFC 8439, section 2.3).
pub const KEY_LEN: usize = 32;
/// Length of a ChaCha20 block, in bytes (RFC 8439, section 2.3).
pub const BLOCK_LEN: usize = 64;
/// Blocks that the cipher makes in one group; a refill is one group without its last [`BOOKKEEPING_LEN`] bytes.
pub const GROUP_BLOCKS: usize = 8;
/// Length of a group of blocks, in bytes.
pub const GROUP_LEN: usize = GROUP_BLOCKS * BLOCK_LEN;
/// Length of what follows the batch in a state, in bytes.
pub const BOOKKEEPING_LEN: usize = 16;
/// Length of the batch that calls are served from, in bytes.
pub const BATCH_LEN: usize = GROUP_LEN - KEY_LEN - BOOKKEEPING_LEN;

/// The opaque state: one refill writes key and batch in one go, so nothing lies between them.
///
/// All zero is a fresh state. A caller may place it at any address, so it has no alignment of its own.
#[repr(C, packed)]
pub struct VgetrandomState {
    /// The next ChaCha20 key.
    pub key: [u8; KEY_LEN],
    /// Bytes not handed out yet are the first [`remaining`](Self::remaining) ones; all others are zero, or scratch
    /// of the cipher while a call is under way.
    pub batch: [u8; BATCH_LEN],
    /// Generation and in-use tag. 0 is fresh; odd is idle with a key of generation `word >> 1`; even and non-zero is in use:
    /// `generation << 1` by a call that took it idle, an address on the stack of a call that fetches or has fetched a key.
    pub word: u64,
    /// How many bytes of the batch are left.
    pub remaining: u32,
    /// Always zero.
    pub reserved: u32,
}
const_assert_eq!(size_of::<VgetrandomState>(), STATE_LEN);
const_assert_eq!(offset_of!(VgetrandomState, batch), KEY_LEN);
const_assert_eq!(offset_of!(VgetrandomState, word), GROUP_LEN - BOOKKEEPING_LEN);
// A power of two never straddles a page when it is aligned to itself.
const_assert!(STATE_LEN.is_power_of_two());

/// Bit of [`VgetrandomState::word`] that no address of user space has: the key of this state is being fetched.
pub const FETCHING: u64 = 1 << 63;

/// Length of a state, in bytes.
pub const STATE_LEN: usize = GROUP_LEN;

/// What the size probe writes (Linux 6.11 `include/uapi/linux/random.h`, `struct vgetrandom_opaque_params`).
#[repr(C)]
pub struct VgetrandomOpaqueParams {
    /// [`STATE_LEN`].
    pub size_of_opaque_state: u32,
    /// `prot` argument for `mmap(2)`.
    pub mmap_prot: u32,
    /// `flags` argument for `mmap(2)`.
    pub mmap_flags: u32,
    /// Zero.
    pub reserved: [u32; 13],
}
const_assert_eq!(size_of::<VgetrandomOpaqueParams>(), 64);
