// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Facts that hold at each instruction of a function, on every path to it.

use super::functions::{Code, Function};

/// The facts known at one point; where paths meet, their facts are joined.
///
/// Chains of joins must be short: the analysis goes on until nothing changes any more.
pub trait Fact: Clone + PartialEq {
    /// The facts that hold on both of two paths.
    fn join(&self, other: &Self) -> Self;
    /// The facts after an instruction.
    fn after(&self, code: &Code) -> Self;
}

/// The facts before each instruction of a function, by index; `None` if no path reaches it.
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
