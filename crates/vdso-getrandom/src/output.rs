// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The caller's buffer.

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

    /// Its first `len` bytes; `len` is at most its length.
    pub fn first(&self, len: usize) -> Self {
        Self { start: self.start, len }
    }

    /// Splits off its first `len` bytes; `len` is at most its length.
    pub fn take(&mut self, len: usize) -> Self {
        let taken = self.first(len);
        self.start = self.start.wrapping_add(len);
        self.len -= len;
        taken
    }

    /// Fills it from `source` and zeroes `source`, which is readable and writable for the same length.
    ///
    /// Only general registers carry the bytes: they are free of them again when the next call begins, while a vector
    /// register would keep them (M2).
    ///
    /// # Safety
    /// `source` is valid for reads and writes of [`len`](Self::len) bytes and does not overlap the output.
    pub unsafe fn fill_and_wipe(&self, source: *mut u8) {
        // SAFETY: both ranges are as long as this output, by the contracts of this function and of `new`.
        unsafe {
            copy(source, self.start, self.len);
            zero(source, self.len);
        }
    }

    /// Zeroes it.
    #[cold]
    pub fn wipe(&self) {
        // SAFETY: by the contract of `new`.
        unsafe { zero(self.start, self.len) }
    }
}

/// Applies `$move::<width>` at offsets that together cover `$len` bytes; the last two may overlap.
macro_rules! cover {
    ($len:expr, $move:ident) => {
        match $len {
            0 => {}
            1 => $move!(u8, 0),
            2..4 => {
                $move!(u16, 0);
                $move!(u16, $len - 2);
            }
            4..8 => {
                $move!(u32, 0);
                $move!(u32, $len - 4);
            }
            _ => {
                let mut at = 0;
                while at < $len - 8 {
                    $move!(u64, at);
                    at += 8;
                }
                $move!(u64, $len - 8);
            }
        }
    };
}

/// Copies `len` bytes between ranges that do not overlap.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of `len` bytes.
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    macro_rules! copy_at {
        ($width:ty, $at:expr) => {
            // SAFETY: `cover` stays within `len` bytes, for which the caller vouches.
            unsafe {
                to.wrapping_add($at)
                    .cast::<$width>()
                    .write_unaligned(from.wrapping_add($at).cast::<$width>().read_unaligned())
            }
        };
    }
    cover!(len, copy_at);
}

/// Zeroes `len` bytes.
///
/// # Safety
/// `at` is valid for writes of `len` bytes.
unsafe fn zero(start: *mut u8, len: usize) {
    macro_rules! zero_at {
        ($width:ty, $at:expr) => {
            // SAFETY: `cover` stays within `len` bytes, for which the caller vouches.
            unsafe { start.wrapping_add($at).cast::<$width>().write_unaligned(0) }
        };
    }
    cover!(len, zero_at);
}
