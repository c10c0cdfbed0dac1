// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the project wants to reach, and whether a run reached it.

use crate::peers::{Level, Name};
use crate::rounds::Speeds;
use crate::sizes::Size;
use crate::statistics::Samples;
use serde::Serialize;

/// What a goal compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Time of the peer in times of ours: at least the goal.
    Ahead { ours: Level, peer: Name },
    /// Our time in times of an empty call and as much of our own keystream: at most the goal.
    NearBound { ours: Level },
}

/// The columns of the table.
const COLUMNS: [Column; 6] = [
    Column::Ahead { ours: Level::Avx2, peer: Name::CVdso },
    Column::Ahead { ours: Level::Sse2, peer: Name::CVdso },
    Column::Ahead { ours: Level::Avx512vl, peer: Name::CVdso },
    Column::Ahead { ours: Level::Avx2, peer: Name::SystemCall },
    Column::Ahead { ours: Level::Avx2, peer: Name::Rand09 },
    Column::NearBound { ours: Level::Avx2 },
];

/// Sizes that share goals, and the goals in the order of [`COLUMNS`].
type Row = (&'static [Size], [Option<f64>; COLUMNS.len()]);

const KIB: usize = 1 << 10;

const ROWS: [Row; 8] = [
    (&[Size::Fixed(4)], goals([3.2, 2.2, 3.5, 70.0, 1.1, 1.6])),
    (&[Size::Fixed(8)], goals([4.1, 2.6, 4.9, 58.0, 1.15, 1.4])),
    (&[Size::Fixed(16)], goals([4.9, 2.7, 6.3, 40.0, 1.15, 1.25])),
    (&[Size::Fixed(32)], goals([5.4, 2.8, 8.0, 24.0, 1.0, 1.15])),
    (&[Size::Fixed(64), Size::Fixed(256), Size::Fixed(512)], goals([4.3, 2.2, 7.0, 8.5, 0.8, 1.25])),
    (&[Size::Fixed(KIB), Size::Fixed(4 * KIB)], goals([4.6, 2.25, 7.0, 8.7, 0.9, 1.13])),
    (&[Size::Fixed(64 * KIB), Size::Fixed(KIB * KIB)], goals([4.9, 2.25, 8.3, 9.0, 0.95, 1.02])),
    (&[Size::Mixed], [Some(4.0), Some(2.7), Some(5.0), None, Some(1.8), None]),
];

const fn goals(goals: [f64; COLUMNS.len()]) -> [Option<f64>; COLUMNS.len()] {
    let [a, b, c, d, e, f] = goals;
    [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f)]
}

/// The size at which keystream is compared with OpenSSL's: large enough that a call's own cost does not show.
const KEYSTREAM_SIZE: Size = Size::Fixed(64 * KIB);

/// Below this size the bound takes the rate of keystream that this size shows, which lies in the first-level cache; from
/// it on, the rate at the size itself.
const BOUND_FROM: usize = 4 * KIB;

/// A goal, and what was seen.
#[derive(Clone, Debug, Serialize)]
pub struct Goal {
    /// What is compared, in words.
    pub what: String,
    /// At which size, or of which kind.
    pub at: String,
    /// The goal.
    pub wanted: f64,
    /// Whether more is better.
    pub at_least: bool,
    /// What was seen; of several sizes the worst. `None` where a part of it is absent.
    pub seen: Option<f64>,
    /// The same from the best rounds, where there are rounds: far from `seen`, the machine was busy.
    pub seen_in_best_rounds: Option<f64>,
}

/// What of a cell's samples is compared: the median or the minimum.
type Statistic = fn(&Samples) -> f64;

impl Goal {
    /// Whether it was reached; `None` where it was not measured.
    pub fn is_met(&self) -> Option<bool> {
        self.seen.map(|seen| if self.at_least { seen >= self.wanted } else { seen <= self.wanted })
    }
}

/// Judges the goals for the speed of calls and of keystream.
pub fn judge(speeds: &Speeds) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (sizes, wanted) in ROWS {
        for (column, wanted) in COLUMNS.into_iter().zip(wanted) {
            let Some(wanted) = wanted else { continue };
            goals.extend(sizes.iter().map(|size| goal(speeds, column, *size, wanted)).reduce(worse));
        }
    }
    goals.extend(Level::ALL.map(|level| keystream(speeds, level)));
    goals
}

fn goal(speeds: &Speeds, column: Column, size: Size, wanted: f64) -> Goal {
    let (what, at_least) = match column {
        Column::Ahead { ours, peer } => (format!("{} against {peer}", Name::Ours(ours)), true),
        Column::NearBound { ours } => (format!("{} against empty call and keystream", Name::Ours(ours)), false),
    };
    let seen = |statistic| seen(speeds, column, size, statistic);
    Goal {
        what,
        at: size.to_string(),
        wanted,
        at_least,
        seen: seen(Samples::median),
        seen_in_best_rounds: seen(Samples::min),
    }
}

fn seen(speeds: &Speeds, column: Column, size: Size, statistic: Statistic) -> Option<f64> {
    let ns = |name| speeds.cell(name, size).map(|cell| statistic(&cell.ns));
    match column {
        Column::Ahead { ours, peer } => Some(ns(peer)? / ns(Name::Ours(ours))?),
        Column::NearBound { ours } => Some(ns(Name::Ours(ours))? / bound_ns(speeds, ours, size, statistic)?),
    }
}

