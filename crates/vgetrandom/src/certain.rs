// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Draws that must not fail, for functions that cannot report an error: those of the `arc4random` family.

#![expect(unsafe_code, reason = "buffers by address")]

use crate::abi::EINTR;
use crate::fill;
use crate::kernel;
use crate::owner::Owner;

/// Fills `len` bytes by the kernel's `getrandom`, or from `/dev/urandom` if the kernel refuses it. Returns whether one of them
/// succeeded; if not, the caller must end the process, and no drawn byte is in the buffer.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[inline(always)]
#[must_use]
pub unsafe fn fill_from_any<O: Owner>(owner: O, buffer: *mut u8, len: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { fill::fill(owner, buffer, len).is_ok() || fill_from_device(buffer, len) }
}

/// Reads the device, which returns unseeded bytes before the kernel's generator is ready.
///
/// # Safety
/// As for [`fill_from_any`].
#[cold]
#[inline(never)]
unsafe fn fill_from_device(buffer: *mut u8, len: usize) -> bool {
    let Some(file) = kernel::open(c"/dev/urandom") else { return false };
    let mut done = 0;
    while done < len {
        // SAFETY: the rest of the caller's buffer.
        match unsafe { kernel::read(file, buffer.add(done), len - done) } {
            read if read > 0 => done += (read as usize).min(len - done),
            read if read == -(EINTR as isize) => {}
            _ => break,
        }
    }
    kernel::close(file);
    if done < len {
        // SAFETY: the part of the caller's buffer that was written.
        unsafe { buffer.write_bytes(0, done) };
    }
    done == len
}

/// Returns a uniform number below `bound`, and 0 if the bound is 0 or 1. `None` if `draw` fails.
///
/// The high half of a product of 64 bits is the number. Products whose low half is below `2^32 mod bound` are drawn again.
pub fn below(bound: u32, mut draw: impl FnMut() -> Option<u32>) -> Option<u32> {
    /// Maximum number of draws. Each is rejected with a probability below one half, so the last one is never reached.
    const TRIES: usize = 256;
    if bound < 2 {
        return Some(0);
    }
    let least = bound.wrapping_neg() % bound;
    let mut product = 0;
    for _ in 0..TRIES {
        product = u64::from(draw()?) * u64::from(bound);
        if product as u32 >= least {
            break;
        }
    }
    Some((product >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_gives_each_number_as_often() {
        // A generator of 32 bits that goes through equally spaced values.
        for bound in [2, 3, 7, 1000] {
            let mut counts = [0_u32; 1000];
            let steps = 210_000;
            for step in 0..steps {
                let value = (u64::from(step) * (1 << 32) / u64::from(steps)) as u32;
                let number = below(bound, || Some(value)).expect("drawn") as usize;
                counts[number] += 1;
            }
            let share = steps / bound;
            assert!(counts[..bound as usize].iter().all(|count| count.abs_diff(share) <= 2), "{bound}");
            assert!(counts[bound as usize..].iter().all(|count| *count == 0), "{bound}");
        }
    }

    #[test]
    fn below_draws_again_what_would_be_favoured() {
        // 2^32 mod 3 is 1, so a low half of 0 is one value too many.
        let mut values = [0, 0x8000_0000].into_iter();
        assert_eq!(below(3, || values.next()), Some(1));
        assert_eq!(values.next(), None);
    }

    #[test]
    fn below_draws_nothing_for_a_bound_without_choice_and_passes_a_failure_on() {
        assert_eq!((below(0, || None), below(1, || None), below(2, || None)), (Some(0), Some(0), None));
    }

    #[test]
    fn the_device_fills_a_buffer() {
        let mut bytes = [0; 64];
        // SAFETY: an array.
        assert!(unsafe { fill_from_device(bytes.as_mut_ptr(), bytes.len()) });
        assert!(bytes.as_chunks::<8>().0.iter().all(|word| *word != [0; 8]));
    }
}
