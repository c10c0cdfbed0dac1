// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel that runs the tests, where it has a vDSO that draws random bytes: `docs/injection.md` says what is known.

use std::collections::BTreeSet;
use vdso_inject::{Effort, Event, Options, Subject, inject};

/// What the C implementation of 6.11 and later does not survive. Whatever else is found, nobody knows of yet.
const KNOWN: [Event; 10] = [
    Event::WipeDraw,
    Event::WipeLaterDraw,
    Event::WipeNested,
    Event::GenerationWipeDraw,
    Event::ForkDraw,
    Event::DrawAbandoned,
    Event::WipeDrawAbandoned,
    Event::WipeDrawLaterAbandon,
    Event::WipeDrawLaterDraw,
    // The contract's own clause (M4): the kernel never promised to clear the buffer of a call that fails.
    Event::Refusal,
];

#[test]
fn running_kernel_violates_nothing_that_is_not_known() {
    let subject = match Subject::running_kernel() {
        Ok(subject) => subject,
        Err(reason) => return println!("no subject: {reason}"),
    };
    let report = inject(&subject, &Options::new(Effort::SHORT, 1), &mut |_, _| {}).expect("the subject can be tested");
    println!("{report}");
    let unknown: BTreeSet<Event> = report.flagged_by().difference(&KNOWN.into()).copied().collect();
    assert!(unknown.is_empty(), "{unknown:?} are not in docs/injection.md\n{report}");
    assert!(report.total(Event::Draw).tried > 0, "{report}");
}
