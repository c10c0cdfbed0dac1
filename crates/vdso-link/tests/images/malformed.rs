// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Malformed images: `verify` and `dump` never panic, and `verify` accepts none of them.

use object::LittleEndian as LE;
use vdso_fixtures::images::{GoodImages, Kind};
use vdso_link::dump;

/// A generator of the same numbers in each run: Marsaglia's xorshift with 64 bits.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn verify_rejects_truncated_images() {
    let good = GoodImages::get();
    for kind in Kind::ALL {
        let data = good.data(kind);
        for length in (0..data.len()).step_by(64) {
            assert!(!good.is_verified(kind, data[..length].to_vec()), "{kind:?} cut to {length:#x} bytes");
        }
    }
}

#[test]
fn verify_and_dump_never_panic_on_random_bytes() {
    let good = GoodImages::get();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for kind in Kind::ALL {
        for _ in 0..400 {
            let mut data = good.data(kind).to_vec();
            for _ in 0..=numbers.below(8) {
                let (offset, byte) = (numbers.below(data.len()), numbers.below(256));
                data[offset] = byte as u8;
            }
            // Some bytes mean nothing: both verdicts are correct, a panic is not.
            good.is_verified(kind, data.clone());
            let Some(linked) = good.with_data(kind, data) else { continue };
            // `dump` rejects a file that is larger than images are.
            let Ok(dump) = dump(&linked.image) else { continue };
            let text = dump.to_string();
            assert!(text.lines().count() < 10_000, "{text}");
        }
    }
}

#[test]
fn verify_never_panics_on_extreme_numbers() {
    let good = GoodImages::get();
    for kind in [Kind::Debug, Kind::Splice] {
        let data = good.data(kind);
        for offset in (0..data.len() - 8).step_by(8) {
            for number in [0, u64::MAX, u64::MAX - 7, 0x7fff_ffff, data.len() as u64 - 1] {
                let mut data = data.to_vec();
                data[offset..][..8].copy_from_slice(&number.to_le_bytes());
                good.is_verified(kind, data);
            }
        }
    }
}

#[test]
fn verify_rejects_a_splice_with_a_changed_byte_of_the_original() {
    let good = GoodImages::get();
    for kind in [Kind::Splice, Kind::Replacement] {
        let mapped = good.original(kind).elf().unwrap().elf_program_headers()[0].p_filesz.get(LE);
        for offset in 0..mapped as usize {
            let mut data = good.data(kind).to_vec();
            data[offset] ^= 1 << (offset % 8);
            assert!(!good.is_verified(kind, data), "{kind:?} with a flipped bit at {offset:#x}");
        }
    }
}
