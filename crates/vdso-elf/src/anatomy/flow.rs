// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Facts that hold at each instruction of a function, on every path to it.

use super::functions::{Code, Function};

/// What is known at one point; paths that meet join what each of them knows.
///
/// Chains of joins must be short: the analysis goes on until nothing changes any more.
pub trait Fact: Clone + PartialEq {
    /// What still holds where either of two paths may have been taken.
    fn join(&self, other: &Self) -> Self;
    /// What holds behind an instruction.
    fn after(&self, code: &Code) -> Self;
}

/// What holds before each instruction of a function, by index; `None` where no path arrives.
pub fn before_each<F: Fact>(function: &Function, entry: F) -> Vec<Option<F>> {
    let mut before: Vec<Option<F>> = vec![None; function.code.len()];
    let mut pending = vec![(0, entry)];
    while let Some((index, arriving)) = pending.pop() {
        let Some(known) = before.get_mut(index) else { continue };
        let joined = known.as_ref().map_or_else(|| arriving.clone(), |known| known.join(&arriving));
        if known.as_ref() == Some(&joined) {
            continue;
        }
        let after = joined.after(&function.code[index]);
        *known = Some(joined);
        pending.extend(successors(function, index).map(|next| (next, after.clone())));
    }
    before
}

/// Indices of the instructions that can run next in the same function.
fn successors(function: &Function, index: usize) -> impl Iterator<Item = usize> {
    let code = &function.code[index];
    let jump = code.branch_target().filter(|_| !code.instruction.is_call_near());
    let target = jump.and_then(|target| function.index_of(target));
    let next = code.falls_through().then_some(index + 1);
    next.into_iter().chain(target)
}