/// An empty call and as much keystream as was asked for, in nanoseconds.
fn bound_ns(speeds: &Speeds, level: Level, size: Size, statistic: Statistic) -> Option<f64> {
    let Size::Fixed(len) = size else { return None };
    let ns = |name, size| speeds.cell(name, size).map(|cell| statistic(&cell.ns));
    let rate_at = len.max(BOUND_FROM);
    let ns_per_byte = ns(Name::Keystream(level), Size::Fixed(rate_at))? / rate_at as f64;
    Some(ns(Name::EmptyCall, size)? + len as f64 * ns_per_byte)
}

/// Of one goal at two sizes, the one that is further from being met. What was not measured is worst.
fn worse(one: Goal, other: Goal) -> Goal {
    let badness = |goal: &Goal| match goal.seen {
        None => f64::INFINITY,
        Some(seen) if goal.at_least => -seen,
        Some(seen) => seen,
    };
    if badness(&other) > badness(&one) { other } else { one }
}

fn keystream(speeds: &Speeds, level: Level) -> Goal {
    let (ours, openssl) = (Name::Keystream(level), Name::OpensslKeystream(level));
    let seen = |statistic: Statistic| {
        let ns = |name| speeds.cell(name, KEYSTREAM_SIZE).map(|cell| statistic(&cell.ns));
        Some(ns(openssl)? / ns(ours)?)
    };
    Goal {
        what: format!("{ours} against {openssl}"),
        at: KEYSTREAM_SIZE.to_string(),
        wanted: 1.0,
        at_least: true,
        seen: seen(Samples::median),
        seen_in_best_rounds: seen(Samples::min),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Cell;
    use crate::sizes::SIZES;

    /// Every peer takes a nanosecond and `factor` nanoseconds a byte.
    fn speeds(factor: impl Fn(Name) -> Option<f64>) -> Speeds {
        let names = COLUMNS.iter().flat_map(|column| match *column {
            Column::Ahead { ours, peer } => [Name::Ours(ours), peer],
            Column::NearBound { ours } => [Name::Keystream(ours), Name::EmptyCall],
        });
        let mut cells: Vec<Cell> = Vec::new();
        for (name, size) in names.flat_map(|name| SIZES.map(|size| (name, size))) {
            let len = if let Size::Fixed(len) = size { len } else { 16 };
            if let Some(factor) = factor(name).filter(|_| size.suits(name)) {
                let ns = Samples::new(vec![1.0 + factor * len as f64]);
                cells.push(Cell { peer: name, size, calls: 1, ns });
            }
        }
        Speeds { cells, core_ghz: Samples::new(vec![1.0]) }
    }

    fn find<'a>(goals: &'a [Goal], what: &str, at: &str) -> &'a Goal {
        goals.iter().find(|goal| goal.what.contains(what) && goal.at == at).expect("a goal of the table")
    }

    #[test]
    fn every_cell_of_the_table_is_judged() {
        let goals = judge(&speeds(|_| Some(1.0)));
        let cells: usize = ROWS.iter().map(|(_, wanted)| wanted.iter().flatten().count()).sum();
        assert_eq!(goals.len(), cells + Level::ALL.len());
        assert_eq!(cells, 46);
    }

    #[test]
    fn a_goal_is_met_or_missed_by_the_medians() {
        // The C vDSO takes 5 times as long a byte as ours: 4.9 is reached in bulk, and 3.2 at 4 bytes.
        let goals = judge(&speeds(|name| match name {
            Name::CVdso => Some(5.0),
            Name::EmptyCall => Some(0.0),
            _ => Some(1.0),
        }));
        let verdict = |what, at| (find(&goals, what, at).wanted, find(&goals, what, at).is_met());
        assert_eq!(verdict("ours, AVX2 against C vDSO", "4 B"), (3.2, Some(true)));
        assert_eq!(verdict("ours, AVX2 against C vDSO", "32 B"), (5.4, Some(false)));
        // Of 64 KiB and 1 MiB the worse one.
        assert_eq!(verdict("ours, AVX2 against C vDSO", "64 KiB"), (4.9, Some(true)));
        assert_eq!(verdict("ours, AVX-512VL against C vDSO", "64 KiB"), (8.3, Some(false)));
    }

    #[test]
    fn near_the_bound_less_is_better() {
        let goals = judge(&speeds(|name| if name == Name::EmptyCall { Some(0.0) } else { Some(1.0) }));
        let bound = find(&goals, "empty call and keystream", "4 B");
        // 1 + 4 nanoseconds, against 1 and 4 times the rate of 4 KiB.
        assert!(bound.seen.is_some_and(|seen| (0.99..1.0).contains(&seen)), "{bound:?}");
        assert_eq!(bound.is_met(), Some(true));
        assert_eq!(Goal { wanted: 0.5, ..bound.clone() }.is_met(), Some(false));
    }

    #[test]
    fn what_is_absent_is_neither_met_nor_missed() {
        let goals = judge(&speeds(|name| (name != Name::CVdso).then_some(1.0)));
        assert_eq!(find(&goals, "ours, AVX2 against C vDSO", "4 B").is_met(), None);
        assert!(find(&goals, "ours, AVX2 against rand", "4 B").is_met().is_some());
        assert_eq!(find(&goals, "keystream, SSE2 against OpenSSL", "64 KiB").is_met(), None);
    }

    #[test]
    fn the_best_rounds_tell_noise_from_speed() {
        let mut speeds = speeds(|_| Some(1.0));
        let ours =
            speeds.cells.iter_mut().find(|cell| (cell.peer, cell.size) == (Name::Ours(Level::Avx2), Size::Fixed(4)));
        ours.unwrap().ns = Samples::new(vec![1.0, 10.0, 10.0]);
        let goals = judge(&speeds);
        let goal = find(&goals, "ours, AVX2 against C vDSO", "4 B");
        assert_eq!((goal.seen, goal.seen_in_best_rounds), (Some(0.5), Some(5.0)));
    }
}
