// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The description of a piece of code in an unwind table, for comparison with another table.

use crate::Examination;
use std::fmt;
use vdso_elf::place::Place;
use vdso_elf::unwind::{Description, Unwind};
use vdso_elf::{anatomy::frames::EH_FRAME, row::Row};

/// All that an unwinder goes by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unwinding {
    /// Row by row.
    pub(super) rows: Vec<Row>,
    /// Whether the return address is that of an instruction that has not run yet.
    pub(super) is_signal_frame: bool,
    /// The register (DWARF number) that stands for the return address.
    pub(super) return_address: u16,
}

impl Unwinding {
    /// The contents of a description; `None` if its program cannot be run.
    pub(super) fn of(description: &Description) -> Option<Self> {
        Some(Self {
            rows: description.rows.as_ref().ok()?.clone(),
            is_signal_frame: description.is_signal_frame,
            return_address: description.return_address,
        })
    }

    /// The first row that another one has not, in words.
    fn beside(&self, other: Option<&Self>) -> impl fmt::Display {
        let others = other.map_or(&[][..], |other| &other.rows);
        let row = self.rows.iter().zip(others).find_map(|(row, other)| (row != other).then_some(row));
        let rows = row.map_or_else(|| rows(self.rows.len()), ToString::to_string);
        let kind = if self.is_signal_frame { ", signal frame" } else { "" };
        format!("{rows}{kind}, return address in register {}", self.return_address)
    }
}

/// A number of rows in words.
fn rows(count: usize) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}

/// Expects that a table describes the code that begins at `start` by `wanted`; `symbol` names the code, `source` the origin of
/// `wanted`.
pub(super) fn expect(
    examination: &mut Examination,
    unwind: &Unwind,
    start: u64,
    wanted: &Unwinding,
    symbol: &str,
    source: &str,
) {
    let description = unwind.descriptions.iter().find(|it| it.covers.start == start);
    let found = description.and_then(Unwinding::of);
    let at = description.map_or(unwind.frames, |it| it.address).saturating_sub(unwind.frames);
    let shown = found.as_ref().map_or("no rows".into(), |found| found.beside(Some(wanted)).to_string());
    examination.expect(
        found.as_ref() == Some(wanted),
        Place::new(EH_FRAME, at).in_symbol(symbol),
        format_args!("{shown}, for the code from {start:#x} on"),
        format_args!("{}, as in {source}", wanted.beside(found.as_ref())),
    );
}
