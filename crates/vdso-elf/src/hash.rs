// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The two hash tables, found through the dynamic table, and a walk over one bucket of each.

use crate::dynamic::Dynamic;
use object::LittleEndian as LE;
use object::elf::{DT_GNU_HASH, DT_HASH, GnuHashHeader, HashHeader};
use object::endian::{U32, U64};

/// As many symbols of a bucket are visited; in a vDSO one or two are. Symbols at the end of a longer chain count as missed.
pub const MOST_STEPS: usize = 64;

/// `DT_HASH`: the table of the System V ABI.
#[derive(Clone, Copy, Debug)]
pub struct SysvHash<'data> {
    /// The first symbol of each bucket, 0 for none.
    pub buckets: &'data [U32<LE>],
    /// For each symbol the next one of its bucket, 0 for none.
    pub chains: &'data [U32<LE>],
}

impl<'data> SysvHash<'data> {
    /// The table, or `None` where it is missing or leaves the load segment.
    pub fn of(dynamic: &Dynamic<'data>) -> Option<Self> {
        let address = dynamic.value(DT_HASH)?;
        let header: &HashHeader<LE> = dynamic.memory.value(address)?;
        let buckets = address.checked_add(size_of::<HashHeader<LE>>() as u64)?;
        let bucket_count = u64::from(header.bucket_count.get(LE));
        Some(Self {
            buckets: dynamic.memory.array(buckets, bucket_count)?,
            chains: dynamic.memory.array(buckets.checked_add(4 * bucket_count)?, header.chain_count.get(LE).into())?,
        })
    }

    /// The symbols in the bucket of a hash value. A chain that runs in a circle is left after as many steps as there are
    /// symbols.
    pub fn bucket(&self, hash: u32) -> impl Iterator<Item = u32> + use<'data> {
        let Self { buckets, chains } = *self;
        let first = u32::try_from(buckets.len()).ok().and_then(|count| hash.checked_rem(count));
        let first = first.and_then(|bucket| buckets.get(bucket as usize));
        let next = |index: &u32| chains.get(*index as usize).map(|next| next.get(LE)).filter(|&next| next != 0);
        let first = first.map(|first| first.get(LE)).filter(|&first| first != 0);
        std::iter::successors(first, next).take(chains.len().min(MOST_STEPS))
    }
}

/// `DT_GNU_HASH`: sorted by bucket, with a Bloom filter before it.
#[derive(Clone, Copy, Debug)]
pub struct GnuHash<'data> {
    /// Index of the first symbol that the table covers.
    pub symbol_base: u32,
    /// Right shift of a hash value for the second bit of the filter.
    pub bloom_shift: u32,
    /// The filter; its number of words should be a power of two.
    pub bloom: &'data [U64<LE>],
    /// The first symbol of each bucket, 0 for none.
    pub buckets: &'data [U32<LE>],
    /// For each symbol from `symbol_base` on its hash value with the lowest bit telling "last of its bucket"; reaches
    /// further than the table, which does not say where it ends.
    pub chains: &'data [U32<LE>],
}

impl<'data> GnuHash<'data> {
    /// The table, or `None` where it is missing or leaves the load segment.
    pub fn of(dynamic: &Dynamic<'data>) -> Option<Self> {
        let address = dynamic.value(DT_GNU_HASH)?;
        let header: &GnuHashHeader<LE> = dynamic.memory.value(address)?;
        let bloom = address.checked_add(size_of::<GnuHashHeader<LE>>() as u64)?;
        let bloom_count = u64::from(header.bloom_count.get(LE));
        let buckets = bloom.checked_add(8 * bloom_count)?;
        let bucket_count = u64::from(header.bucket_count.get(LE));
        let chains = dynamic.memory.from(buckets.checked_add(4 * bucket_count)?)?;
        Some(Self {
            symbol_base: header.symbol_base.get(LE),
            bloom_shift: header.bloom_shift.get(LE),
            bloom: dynamic.memory.array(bloom, bloom_count)?,
            buckets: dynamic.memory.array(buckets, bucket_count)?,
            chains: object::pod::slice_from_bytes(chains, chains.len() / 4).ok()?.0,
        })
    }

    /// Which word of the filter a hash value belongs to, and which two bits of it. The word is an index only where the
    /// filter has a power of two of words.
    pub fn filter_bits(&self, hash: u32) -> (usize, u64) {
        let second = hash.checked_shr(self.bloom_shift).unwrap_or(0);
        let mask = 1 << (hash % u64::BITS) | 1 << (second % u64::BITS);
        ((hash / u64::BITS) as usize & self.bloom.len().wrapping_sub(1), mask)
    }

    /// Whether the filter lets a hash value pass; a filter without words lets nothing pass.
    pub fn may_contain(&self, hash: u32) -> bool {
        let (word, mask) = self.filter_bits(hash);
        self.bloom.get(word).is_some_and(|word| word.get(LE) & mask == mask)
    }

    /// Index and stored hash value of the symbols in the bucket of a hash value, up to the one marked as last or the end
    /// of the load segment.
    pub fn bucket(&self, hash: u32) -> impl Iterator<Item = (u32, u32)> + use<'data> {
        let Self { symbol_base, buckets, chains, .. } = *self;
        let bucket = u32::try_from(buckets.len()).ok().and_then(|count| hash.checked_rem(count));
        let first = bucket.and_then(|bucket| buckets.get(bucket as usize)).map_or(0, |first| first.get(LE));
        // An empty bucket holds 0, which lies below the base: Go and others rely on the base being at least 1.
        let chain =
            first.checked_sub(symbol_base).filter(|_| first != 0).and_then(|start| chains.get(start as usize..));
        let mut ended = false;
        (first..=u32::MAX)
            .zip(chain.unwrap_or(&[]))
            .take(MOST_STEPS)
            .map(|(index, stored)| (index, stored.get(LE)))
            .take_while(move |(_, stored)| {
                let before_end = !ended;
                ended = stored & 1 != 0;
                before_end
            })
    }
}
