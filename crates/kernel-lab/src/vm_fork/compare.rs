// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the clones of one machine drew, held against each other.

use crate::console::{self, Ended, Failure};
use std::collections::{BTreeMap, BTreeSet};

/// A clone that has run to its end.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What it is called in messages.
    pub name: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// What its console showed.
    pub console: String,
}

/// What the comparison says.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// So many consumers did what they must.
    Passed(usize),
    /// Something is wrong.
    Failed(Failure),
    /// The kernel reseeded in a clone that nobody told anything, by its timer: the comparison says nothing.
    Overtaken,
}

/// What one consumer did in one clone.
#[derive(Debug)]
struct Draws<'console> {
    /// Whether the generation moved since the machine was saved.
    moved: bool,
    /// System calls for random bytes.
    calls: usize,
    /// Digests of the pieces that it drew, in their order.
    pieces: Vec<&'console str>,
}

/// A clone, read: its consumers by their names.
struct Consumers<'console> {
    clone: &'static str,
    draws: BTreeMap<&'console str, Draws<'console>>,
}

/// System calls for keys of a new generation: one, and the timer may reseed in between.
const FETCHES: std::ops::RangeInclusive<usize> = 1..=3;

/// Holds clones under the saved machine's id, two at least, and clones under new ids against each other.
///
/// What is wrong with the machines, or with clones that nobody told anything, is broken. A consumer that under a new id
/// repeats what another clone drew, or did not fetch a key for it, is a test that failed.
pub fn judge(same: &[Restored], new: &[Restored]) -> Judgement {
    let (same, new) = match Consumers::read_all(same).and_then(|same| Ok((same, Consumers::read_all(new)?))) {
        Ok(clones) => clones,
        Err(failure) => return Judgement::Failed(failure),
    };
    if same.iter().any(|clone| clone.draws.values().any(|draws| draws.moved)) {
        return Judgement::Overtaken;
    }
    let mut failure = Failure { passed: 0, failed: Vec::new(), broken: control(&same) };
    let names: BTreeSet<_> = same.iter().chain(&new).flat_map(|clone| clone.draws.keys().copied()).collect();
    for consumer in names {
        match different(consumer, &same, &new) {
            Ok(()) => failure.passed += 1,
            Err(reason) => failure.failed.push(format!("{consumer}: {reason}")),
        }
    }
    if failure.failed.is_empty() && failure.broken.is_empty() {
        return Judgement::Passed(failure.passed);
    }
    Judgement::Failed(failure)
}

/// What speaks against clones that nobody told anything: they must go on alike, and without a system call.
fn control(same: &[Consumers]) -> Vec<String> {
    let mut broken = Vec::new();
    let [first, others @ ..] = same else { return vec!["no clones under one id".into()] };
    for (consumer, draws) in &first.draws {
        for other in others {
            let twin = other.draws.get(consumer).map(|draws| &draws.pieces);
            if twin != Some(&draws.pieces) {
                broken.push(format!("{consumer}: {} and {} differ under one id: no clones", first.clone, other.clone));
            }
        }
        if draws.calls != 0 {
            broken.push(format!(
                "{consumer}: {} system calls in {}, for a state that had its key",
                draws.calls, first.clone
            ));
        }
    }
    broken
}

/// That a consumer drew bytes of its own in each clone under a new id, from a key that it fetched there.
fn different(consumer: &str, same: &[Consumers], new: &[Consumers]) -> Result<(), String> {
    let pieces_of = |clone: &Consumers| -> Result<BTreeSet<String>, String> {
        let draws = clone.draws.get(consumer).ok_or(format!("not in {}", clone.clone))?;
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
        let draws = &clone.draws[consumer];
        if !draws.moved || !FETCHES.contains(&draws.calls) {
            let generation = if draws.moved { "moved" } else { "stayed" };
            return Err(format!("in {}, the generation {generation}, {} system calls", clone.clone, draws.calls));
        }
    }
    Ok(())
}

impl<'console> Consumers<'console> {
    fn read_all(clones: &'console [Restored]) -> Result<Vec<Self>, Failure> {
        clones.iter().map(Self::read).collect()
    }

    /// Reads a console that is in good order.
    fn read(restored: &'console Restored) -> Result<Self, Failure> {
        let clone = restored.name;
        let in_clone = |reason: &str| format!("in {clone}: {reason}");
        if let Err(failure) = console::judge(&restored.console, restored.ended) {
            let broken = failure.reasons().map(in_clone).collect();
            return Err(Failure { passed: 0, failed: Vec::new(), broken });
        }
        let mut draws = BTreeMap::new();
        for (consumer, figures) in console::passes(&restored.console) {
            let read = Draws::read(figures);
            let unread =
                || Failure::broken(in_clone(&format!("{consumer} has figures that nobody understands: {figures}")));
            draws.insert(consumer, read.ok_or_else(unread)?);
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

    /// The console of a clone with two consumers, whose digests begin with these letters.
    fn clone(name: &'static str, figures: &str, letters: [char; 2]) -> Restored {
        let of = |number, consumer, letter| {
            let pieces: Vec<_> = (0..3).map(|piece| format!("{letter}{piece}")).collect();
            let pieces = pieces.join(" ");
            format!("# begin {consumer}\nok {number} {consumer} # {figures}, {pieces}\n")
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
        let Judgement::Failed(failure) = judge(same, new) else { panic!("{:?}", judge(same, new)) };
        (failure.passed, failure.reasons().collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn clones_that_agree_under_one_id_and_differ_under_new_ones_pass() {
        assert_eq!(judge(&same(), &new()), Judgement::Passed(2));
    }

    /// A kernel that reseeds and does not publish it: nobody fetches a key, and the clones go on as one.
    #[test]
    fn a_kernel_that_does_not_move_the_generation_fails_in_every_consumer() {
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
        assert_eq!(judge(&overtaken, &new()), Judgement::Overtaken);
    }

    #[test]
    fn a_clone_that_crashes_or_lacks_a_consumer_fails() {
        let mut crashed = new();
        crashed[0].ended = Ended::TimeOver;
        assert_eq!(reasons(&same(), &crashed), (0, "in new-1: hung outside any test: the time is over".into()));
        let lacks = new().into_iter().map(|clone| Restored { console: clone.console.replace("full", "half"), ..clone });
        assert!(reasons(&same(), &lacks.collect::<Vec<_>>()).1.contains("full: not in new-1"));
        let odd = new().into_iter().map(|clone| Restored { console: clone.console.replace("moved", "lost"), ..clone });
        assert!(reasons(&same(), &odd.collect::<Vec<_>>()).1.starts_with("in new-1: full has figures that nobody"));
    }
}
