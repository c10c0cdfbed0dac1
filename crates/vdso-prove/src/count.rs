// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The numbers that the count of a loop may be, and conditions on it.
//!
//! A condition on a multiple of the count is not decided by the multiple's bits: `8 n` is zero modulo 2^64 for more than one
//! `n`. So each bound is checked for the whole interval without wrapping before a condition is solved.

/// Numbers from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The lowest.
    pub low: u64,
    /// The highest.
    pub high: u64,
}

/// `factor * n + constant` with the count `n`, both numbers with a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The factor of the count.
    pub factor: i64,
    /// The number added.
    pub constant: i64,
}

impl Line {
    fn at(self, count: u64) -> i128 {
        i128::from(self.factor) * i128::from(count) + i128::from(self.constant)
    }

    /// Whether no count of the interval takes the line below `low` or above `high`.
    fn stays_within(self, counts: Interval, low: i128, high: i128) -> bool {
        [self.at(counts.low), self.at(counts.high)].iter().all(|value| (low..=high).contains(value))
    }
}

/// The parts of an interval, each with whether a condition holds in all of it.
pub type Parts = Vec<(bool, Interval)>;

/// Where `line` is zero modulo 2^64; `None` where that cannot be told for the whole interval.
pub fn zero(line: Line, counts: Interval) -> Option<Parts> {
    let bound = i128::from(u64::MAX);
    if !line.stays_within(counts, -bound, bound) {
        return None;
    }
    if line.factor == 0 {
        return Some(vec![(line.constant == 0, counts)]);
    }
    let root = -i128::from(line.constant) / i128::from(line.factor);
    let is_root = line.factor as i128 * root + i128::from(line.constant) == 0;
    let Some(root) = u64::try_from(root).ok().filter(|root| is_root && (counts.low..=counts.high).contains(root))
    else {
        return Some(vec![(false, counts)]);
    };
    let mut parts = Vec::new();
    if counts.low < root {
        parts.push((false, Interval { low: counts.low, high: root - 1 }));
    }
    parts.push((true, Interval { low: root, high: root }));
    if root < counts.high {
        parts.push((false, Interval { low: root + 1, high: counts.high }));
    }
    Some(parts)
}

/// Where `left` is below `right`, both without a sign; `None` where any of them leaves 0..2^64 within the interval.
pub fn less(left: Line, right: Line, counts: Interval) -> Option<Parts> {
    let bound = i128::from(u64::MAX);
    if !left.stays_within(counts, 0, bound) || !right.stays_within(counts, 0, bound) {
        return None;
    }
    let holds = |count| left.at(count) < right.at(count);
    let (first, last) = (holds(counts.low), holds(counts.high));
    if first == last {
        return Some(vec![(first, counts)]);
    }
    // The difference is a line, so the condition changes once: search for the last count that is like the first one.
    let (mut same, mut other) = (counts.low, counts.high);
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if holds(middle) == first { same = middle } else { other = middle }
    }
    Some(vec![(first, Interval { low: counts.low, high: same }), (last, Interval { low: other, high: counts.high })])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every interval of small numbers, and lines that cross their ends.
    fn cases() -> impl Iterator<Item = (Line, Line, Interval)> {
        let lines = || (-3..=3).flat_map(|factor| (-9..=9).map(move |constant| Line { factor, constant }));
        lines().flat_map(move |left| {
            lines().flat_map(move |right| {
                [(0, 0), (0, 5), (1, 4), (2, 9)].map(|(low, high)| (left, right, Interval { low, high }))
            })
        })
    }

    fn agree(parts: Option<Parts>, counts: Interval, holds: impl Fn(u64) -> bool) {
        let Some(parts) = parts else { return };
        let mut next = counts.low;
        for (expected, part) in parts {
            assert_eq!(part.low, next, "parts follow each other");
            assert!(part.low <= part.high);
            (part.low..=part.high).for_each(|count| assert_eq!(holds(count), expected, "{count}"));
            next = part.high + 1;
        }
        assert_eq!(next, counts.high + 1, "parts cover the interval");
    }

    #[test]
    fn conditions_agree_with_each_count_of_small_intervals() {
        for (left, right, counts) in cases() {
            let value = |line: Line, count: u64| line.at(count) as u64;
            agree(zero(left, counts), counts, |count| value(left, count) == 0);
            agree(less(left, right, counts), counts, |count| value(left, count) < value(right, count));
        }
    }

    #[test]
    fn multiples_that_wrap_are_not_decided() {
        let all = Interval { low: 0, high: u64::MAX };
        assert_eq!(zero(Line { factor: 8, constant: 0 }, all), None);
        assert_eq!(less(Line { factor: 1, constant: -1 }, Line { factor: 0, constant: 2 }, all), None);
        let large = Interval { low: 1, high: 1 << 60 };
        assert_eq!(zero(Line { factor: 8, constant: 0 }, large), Some(vec![(false, large)]));
    }
}
