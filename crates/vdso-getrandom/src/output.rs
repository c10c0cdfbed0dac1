// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The caller's buffer.

/// The most bytes that straight-line code moves: eight words.
const SMALL: usize = 64;

/// The memory that the caller of the exported function asked to fill.
///
/// The range may be invalid: the vDSO ABI allows a fault there (E8).
#[derive(Clone, Copy)]
pub struct Output {
    start: *mut u8,
    len: usize,
}

impl Output {
    /// The range of `len` bytes at `start`, which is writable by the contract of the exported functions.
    pub fn new(start: *mut u8, len: usize) -> Self {
        Self { start, len }
    }

    /// The first byte.
    pub fn start(&self) -> *mut u8 {
        self.start
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The first `len` bytes, or all if there are fewer.
    pub fn at_most(&self, len: usize) -> Self {
        Self { start: self.start, len: self.len.min(len) }
    }

    /// Splits off the first `len` bytes; `len` is at most the length.
    pub fn take(&mut self, len: usize) -> Self {
        let taken = self.at_most(len);
        self.start = self.start.wrapping_add(len);
        self.len -= len;
        taken
    }

    /// Whether the length is 1 to [`SMALL`], for which [`fill_and_wipe`](Self::fill_and_wipe) is straight-line code.
    pub fn is_small(&self) -> bool {
        // A length of 0 wraps, and so is not small.
        self.len.wrapping_sub(1) < SMALL
    }

    /// Fills the output from `source` and zeroes `source`.
    ///
    /// The bytes pass through general registers only: later code overwrites these, while a vector register would keep the
    /// bytes (M2).
    ///
    /// # Safety
    /// `source` is valid for reads and writes of [`len`](Self::len) bytes and does not overlap the output.
    #[inline(always)]
    pub unsafe fn fill_and_wipe(&self, source: *mut u8) {
        let (from, to, len) = (source, self.start, self.len);
        // SAFETY: both ranges have the length of this output, by the contracts of this function and of `new`, and each arm
        // stays within it.
        unsafe {
            match len {
                // Ascending order lets the branch predictor do well on mixed lengths: each comparison separates a few lengths
                // from many. For the same reason 1, 2 and 3 bytes share an arm, whose three bytes overlap.
                0 => {}
                1..4 => move_at::<u8, 3>(from, to, [0, len / 2, len - 1]),
                4..8 => move_at::<u32, 2>(from, to, [0, len - 4]),
                8..=16 => move_at::<u64, 2>(from, to, [0, len - 8]),
                17..=32 => move_at::<u64, 4>(from, to, [0, 8, len - 16, len - 8]),
                33..=SMALL => move_at::<u64, 8>(from, to, [0, 8, 16, 24, len - 32, len - 24, len - 16, len - 8]),
                _ => move_many(from, to, len),
            }
        }
    }

    /// Zeroes the output.
    pub fn wipe(&self) {
        for at in 0..self.len {
            // SAFETY: by the contract of `new`.
            unsafe { self.start.wrapping_add(at).write(0) }
        }
    }
}

/// Copies the words at the offsets `at`, which may overlap, and zeroes them afterwards.
///
/// # Safety
/// `from` is valid for reads and writes, and `to` for writes, of a word at each offset; the ranges do not overlap.
#[inline(always)]
unsafe fn move_at<Word: Copy + Default, const COUNT: usize>(from: *mut u8, to: *mut u8, at: [usize; COUNT]) {
    let mut word = 0;
    while word < COUNT {
        // Alternate loads and stores: the compiler would merge two adjacent loads into one of a vector register.
        // SAFETY: the caller vouches for both.
        unsafe {
            to.wrapping_add(at[word])
                .cast::<Word>()
                .write_unaligned(from.wrapping_add(at[word]).cast::<Word>().read_unaligned())
        }
        word += 1;
    }
    word = 0;
    while word < COUNT {
        // SAFETY: as above.
        unsafe { from.wrapping_add(at[word]).cast::<Word>().write_unaligned(Word::default()) }
        word += 1;
    }
}

/// Moves more than [`SMALL`] bytes.
///
/// # Safety
/// As for [`move_at`], for `len` bytes.
#[inline(never)]
unsafe fn move_many(from: *mut u8, to: *mut u8, len: usize) {
    let mut at = len % SMALL;
    // SAFETY: both ends are within `len` bytes, for which the caller vouches.
    unsafe { Output::new(to, at).fill_and_wipe(from) }
    while at < len {
        // SAFETY: whole groups of words, the last of which ends at `len`.
        unsafe { move_at::<u64, 8>(from.wrapping_add(at), to.wrapping_add(at), [0, 8, 16, 24, 32, 40, 48, 56]) }
        at += SMALL;
    }
}
