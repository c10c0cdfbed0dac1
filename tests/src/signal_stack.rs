// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Signal handlers on a separate stack, so that the stack of the interrupted call holds only that call's bytes.

use libc::c_int;
use std::ptr::null_mut;

/// Enough for the frame of the widest registers, a hook, and the text of a panic.
const LEN: usize = 256 << 10;

/// From now on the handlers of `signals`, which are installed, run on a separate stack in this thread.
pub fn move_handlers(signals: &[c_int]) {
    // It serves until the process ends.
    let memory = Vec::leak(vec![0u8; LEN]);
    let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: LEN };
    // SAFETY: the memory is writable for ever, and nothing else uses it.
    let replaced = unsafe { libc::sigaltstack(&raw const stack, null_mut()) };
    assert_eq!(replaced, 0, "sigaltstack: {}", std::io::Error::last_os_error());
    for signal in signals {
        // SAFETY: all zero is a valid `sigaction`.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: `action` outlives the calls, and the second one changes nothing but the stack.
        let moved = unsafe {
            libc::sigaction(*signal, null_mut(), &raw mut action) == 0 && {
                action.sa_flags |= libc::SA_ONSTACK;
                libc::sigaction(*signal, &raw const action, null_mut()) == 0
            }
        };
        assert!(moved, "sigaction: {}", std::io::Error::last_os_error());
    }
}
