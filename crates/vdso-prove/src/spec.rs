// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The specification: a block of ChaCha20 (RFC 8439, section 2.3) with a 64-bit counter and a zero nonce, as terms.

use crate::memory::key_word;
use crate::term::{Terms, Value};
use vdso_abi::state::{BLOCK_LEN, KEY_LEN};

/// Words in a block.
pub const BLOCK_WORDS: usize = BLOCK_LEN / 4;

/// "expand 32-byte k" (RFC 8439, section 2.3).
const SIGMA: [u64; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// Columns and diagonals (RFC 8439, section 2.3).
const QUARTERS: [[usize; 4]; 8] = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];

/// The sixteen words of the block with number `counter`, a value of 64 bits, under the key of the state.
pub fn block(terms: &mut Terms, counter: &Value) -> Vec<Value> {
    let key: Vec<Value> = (0..KEY_LEN as u32 / 4).map(|index| key_word(terms, index)).collect();
    block_of(terms, &key, counter)
}

fn block_of(terms: &mut Terms, key: &[Value], counter: &Value) -> Vec<Value> {
    let input: Vec<Value> = SIGMA
        .iter()
        .map(|word| Value::constant(*word, 32))
        .chain(key.iter().cloned())
        .chain([counter.extract(0, 32), counter.extract(32, 32), Value::zero(32), Value::zero(32)])
        .collect();
    let mut words = input.clone();
    for _ in 0..10 {
        QUARTERS.iter().for_each(|quarter| quarter_round(terms, &mut words, *quarter));
    }
    words.iter().zip(&input).map(|(word, input)| terms.add(word, input)).collect()
}

/// RFC 8439, section 2.1.
fn quarter_round(terms: &mut Terms, words: &mut [Value], [a, b, c, d]: [usize; 4]) {
    for (sum, by, rotated, left) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        words[sum] = terms.add(&words[sum], &words[by]);
        let mixed = terms.xor(&words[rotated], &words[sum]);
        words[rotated] = Value::concat([&mixed.extract(32 - left, left), &mixed.extract(0, 32 - left)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes as words, the lowest byte first.
    fn words(bytes: &[u8]) -> Vec<u64> {
        bytes.chunks(4).map(|word| u64::from(u32::from_le_bytes(word.try_into().unwrap()))).collect()
    }

    /// RFC 8439, appendix A.1, test vectors 1 and 2 (key of zeros) and 3 (key that ends in 1): each with a zero nonce.
    const VECTORS: [(u8, u64, &str); 3] = [
        (
            0,
            0,
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7\
             da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
        ),
        (
            0,
            1,
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed\
             29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
        ),
        (
            1,
            1,
            "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a\
             8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
        ),
    ];

    #[test]
    fn blocks_equal_the_test_vectors_of_the_rfc() {
        for (last, counter, expected) in VECTORS {
            let mut key = [0_u8; KEY_LEN];
            key[KEY_LEN - 1] = last;
            let key: Vec<Value> = words(&key).into_iter().map(|word| Value::constant(word, 32)).collect();
            let block = block_of(&mut Terms::new(), &key, &Value::constant(counter, 64));
            let bytes = block.iter().flat_map(|word| {
                let word = word.as_constant().expect("a number");
                (0..4).map(move |byte| format!("{:02x}", word >> (8 * byte) & 0xff))
            });
            assert_eq!(bytes.collect::<String>(), expected);
        }
    }
}
