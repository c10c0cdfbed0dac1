// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The caller's buffer.

/// The most bytes that are moved by straight-line code: eight words.
const SMALL: usize = 64;

/// A range of memory that the caller of the exported function lets us write.
///
/// It may be bad memory: the vDSO ABI allows a fault there (E8).
#[derive(Clone, Copy)]
pub struct Output {
    start: *mut u8,
    len: usize,
}

impl Output {
    /// The range of `len` bytes at `start`, as the exported functions promise that it is writable.
    pub fn new(start: *mut u8, len: usize) -> Self {
        Self { start, len }
    }

    /// Where it begins.
    pub fn start(&self) -> *mut u8 {
        self.start
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// As much of it as `len` bytes allow.
    pub fn at_most(&self, len: usize) -> Self {
        Self { start: self.start, len: self.len.min(len) }
    }

    /// Splits off its first `len` bytes; `len` is at most its length.
    pub fn take(&mut self, len: usize) -> Self {
        let taken = self.at_most(len);
        self.start = self.start.wrapping_add(len);
        self.len -= len;
        taken
    }

    /// Whether [`fill_and_wipe`](Self::fill_and_wipe) is straight-line code for it: 1 to [`SMALL`] bytes.
    pub fn is_small(&self) -> bool {
        // Wraps for a length of 0, which is not small.
        self.len.wrapping_sub(1) < SMALL
    }

    /// Fills it from `source` and zeroes `source`, which is readable and writable for the same length.
    ///
    /// Only general registers carry the bytes: they are free of them again when the next call begins, while a vector
    /// register would keep them (M2).
    ///
    /// # Safety
    /// `source` is valid for reads and writes of [`len`](Self::len) bytes and does not overlap the output.
    #[inline(always)]
    pub unsafe fn fill_and_wipe(&self, source: *mut u8) {
        let (from, to, len) = (source, self.start, self.len);
        // SAFETY: both ranges are as long as this output, by the contracts of this function and of `new`, and each arm stays
        // within its lengths.
        unsafe {
            match len {
                // In ascending order, so that among mixed lengths each comparison parts a few from many, and most are
                // predicted. For the same reason 1, 2 and 3 bytes share an arm: its three bytes overlap.
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

    /// Zeroes it.
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
        // One load and one store at a time: side by side, two words would be merged into one of a vector register.
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
