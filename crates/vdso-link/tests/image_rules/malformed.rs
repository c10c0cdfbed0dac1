// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Broken files end in a finding or an error: never in a panic, never in a verified image.

use crate::good::{Good, Kind};
use object::LittleEndian as LE;
use vdso_link::{dump, verify};

/// A generator of numbers for tests that do the same at each run (Marsaglia's xorshift with 64 bits).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// Whether bytes in the place of a good image are verified.
pub fn is_verified(good: &Good, kind: Kind, data: Vec<u8>) -> bool {
    good.with_data(kind, data).is_some_and(|linked| matches!(verify(linked), Ok(Ok(_))))
}

#[test]
fn no_cut_image_is_verified() {
    let good = Good::make();
    for kind in Kind::ALL {
        let data = good.data(kind);
        for length in (0..data.len()).step_by(64) {
            assert!(!is_verified(&good, kind, data[..length].to_vec()), "{kind:?} cut to {length:#x} bytes");
        }
    }
}

#[test]
fn random_bytes_in_tables_do_no_harm() {
    let good = Good::make();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for kind in Kind::ALL {
        for _ in 0..400 {
            let mut data = good.data(kind).to_vec();
            for _ in 0..=numbers.below(8) {
                let (offset, byte) = (numbers.below(data.len()), numbers.below(256));
                data[offset] = byte as u8;
            }
            // Some bytes mean nothing, so that the verdict may be either; that there is one, is the test.
            is_verified(&good, kind, data.clone());
            let Some(linked) = good.with_data(kind, data) else { continue };
            // What is no longer of the size of images is refused.
            let Ok(dump) = dump(&linked.image) else { continue };
            let text = dump.to_string();
            assert!(text.lines().count() < 10_000, "{text}");
        }
    }
}

#[test]
fn extreme_numbers_in_every_field_do_no_harm() {
    let good = Good::make();
    for kind in [Kind::Debug, Kind::Splice] {
        let data = good.data(kind);
        for offset in (0..data.len() - 8).step_by(8) {
            for number in [0, u64::MAX, u64::MAX - 7, 0x7fff_ffff, data.len() as u64 - 1] {
                let mut data = data.to_vec();
                data[offset..][..8].copy_from_slice(&number.to_le_bytes());
                is_verified(&good, kind, data);
            }
        }
    }
}

#[test]
fn no_splice_that_lost_a_byte_of_the_original_is_verified() {
    let good = Good::make();
    for kind in [Kind::Splice, Kind::Replacement] {
        let mapped = good.original(kind).elf().unwrap().elf_program_headers()[0].p_filesz.get(LE);
        for offset in 0..mapped as usize {
            let mut data = good.data(kind).to_vec();
            data[offset] ^= 1 << (offset % 8);
            assert!(!is_verified(&good, kind, data), "{kind:?} with a flipped bit at {offset:#x}");
        }
    }
}
