// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A hundred million words, and whether one comes twice.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Words are kept apart by this many leading bits, so that they can be collected and sorted in parts.
const BITS: u32 = 8;
const PARTS: usize = 1 << BITS;

/// Words of all threads, eight bytes each and nothing else.
pub struct WordPool {
    parts: Vec<Mutex<Vec<u64>>>,
    count: AtomicUsize,
}

impl WordPool {
    /// A pool with room for so many words. It grows where the words are more, or not random.
    pub fn with_capacity(words: usize) -> Self {
        // Parts of random words differ by little: the deviation of each is about the root of its length.
        let part = words / PARTS;
        let room = part + 8 * part.isqrt();
        Self { parts: (0..PARTS).map(|_| Mutex::new(Vec::with_capacity(room))).collect(), count: AtomicUsize::new(0) }
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A collector for one thread.
    pub fn collector(&self) -> Collector<'_> {
        Collector { pool: self, parts: (0..PARTS).map(|_| Vec::with_capacity(Collector::ROOM)).collect() }
    }

    /// The words that are there more than once, each as often as it repeats. Sorts in place, on all processors.
    pub fn into_duplicates(self) -> Vec<u64> {
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let sort = || {
            while let Some(part) = self.parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut words = part.lock().expect("no panic is survived while it is locked");
                words.sort_unstable();
                let repeated = words.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
                found.lock().expect("as above").extend(repeated);
            }
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(sort);
            }
        });
        found.into_inner().expect("as above")
    }
}

/// Words of one thread on their way to the pool. Dropping it sends the rest there.
pub struct Collector<'pool> {
    pool: &'pool WordPool,
    parts: Vec<Vec<u64>>,
}

impl Collector<'_> {
    /// How many words of a part wait for the lock of the pool.
    const ROOM: usize = 64;
    /// The most words that one collector holds.
    pub const WORDS: usize = PARTS * Self::ROOM;

    /// Adds the whole words of one draw. Bytes after the last whole word are ignored.
    pub fn add(&mut self, bytes: &[u8]) {
        for word in bytes.as_chunks().0 {
            let word = u64::from_ne_bytes(*word);
            let part = (word >> (u64::BITS - BITS)) as usize;
            self.parts[part].push(word);
            if self.parts[part].len() == Self::ROOM {
                self.flush(part);
            }
        }
    }

    fn flush(&mut self, part: usize) {
        let words = &mut self.parts[part];
        self.pool.count.fetch_add(words.len(), Ordering::Relaxed);
        self.pool.parts[part].lock().expect("no panic is survived while it is locked").append(words);
    }
}

impl Drop for Collector<'_> {
    fn drop(&mut self) {
        (0..PARTS).for_each(|part| self.flush(part));
    }
}

/// How many pairs of equal words are to be expected among so many random ones: the birthday bound.
pub fn expected_by_chance(words: usize) -> f64 {
    let words = words as f64;
    words * (words - 1.0) / 2.0 / 2f64.powi(64)
}
