// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Compares the output of the clones of one machine.

use crate::console::{self, Ended, Failure};
use std::collections::{BTreeMap, BTreeSet};

/// A clone that has run to its end.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Its name in messages.
    pub name: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// The console's output.
    pub console: String,
}

/// The outcome of a comparison.
#[derive(Debug, PartialEq, Eq)]
pub enum Comparison {
    /// This number of callers behaved as required.
    Passed(usize),
    /// Something is wrong.
    Failed(Failure),
    /// The kernel's timer reseeded in a clone under the old id: the comparison is inconclusive.
    Overtaken,
}

/// The draws of one caller in one clone.
#[derive(Debug)]
struct Draws<'console> {
    /// Whether the generation moved since the machine was saved.
    moved: bool,
    /// System calls for random bytes.
    calls: usize,
    /// Digests of the pieces that it drew, in their order.
    pieces: Vec<&'console str>,
}

/// The draws of a clone, by the names of its callers.
struct Callers<'console> {
    clone: &'static str,
    draws: BTreeMap<&'console str, Draws<'console>>,
}

/// System calls for keys of a new generation: one, and the timer may reseed in between.
const FETCHES: std::ops::RangeInclusive<usize> = 1..=3;

/// Compares at least two clones under the saved machine's id with clones under new ids.
///
/// A fault of the machines, or of clones under the old id, is `broken`. A caller that repeats another clone's bytes under a
/// new id, or fetches no key for it, is a failed test.
pub fn compare(same: &[Restored], new: &[Restored]) -> Comparison {
    let (same, new) = match Callers::read_all(same).and_then(|same| Ok((same, Callers::read_all(new)?))) {
        Ok(clones) => clones,
        Err(failure) => return Comparison::Failed(failure),
    };
    if same.iter().any(|clone| clone.draws.values().any(|draws| draws.moved)) {
        return Comparison::Overtaken;
    }
    let mut failure = Failure { passed: 0, failed: Vec::new(), broken: control(&same) };
    let names: BTreeSet<_> = same.iter().chain(&new).flat_map(|clone| clone.draws.keys().copied()).collect();
    for caller in names {
        match different(caller, &same, &new) {
            Ok(()) => failure.passed += 1,
            Err(reason) => failure.failed.push(format!("{caller}: {reason}")),
        }
    }
    if failure.failed.is_empty() && failure.broken.is_empty() {
        return Comparison::Passed(failure.passed);
    }
    Comparison::Failed(failure)
}

/// The violations of clones under the old id: they must draw equal bytes, without a system call.
fn control(same: &[Callers]) -> Vec<String> {
    let mut broken = Vec::new();
    let [first, others @ ..] = same else { return vec!["no clones under one id".into()] };
    for (caller, draws) in &first.draws {
        for other in others {
            let twin = other.draws.get(caller).map(|draws| &draws.pieces);
            if twin != Some(&draws.pieces) {
                broken.push(format!("{caller}: {} and {} differ under one id: no clones", first.clone, other.clone));
            }
        }
        if draws.calls != 0 {
            broken.push(format!(
                "{caller}: {} system calls in {}, for a state that had its key",
                draws.calls, first.clone
            ));
        }
    }
    broken
}

/// Checks that a caller drew different bytes in each clone under a new id, from a key that it fetched there.
fn different(caller: &str, same: &[Callers], new: &[Callers]) -> Result<(), String> {
    let pieces_of = |clone: &Callers| -> Result<BTreeSet<String>, String> {
        let draws = clone.draws.get(caller).ok_or(format!("not in {}", clone.clone))?;
        let pieces: BTreeSet<String> = draws.pieces.iter().map(|&piece| piece.to_owned()).collect();
        if pieces.len() != draws.pieces.len() || pieces.is_empty() {
            return Err(format!("{} different pieces of {} in {}", pieces.len(), draws.pieces.len(), clone.clone));
        }
        Ok(pieces)
    };
    for (at, clone) in new.iter().enumerate() {
        let pieces = pieces_of(clone)?;
        for other in same.iter().chain(&new[..at]) {
            let repeated = pieces.intersection(&pieces_of(other)?).count();
            if repeated > 0 {
                let (of, clone, other) = (pieces.len(), clone.clone, other.clone);
                return Err(format!("{clone}, under a new id, repeats {repeated} of {of} pieces of {other}"));
            }
        }
        let draws = &clone.draws[caller];
        if !draws.moved || !FETCHES.contains(&draws.calls) {
            let generation = if draws.moved { "moved" } else { "stayed" };
            return Err(format!("in {}, the generation {generation}, {} system calls", clone.clone, draws.calls));
        }
    }
    Ok(())
}

impl<'console> Callers<'console> {
    fn read_all(clones: &'console [Restored]) -> Result<Vec<Self>, Failure> {
        clones.iter().map(Self::read).collect()
    }

    /// Reads a console that is in good order.
    fn read(restored: &'console Restored) -> Result<Self, Failure> {
        let clone = restored.name;
        let in_clone = |reason: &str| format!("in {clone}: {reason}");
        if let Err(failure) = console::check(&restored.console, restored.ended) {
            let broken = failure.reasons().map(in_clone).collect();
            return Err(Failure { passed: 0, failed: Vec::new(), broken });
        }
        let mut draws = BTreeMap::new();
        for (caller, figures) in console::passes(&restored.console) {
            let read = Draws::read(figures);
            let unread = || Failure::broken(in_clone(&format!("{caller} has unreadable figures: {figures}")));
            draws.insert(caller, read.ok_or_else(unread)?);
        }
        Ok(Self { clone, draws })
    }
}

