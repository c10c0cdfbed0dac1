// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The text of a counterexample: a line for each event, with the actor, the access, the word and the reason.

use crate::event::{Event, Outcome, apply};
use crate::explore::Counterexample;
use crate::memory::{FETCHING, Memory, own_tag};
use crate::scenario::Scenario;
use crate::violation::Violation;
use crate::world::World;
use std::fmt::Write;
use vdso_inject::labels::{Kind, Part};

/// The letter that names the call at `depth`: A is the main program's call.
fn letter(depth: usize) -> char {
    char::from(b'A' + depth as u8)
}

/// Describes a value of the word.
pub fn word(word: u16) -> String {
    let fetching = if word & FETCHING != 0 { "FETCHING | " } else { "" };
    let rest = word & !FETCHING;
    match rest {
        0 => "0".into(),
        1 => "1 (idle of no generation)".into(),
        2..0x100 if rest & 1 != 0 => format!("idle of generation {}", rest >> 1),
        2..0x100 => format!("{fetching}in use under generation {}", rest >> 1),
        _ => {
            let depth = usize::from(rest - own_tag(0)) / 0x10;
            let odd = if rest & 1 != 0 { " | 1" } else { "" };
            format!("{fetching}tag of {}{odd}", letter(depth))
        }
    }
}

fn access(part: Part, kind: Kind) -> String {
    let kind = match kind {
        Kind::Read => "read",
        Kind::Write => "write",
        Kind::ReadWrite => "read-modify-write",
    };
    let part = match part {
        Part::Word => "word",
        Part::Count => "count",
        Part::Key => "key",
        Part::Batch => "batch",
        Part::Output => "buffer",
        Part::Generation => "generation",
        Part::Ready => "is_ready",
        Part::Simd => "simd",
        Part::ClockMode => "clock_mode",
        Part::Fetch => return "system call for a key".into(),
        Part::Whole => return "system call".into(),
    };
    format!("{kind} {part}")
}

fn line(world: &World, event: Event, outcome: &Outcome) -> String {
    let top = world.depth().checked_sub(1).map_or('-', letter);
    match event {
        Event::Step(_) => {
            let step = outcome.step.expect("a step says what it was");
            let mut accesses: Vec<String> = step.accesses.iter().map(|(part, kind)| access(*part, *kind)).collect();
            accesses.dedup();
            let touches_word = step.accesses.iter().any(|(part, _)| *part == Part::Word);
            let value = if touches_word { format!(" [word: {}]", word(step.word)) } else { String::new() };
            format!("{top} {}: {}{value}", accesses.join(", "), step.why)
        }
        Event::Handler(len) => format!("- a signal handler begins the draw {} of {len} cells", letter(world.depth())),
        Event::Wipe => "- the state becomes zero: its page is dropped".into(),
        Event::Fork => "- the handler forks; the run continues in the child, where the state is zero".into(),
        Event::WipeKey => "- the page with key and batch becomes zero".into(),
        Event::WipeWord => "- the page with word and count becomes zero".into(),
        Event::MoveAway => "- the state is moved away; its old address reads as zero".into(),
        Event::MoveBack => "- the state is moved back".into(),
        Event::Reseed => "- the kernel takes a new base key".into(),
        Event::Publish => format!("- the kernel publishes generation {}", outcome.world.published),
        Event::Abandon => format!("{top} is abandoned: its handler, or one that interrupted it, jumps away"),
        Event::Later(len) => format!("- the main program begins its next draw A of {len} cells"),
    }
}

/// Lets the events of `path` happen; returns the worlds before each, and what came of it.
pub fn run_events(scenario: &Scenario, path: &Counterexample) -> Vec<(World, Event, Outcome)> {
    let mut world = scenario.root();
    let mut all = Vec::new();
    for &event in path {
        let outcome = apply(scenario, &world, event);
        all.push((world, event, outcome));
        world = outcome.world;
        world.canonicalize();
    }
    all
}

/// Describes a counterexample, with a line for each event.
pub fn describe(scenario: &Scenario, violation: Violation, path: &Counterexample) -> String {
    let mut text = format!("{scenario}\n");
    let Memory { word: first, count, .. } = scenario.root().memory;
    let _ = writeln!(text, "     - the word is {}, the count {count}; A begins", word(first));
    for (at, (world, event, outcome)) in run_events(scenario, path).iter().enumerate() {
        let _ = writeln!(text, "{:3}. {}", at + 1, line(world, *event, outcome));
    }
    let _ = writeln!(text, "     violation: {violation}");
    text
}
