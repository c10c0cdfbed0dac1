// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! How long the stages of a long command took.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// Stages that have ended, in the order of their ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages(Vec<(String, Duration)>);

impl Stages {
    /// Runs a stage, and keeps its time.
    pub fn time<T>(&mut self, name: impl Into<String>, stage: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = stage();
        self.0.push((name.into(), begin.elapsed()));
        result
    }

    /// Adds the stages of a part.
    pub fn add(&mut self, part: Self) {
        self.0.extend(part.0);
    }

    /// One line a stage, the slowest first, and the sum; empty without a stage.
    pub fn shown(&self) -> String {
        let mut sorted = self.0.clone();
        sorted.sort_by_key(|(_, elapsed)| std::cmp::Reverse(*elapsed));
        let sum = sorted.iter().map(|(_, elapsed)| *elapsed).sum::<Duration>();
        let mut text = String::new();
        for (name, elapsed) in sorted {
            writeln!(text, "{:>8.1} s  {name}", elapsed.as_secs_f32()).expect("a string takes everything");
        }
        if !text.is_empty() {
            writeln!(text, "{:>8.1} s  in all; kernels are built while other stages run", sum.as_secs_f32())
                .expect("a string takes everything");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_shown_slowest_first_with_their_sum() {
        let mut stages = Stages(vec![("short".into(), Duration::from_millis(1500))]);
        stages.add(Stages(vec![("long".into(), Duration::from_secs(600))]));
        assert_eq!(
            stages.shown(),
            "   600.0 s  long\n     1.5 s  short\n   601.5 s  in all; kernels are built while other stages run\n"
        );
        assert_eq!(Stages::default().shown(), "");
        assert_eq!(stages.time("more", || 7), 7);
        assert_eq!(stages.0.len(), 3);
    }
}
