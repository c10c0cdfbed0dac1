// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Tables for a terminal.

use crate::goals::Goal;
use crate::output;
use crate::peers::{Level, Name, Peer};
use crate::rounds::Speeds;
use crate::sizes::{SIZES, Size};

/// Prints rows under a heading: the first column is aligned to the left, the others to the right.
pub fn print(title: &str, heading: &[&str], rows: &[Vec<String>]) {
    output::print(text(title, heading, rows));
}

fn text(title: &str, heading: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |column: usize| rows.iter().map(move |row| row[column].as_str()).chain([heading[column]]);
    let widths: Vec<usize> =
        (0..heading.len()).map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &mut dyn Iterator<Item = &str>| {
        let mut line = format!("{:<width$}", row.next().unwrap_or_default(), width = widths[0]);
        for (cell, width) in row.zip(&widths[1..]) {
            line += &format!("  {cell:>width$}");
        }
        line.trim_end().to_owned() + "\n"
    };
    let mut text = format!("\n{title}\n") + &line(&mut heading.iter().copied());
    for row in rows {
        text += &line(&mut row.iter().map(String::as_str));
    }
    text
}

/// Prints the results of the rounds: nanoseconds, cycles for a byte of keystream, and ratios.
pub fn print_speeds(peers: &[Peer], speeds: &Speeds) {
    let names = || peers.iter().map(|peer| peer.name);
    let sizes: Vec<Size> = SIZES.to_vec();
    matrix("ns a call, medians", &sizes, names(), |name, size| speeds.median(name, size).map(duration));
    matrix("ns a call, minima", &sizes, names(), |name, size| {
        speeds.cell(name, size).map(|cell| duration(cell.ns.min()))
    });
    let whole: Vec<Size> = sizes.iter().copied().filter(|size| size.suits(Name::Keystream(Level::Sse2))).collect();
    let ghz = speeds.core_ghz.median();
    matrix("cycles a byte of keystream, medians", &whole, names().filter(|name| name.is_keystream()), |name, size| {
        let Size::Fixed(len) = size else { return None };
        Some(format!("{:.2}", speeds.median(name, size)? * ghz / len as f64))
    });
    for level in Level::ALL.into_iter().filter(|level| names().any(|name| name == Name::Ours(*level))) {
        let others = names().filter(|name| !name.is_keystream() && !matches!(name, Name::Ours(_)));
        matrix(&format!("time of the peer / time of ours, {level}"), &sizes, others, |name, size| {
            Some(ratio(speeds.median(name, size)? / speeds.median(Name::Ours(level), size)?))
        });
    }
}

fn matrix(title: &str, sizes: &[Size], names: impl Iterator<Item = Name>, cell: impl Fn(Name, Size) -> Option<String>) {
    let heading: Vec<String> = sizes.iter().map(Size::to_string).collect();
    let heading: Vec<&str> = std::iter::once("").chain(heading.iter().map(String::as_str)).collect();
    let row = |name: Name| {
        let cells = sizes.iter().map(|size| cell(name, *size).unwrap_or_else(|| "-".into()));
        std::iter::once(name.to_string()).chain(cells).collect()
    };
    print(title, &heading, &names.map(row).collect::<Vec<_>>());
}

/// Prints each goal, and the number of goals met.
pub fn print_goals(goals: &[Goal]) {
    let rows: Vec<Vec<String>> = goals.iter().map(goal_row).collect();
    print("goals", &["", "at", "goal", "seen", "in best rounds", ""], &rows);
    let count = |verdict| goals.iter().filter(|goal| goal.is_met() == verdict).count();
    let [met, missed, not_measured] = [Some(true), Some(false), None].map(count);
    output::print(format_args!("{met} met, {missed} missed, {not_measured} not measured\n"));
}

fn goal_row(goal: &Goal) -> Vec<String> {
    let sign = if goal.at_least { ">=" } else { "<=" };
    let verdict = match goal.is_met() {
        Some(true) => "met",
        Some(false) => "missed",
        None => "not measured",
    };
    let [seen, best] = [goal.seen, goal.seen_in_best_rounds].map(|seen| seen.map_or_else(|| "-".into(), ratio));
    vec![goal.what.clone(), goal.at.clone(), format!("{sign} {}", goal.wanted), seen, best, verdict.into()]
}

/// Formats nanoseconds to their significant digits.
pub fn duration(ns: f64) -> String {
    match ns {
        ns if ns < 100.0 => format!("{ns:.2}"),
        ns if ns < 1000.0 => format!("{ns:.1}"),
        _ => format!("{ns:.0}"),
    }
}

/// Formats a ratio to its significant digits.
pub fn ratio(ratio: f64) -> String {
    if ratio < 20.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_pads_columns_to_their_widest_cell() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["ours", "1", "10.5"]), row(["the peer", "1000", ""])];
        let wanted = "\ntitle\n             a     b\nours         1  10.5\nthe peer  1000\n";
        assert_eq!(text("title", &["", "a", "b"], &rows), wanted);
    }

    #[test]
    fn duration_and_ratio_round_by_magnitude() {
        assert_eq!([3.456, 345.67, 1_454_321.9].map(duration), ["3.46", "345.7", "1454322"]);
        assert_eq!([3.456, 72.9].map(ratio), ["3.46", "73"]);
    }

    #[test]
    fn goal_row_shows_bound_and_verdict() {
        let goal = Goal {
            what: "a".into(),
            at: "4 B".into(),
            wanted: 1.6,
            at_least: false,
            seen: Some(1.7),
            seen_in_best_rounds: Some(1.55),
        };
        assert_eq!(goal_row(&goal), ["a", "4 B", "<= 1.6", "1.70", "1.55", "missed"]);
        assert_eq!(goal_row(&Goal { seen: None, seen_in_best_rounds: None, ..goal })[3..], ["-", "-", "not measured"]);
    }
}
