// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The two rules for hash tables, which hold them against the symbols one by one.

use crate::{Examination, LinkedImage};
use object::LittleEndian as LE;
use std::collections::BTreeSet;
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::hash::{GnuHash, MOST_STEPS, SysvHash};
use vdso_elf::place::Place;
use vdso_elf::symbols::{Symbols, exported, symbol_count};

pub(super) fn sysv(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let symbols = Symbols::of(&dynamic);
    let place = |index: usize| Place::new(".hash", 4 * index as u64);
    let Some(table) = SysvHash::of(&dynamic) else {
        examination.expect(false, place(0), "no DT_HASH, or one that leaves PT_LOAD", "a complete table");
        return Ok(());
    };
    let count = symbol_count(&elf, &dynamic);
    examination.expect(
        table.chains.len() == count as usize,
        place(1),
        format_args!("{} chain entries", table.chains.len()),
        format_args!("{count}, one for each symbol"),
    );

    let mut reached = BTreeSet::new();
    for bucket in 0..table.buckets.len() {
        bounded(examination, place(2 + bucket), table.bucket(bucket as u32).count());
        for index in table.bucket(bucket as u32) {
            if index >= count {
                let found = format!("bucket {bucket} leads to symbol {index}");
                examination.find(place(2 + bucket), found, format!("one of the {count} symbols"), "");
                break;
            }
            if !reached.insert(index) {
                let found = format!("symbol {index} is reached twice");
                let cause = "two buckets share a chain, or the chain runs in a circle and lookups never end";
                examination.find(place(2 + bucket), found, "chains that end, each symbol in one", cause);
                break;
            }
            let name = symbols.get(index).and_then(|symbol| symbols.name(symbol));
            let right = name.map(|name| object::elf::hash(name) as usize % table.buckets.len());
            examination.expect(
                right == Some(bucket),
                place(2 + bucket),
                format_args!("bucket {bucket} leads to symbol {index}"),
                right.map_or("a symbol with a name".into(), |right| format!("it to be in bucket {right}")),
            );
        }
    }
    for export in exported(&elf, &dynamic) {
        let found = "DT_HASH does not lead to this symbol";
        examination.expect(reached.contains(&export.index), export.place(), found, "a table made from these symbols");
    }
    Ok(())
}

pub(super) fn gnu(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let symbols = Symbols::of(&dynamic);
    let place = |offset: u64| Place::new(".gnu.hash", offset);
    let Some(table) = GnuHash::of(&dynamic) else {
        examination.expect(false, place(0), "no DT_GNU_HASH, or one that leaves PT_LOAD", "a complete table");
        return Ok(());
    };
    let count = symbol_count(&elf, &dynamic);
    let exports = exported(&elf, &dynamic);

    let mut reached = BTreeSet::new();
    let buckets = 16 + size_of_val(table.bloom) as u64;
    for bucket in 0..table.buckets.len() {
        let place = || place(buckets + 4 * bucket as u64);
        bounded(examination, place(), table.bucket(bucket as u32).count());
        for (index, stored) in table.bucket(bucket as u32) {
            if index >= count || !reached.insert(index) {
                let cause = "the end mark of the bucket is missing, or the symbols are not sorted by bucket";
                examination.find(
                    place(),
                    format!("bucket {bucket} runs on to symbol {index}"),
                    "an end before it",
                    cause,
                );
                break;
            }
            let hash = symbols.get(index).and_then(|symbol| symbols.name(symbol)).map(object::elf::gnu_hash);
            let right =
                hash.is_some_and(|hash| hash | 1 == stored | 1 && hash as usize % table.buckets.len() == bucket);
            examination.expect(
                right,
                place(),
                format_args!("bucket {bucket} leads to symbol {index} with hash value {stored:#x}"),
                hash.map_or("a symbol with a name".into(), |hash| format!("hash value {hash:#x} in its own bucket")),
            );
        }
    }
    for export in &exports {
        let found = "DT_GNU_HASH does not lead to this symbol";
        examination.expect(reached.contains(&export.index), export.place(), found, "a table made from these symbols");
    }
    examination.expect(
        table.symbol_base > 0,
        place(4),
        format_args!("the table begins with symbol {}", table.symbol_base),
        "1 or more: 0 marks an empty bucket",
    );
    filter(&table, exports.iter().map(|export| object::elf::gnu_hash(export.name.as_bytes())), examination);
    Ok(())
}

/// A bucket that is not followed to its end would hide a circle, or the want of an end mark, from the loops above.
fn bounded(examination: &mut Examination, place: Place, length: usize) {
    if length >= MOST_STEPS {
        let found = format!("a bucket of {length} symbols or more");
        examination.find(place, found, "a few, and an end", "a table with too few buckets, or a chain without an end");
    }
}

/// The Bloom filter must hold the bits of every export and no other: a bit too many makes misses slow, one too few makes
/// glibc miss.
fn filter(table: &GnuHash<'_>, hashes: impl Iterator<Item = u32>, examination: &mut Examination) {
    let place = |word: usize| Place::new(".gnu.hash", 16 + 8 * word as u64);
    let words = table.bloom.len();
    examination.expect(
        words.is_power_of_two() && table.bloom_shift < u32::BITS,
        Place::new(".gnu.hash", 8),
        format_args!("a filter of {words} words, second bit shifted by {}", table.bloom_shift),
        "a power of two of words, a shift below 32",
    );
    if words == 0 {
        return;
    }
    let mut wanted = vec![0_u64; words];
    for hash in hashes {
        let (word, mask) = table.filter_bits(hash);
        wanted[word % words] |= mask;
    }
    for (word, (found, wanted)) in table.bloom.iter().zip(wanted).enumerate() {
        let found = found.get(LE);
        examination.expect(
            found == wanted,
            place(word),
            format_args!("filter word {found:#x}"),
            format_args!("{wanted:#x}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Examination, MOST_STEPS, Place, bounded};
    use crate::verify::dynamic::RULES;

    #[test]
    fn a_bucket_that_is_not_followed_to_its_end_is_found() {
        for (length, findings) in [(0, 0), (MOST_STEPS - 1, 0), (MOST_STEPS, 1)] {
            let mut examination = Examination::of(&RULES[0].rule);
            bounded(&mut examination, Place::default(), length);
            assert_eq!(examination.findings.len(), findings, "{length}");
        }
    }
}
