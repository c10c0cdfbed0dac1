// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A draw: the fast path, and the slow draws, which are system calls.

#![expect(unsafe_code, reason = "buffers by address")]

use crate::abi::GRND_MAX_VALID;
use crate::cell::{Cell, Claim, Content};
use crate::kernel;
use crate::owner::Owner;
use crate::process::{self, POOL, Vdso};
use crate::slot::Slot;
use crate::source::Why;

/// Consecutive draws that find the same tag set, after which the tag is that of an abandoned call.
pub const MISSES: u64 = 1000;
/// How many slots of one owner are replaced after abandoned calls. Then each of its draws is a system call.
pub const REPLACEMENTS: u64 = 8;

/// One call with the results of `getrandom(2)`: a count, or a negative errno.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[inline(always)]
pub unsafe fn draw<O: Owner>(owner: O, buffer: *mut u8, len: usize, flags: u32) -> isize {
    if flags <= GRND_MAX_VALID {
        // SAFETY: the word of a cell; the caller's promise; the slot is this owner's.
        let drawn = unsafe { Cell::slot_of(owner.word()).and_then(|slot| slot.draw(buffer, len, flags)) };
        if let Some(result) = drawn {
            return result;
        }
    }
    // SAFETY: the caller's promise.
    unsafe { draw_slow(owner, buffer, len, flags) }
}

/// A draw whose owner has no slot, or whose tag is set.
///
/// # Safety
/// As for [`draw`].
#[cold]
#[inline(never)]
unsafe fn draw_slow<O: Owner>(owner: O, buffer: *mut u8, len: usize, flags: u32) -> isize {
    // The kernel answers invalid flags with its error (C1).
    if flags <= GRND_MAX_VALID {
        match slot(owner) {
            // SAFETY: the caller's promise; the slot is this owner's. The tag is checked here as in the fast path: this may be
            // a handler that interrupts a draw.
            Ok(Some(slot)) => match unsafe { slot.draw(buffer, len, flags) } {
                Some(result) => return result,
                None => {
                    if let Some(other) = replace_abandoned(owner, slot)
                        // SAFETY: as above.
                        && let Some(result) = unsafe { other.draw(buffer, len, flags) }
                    {
                        return result;
                    }
                }
            },
            Ok(None) => {}
            // SAFETY: the caller's promise. Without a vDSO, and before the kernel's generator is ready, the call may block.
            Err(_) => return unsafe { owner.blocking(buffer, len, flags) },
        }
    }
    // SAFETY: the caller's promise.
    unsafe { kernel::getrandom(buffer, len, flags) }
}

/// The owner's slot, which the draw claims if the owner has none. `None` if this draw must be a system call, `Err` if all
/// draws must be.
pub fn slot<O: Owner>(owner: O) -> Result<Option<&'static Slot>, Why> {
    match owner.cell().content() {
        // A handler claimed the slot after the fast path read the cell, or its tag is set.
        Content::Slot(slot) => Ok(Some(slot)),
        Content::Code(code) => {
            let vdso = process::vdso()?;
            Ok(owner.cell().begin_claim(code).and_then(|claim| fill(owner, claim, &vdso, 0)))
        }
    }
}

/// Ends a claim: takes a slot, sets the hook, and stores the slot last, so that every thread with a slot has a hook.
fn fill<O: Owner>(owner: O, claim: Claim<'_>, vdso: &Vdso, replaced: u64) -> Option<&'static Slot> {
    let Some(slot) = POOL.take(vdso) else {
        claim.refuse();
        return None;
    };
    if !owner.set_hook() {
        POOL.give_back(slot);
        claim.refuse();
        return None;
    }
    slot.set_replaced(replaced);
    claim.store(slot)
}

/// Counts a slow draw. If the count shows an abandoned call, the owner gets another slot. The old slot is not used again,
/// because the abandoned call may continue on another stack.
fn replace_abandoned<O: Owner>(owner: O, slot: &'static Slot) -> Option<&'static Slot> {
    if !slot.count_miss().is_multiple_of(MISSES) || slot.replaced() >= REPLACEMENTS {
        return None;
    }
    let vdso = process::vdso().ok()?;
    let claim = owner.cell().begin_replacement(slot)?;
    fill(owner, claim, &vdso, slot.replaced() + 1)
}