impl<'console> Draws<'console> {
    /// Reads `generation moved, 1 calls, DIGEST DIGEST …`.
    fn read(figures: &'console str) -> Option<Self> {
        let mut parts = figures.split(", ");
        let moved = match parts.next()?.strip_prefix("generation ")? {
            "moved" => true,
            "stayed" => false,
            _ => return None,
        };
        let calls = parts.next()?.strip_suffix(" calls")?.parse().ok()?;
        let pieces = parts.next()?.split(' ').collect();
        parts.next().is_none().then_some(Self { moved, calls, pieces })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The console of a clone with two callers, whose digests begin with these letters.
    fn clone(name: &'static str, figures: &str, letters: [char; 2]) -> Restored {
        let of = |number, caller, letter| {
            let pieces: Vec<_> = (0..3).map(|piece| format!("{letter}{piece}")).collect();
            let pieces = pieces.join(" ");
            format!("# begin {caller}\nok {number} {caller} # {figures}, {pieces}\n")
        };
        let [full, exhausted] = [of(1, "full", letters[0]), of(2, "exhausted", letters[1])];
        let console = format!("\nKTAP version 1\n1..2\n{full}{exhausted}");
        Restored { name, ended: Ended::Cleanly, console }
    }

    const STAYED: &str = "generation stayed, 0 calls";
    const MOVED: &str = "generation moved, 1 calls";

    fn same() -> Vec<Restored> {
        vec![clone("same-1", STAYED, ['a', 'b']), clone("same-2", STAYED, ['a', 'b'])]
    }

    fn new() -> Vec<Restored> {
        vec![clone("new-1", MOVED, ['c', 'd']), clone("new-2", MOVED, ['e', 'f'])]
    }

    fn reasons(same: &[Restored], new: &[Restored]) -> (usize, String) {
        let Comparison::Failed(failure) = compare(same, new) else { panic!("{:?}", compare(same, new)) };
        (failure.passed, failure.reasons().collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn clones_that_agree_under_one_id_and_differ_under_new_ones_pass() {
        assert_eq!(compare(&same(), &new()), Comparison::Passed(2));
    }

    /// A kernel that reseeds and does not publish it: no caller fetches a key, and the clones draw equal bytes.
    #[test]
    fn a_kernel_that_does_not_move_the_generation_fails_in_every_caller() {
        let deaf = [clone("new-1", STAYED, ['a', 'b']), clone("new-2", STAYED, ['a', 'b'])];
        let (passed, reasons) = reasons(&same(), &deaf);
        assert_eq!(passed, 0);
        assert_eq!(
            reasons,
            "exhausted: new-1, under a new id, repeats 3 of 3 pieces of same-1; \
             full: new-1, under a new id, repeats 3 of 3 pieces of same-1"
        );
    }

    #[test]
    fn one_piece_that_comes_again_is_found_wherever_it_stands() {
        let mut new = new();
        new[1].console = new[1].console.replace("f0 f1 f2", "f0 c1 f2").replace("e0 e1 e2", "e0 e1 c0");
        assert_eq!(reasons(&same(), &new), (1, "full: new-2, under a new id, repeats 1 of 3 pieces of new-1".into()));
        new[1].console = new[1].console.replace("e0 e1 c0", "e0 e1 e1");
        assert_eq!(reasons(&same(), &new), (1, "full: 2 different pieces of 3 in new-2".into()));
    }

    #[test]
    fn bytes_of_their_own_without_a_key_of_their_own_are_not_enough() {
        for figures in ["generation moved, 0 calls", "generation stayed, 1 calls", "generation moved, 9 calls"] {
            let (passed, reasons) = reasons(&same(), &[clone("new-1", figures, ['c', 'd'])]);
            assert!(passed == 0 && reasons.contains(&figures.replace(" calls", " system calls")), "{reasons}");
        }
    }

    #[test]
    fn clones_that_differ_under_one_id_are_no_clones() {
        let different = [clone("same-1", STAYED, ['a', 'b']), clone("same-2", STAYED, ['a', 'x'])];
        assert_eq!(reasons(&different, &new()).1, "exhausted: same-1 and same-2 differ under one id: no clones");
        let asked = "generation stayed, 1 calls";
        let asked = [clone("same-1", asked, ['a', 'b']), clone("same-2", asked, ['a', 'b'])];
        assert!(reasons(&asked, &new()).1.contains("1 system calls in same-1, for a state that had its key"));
        assert!(reasons(&[], &new()).1.contains("no clones under one id"));
    }

    #[test]
    fn a_reseeding_by_the_timer_says_nothing_about_clones() {
        let overtaken = [clone("same-1", STAYED, ['a', 'b']), clone("same-2", MOVED, ['x', 'y'])];
        assert_eq!(compare(&overtaken, &new()), Comparison::Overtaken);
    }

    #[test]
    fn a_clone_that_crashes_or_lacks_a_caller_fails() {
        let mut crashed = new();
        crashed[0].ended = Ended::TimeOver;
        assert_eq!(reasons(&same(), &crashed), (0, "in new-1: hung outside any test: the time is over".into()));
        let lacks = new().into_iter().map(|clone| Restored { console: clone.console.replace("full", "half"), ..clone });
        assert!(reasons(&same(), &lacks.collect::<Vec<_>>()).1.contains("full: not in new-1"));
        let odd = new().into_iter().map(|clone| Restored { console: clone.console.replace("moved", "lost"), ..clone });
        assert!(reasons(&same(), &odd.collect::<Vec<_>>()).1.starts_with("in new-1: full has unreadable figures"));
    }
}
