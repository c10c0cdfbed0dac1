// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The performance goals of the project, and whether a run met them.

use crate::peers::{Level, Name};
use crate::rounds::Speeds;
use crate::sizes::Size;
use crate::statistics::Samples;
use serde::Serialize;

/// A comparison that goals are set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Time of the peer divided by the time of this project's function: at least the goal.
    Ahead { ours: Level, peer: Name },
    /// Time of this project's function divided by the time of an empty call and as much keystream: at most the goal.
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

/// The size at which keystream is compared with OpenSSL's: large enough to hide the cost of the call.
const KEYSTREAM_SIZE: Size = Size::Fixed(64 * KIB);

/// The least size whose own keystream rate goes into the bound. Smaller sizes use the rate at this size, whose buffer fits
/// into the first-level cache.
const BOUND_FROM: usize = 4 * KIB;

/// A goal and the measured ratio.
#[derive(Clone, Debug, Serialize)]
pub struct Goal {
    /// The comparison, as text.
    pub what: String,
    /// The size of the requests.
    pub at: String,
    /// The goal.
    pub wanted: f64,
    /// Whether the goal is a minimum; otherwise it is a maximum.
    pub at_least: bool,
    /// The measured ratio; the worst one of several sizes. `None` if a peer is absent.
    pub seen: Option<f64>,
    /// The ratio of the best rounds. A value far from `seen` shows that the machine was busy.
    pub seen_in_best_rounds: Option<f64>,
}

/// The statistic of a cell's samples that is compared: the median or the minimum.
type Statistic = fn(&Samples) -> f64;

impl Goal {
    /// Whether the goal was met; `None` if it was not measured.
    pub fn is_met(&self) -> Option<bool> {
        self.seen.map(|seen| if self.at_least { seen >= self.wanted } else { seen <= self.wanted })
    }
}

/// Evaluates the goals for the speed of calls and of keystream.
pub fn evaluate(speeds: &Speeds) -> Vec<Goal> {
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

/// Time of an empty call and of keystream for the request, in nanoseconds.
fn bound_ns(speeds: &Speeds, level: Level, size: Size, statistic: Statistic) -> Option<f64> {
    let Size::Fixed(len) = size else { return None };
    let ns = |name, size| speeds.cell(name, size).map(|cell| statistic(&cell.ns));
    let rate_at = len.max(BOUND_FROM);
    let ns_per_byte = ns(Name::Keystream(level), Size::Fixed(rate_at))? / rate_at as f64;
    Some(ns(Name::EmptyCall, size)? + len as f64 * ns_per_byte)
}

/// Returns the result that is further from its goal. A result that was not measured is the worst.
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

    /// Speeds where a call of a peer takes 1 ns and `factor` ns for each byte.
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
    fn evaluate_covers_every_cell_of_the_table() {
        let goals = evaluate(&speeds(|_| Some(1.0)));
        let cells: usize = ROWS.iter().map(|(_, wanted)| wanted.iter().flatten().count()).sum();
        assert_eq!(goals.len(), cells + Level::ALL.len());
        assert_eq!(cells, 46);
    }

    #[test]
    fn evaluate_compares_medians_with_goals() {
        // The C vDSO takes 5 times as long for a byte: this meets 4.9 in bulk, and 3.2 at 4 bytes.
        let goals = evaluate(&speeds(|name| match name {
            Name::CVdso => Some(5.0),
            Name::EmptyCall => Some(0.0),
            _ => Some(1.0),
        }));
        let verdict = |what, at| (find(&goals, what, at).wanted, find(&goals, what, at).is_met());
        assert_eq!(verdict("ours, AVX2 against C vDSO", "4 B"), (3.2, Some(true)));
        assert_eq!(verdict("ours, AVX2 against C vDSO", "32 B"), (5.4, Some(false)));
        // The row of 64 KiB and 1 MiB has the worse ratio of both.
        assert_eq!(verdict("ours, AVX2 against C vDSO", "64 KiB"), (4.9, Some(true)));
        assert_eq!(verdict("ours, AVX-512VL against C vDSO", "64 KiB"), (8.3, Some(false)));
    }

    #[test]
    fn ratio_to_the_bound_is_met_from_below() {
        let goals = evaluate(&speeds(|name| if name == Name::EmptyCall { Some(0.0) } else { Some(1.0) }));
        let bound = find(&goals, "empty call and keystream", "4 B");
        // 1 + 4 nanoseconds, compared with 1 ns and 4 times the rate at 4 KiB.
        assert!(bound.seen.is_some_and(|seen| (0.99..1.0).contains(&seen)), "{bound:?}");
        assert_eq!(bound.is_met(), Some(true));
        assert_eq!(Goal { wanted: 0.5, ..bound.clone() }.is_met(), Some(false));
    }

    #[test]
    fn goal_with_an_absent_peer_is_neither_met_nor_missed() {
        let goals = evaluate(&speeds(|name| (name != Name::CVdso).then_some(1.0)));
        assert_eq!(find(&goals, "ours, AVX2 against C vDSO", "4 B").is_met(), None);
        assert!(find(&goals, "ours, AVX2 against rand", "4 B").is_met().is_some());
        assert_eq!(find(&goals, "keystream, SSE2 against OpenSSL", "64 KiB").is_met(), None);
    }

    #[test]
    fn noisy_rounds_change_the_median_and_not_the_best_rounds() {
        let mut speeds = speeds(|_| Some(1.0));
        let ours =
            speeds.cells.iter_mut().find(|cell| (cell.peer, cell.size) == (Name::Ours(Level::Avx2), Size::Fixed(4)));
        ours.unwrap().ns = Samples::new(vec![1.0, 10.0, 10.0]);
        let goals = evaluate(&speeds);
        let goal = find(&goals, "ours, AVX2 against C vDSO", "4 B");
        assert_eq!((goal.seen, goal.seen_in_best_rounds), (Some(0.5), Some(5.0)));
    }
}
