// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Writers of the two symbol hash tables: `DT_HASH` of the System V ABI, and `DT_GNU_HASH`.

use object::elf::{gnu_hash, hash};

/// Right shift of a hash value for the second bit of the Bloom filter; the linkers' usual choice, since with it the two
/// bits depend on different parts of the value.
const BLOOM_SHIFT: u32 = 26;
/// Bits of the Bloom filter per symbol: about one in a hundred foreign names gets through.
const BLOOM_BITS: usize = 12;

/// The System V table over all dynamic symbols, the null symbol included.
pub(super) fn sysv<'a>(names: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<u8> {
    let count = names.len();
    // An odd number: the low bits of this hash are little more than the last letter of the name.
    let mut buckets = vec![0; count | 1];
    let mut chains = vec![0; count];
    // Symbol 0 ends every chain, so it is in none.
    for (index, name) in names.enumerate().skip(1) {
        let bucket = hash(name) as usize % buckets.len();
        chains[index] = buckets[bucket];
        buckets[bucket] = index as u32;
    }
    words([buckets.len() as u32, count as u32].into_iter().chain(buckets).chain(chains))
}

/// The shape of a GNU table for a number of symbols.
#[derive(Clone, Copy, Debug)]
pub(super) struct GnuHash {
    buckets: u32,
    bloom_words: usize,
}

impl GnuHash {
    /// For `hashed` symbols, of which lookups may find each.
    pub(super) fn for_symbols(hashed: usize) -> Self {
        let bloom_words = (hashed * BLOOM_BITS).div_ceil(u64::BITS as usize).next_power_of_two();
        Self { buckets: hashed as u32 / 4 + 1, bloom_words }
    }

    /// The bucket of a name. The symbol table must be sorted by it: the chain of a bucket is a run of symbols.
    pub(super) fn bucket(self, name: &[u8]) -> u32 {
        gnu_hash(name) % self.buckets
    }

    /// The table over the sorted names of all symbols from index `first` on.
    pub(super) fn write(self, first: usize, names: &[&[u8]]) -> Vec<u8> {
        let mut bloom = vec![0_u64; self.bloom_words];
        let mut buckets = vec![0; self.buckets as usize];
        let mut chains = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let (hash, bucket) = (gnu_hash(name), self.bucket(name));
            let word = (hash / u64::BITS) as usize % self.bloom_words;
            bloom[word] |= 1 << (hash % u64::BITS) | 1 << ((hash >> BLOOM_SHIFT) % u64::BITS);
            let start = &mut buckets[bucket as usize];
            if *start == 0 {
                *start = (first + index) as u32;
            }
            let ends = names.get(index + 1).is_none_or(|next| self.bucket(next) != bucket);
            chains.push(hash & !1 | u32::from(ends));
        }
        let mut table = words([self.buckets, first as u32, self.bloom_words as u32, BLOOM_SHIFT].into_iter());
        table.extend(bloom.iter().flat_map(|word| word.to_le_bytes()));
        table.extend(words(buckets.into_iter().chain(chains)));
        table
    }
}

/// 32-bit little-endian words.
fn words(values: impl Iterator<Item = u32>) -> Vec<u8> {
    values.flat_map(u32::to_le_bytes).collect()
}
