// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Events at every instruction: R2, R3, K7 and the orders of events that nothing else reaches. The short form of
//! `cargo xtask inject`.

mod corrupters;
mod running_kernel;

use vdso_inject::timer::by_timer;
use vdso_inject::{Effort, Event, Options, Target, inject};
use vdso_tests::Vdso;

fn built() -> Target {
    Target::image(&Vdso::products().join("vdso64.so")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn no_event_makes_the_image_repeat_a_byte() {
    let target = built();
    let report = inject(&target, &Options::new(Effort::SHORT, 1), &mut |_, _| {}).expect("the target can be tested");
    println!("{report}");
    let findings: Vec<String> = report.violations().map(|finding| report.describe(finding, &target)).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    for event in Event::ALL.iter().filter(|event| !event.is_residual()) {
        let total = report.total(*event);
        assert!(total.tried > 0 && total.unreached == 0, "{event}: {total:?}");
    }
    assert!(report.expected_by_chance() < 1e-3, "so many words that two may be equal by chance");
}

/// The orders that the protocol leaves open are found, and told from the others.
#[test]
fn residual_events_are_what_the_contract_names() {
    let mut options = Options::new(Effort::USUAL, 1);
    (options.events, options.lens) = (vec![Event::Residual, Event::ResidualAbandon], vec![640]);
    let report = inject(&built(), &options, &mut |_, _| {}).expect("the target can be tested");
    println!("{report}");
    for event in [Event::Residual, Event::ResidualAbandon] {
        assert!(report.total(event).violated > 0, "{event} is closed: then the contract must say so\n{report}");
    }
    assert_eq!(report.violations().count(), 0);
}

#[test]
fn fork_by_a_timers_signal_repeats_no_byte() {
    let report = by_timer(&built(), 30, &mut |_, _| {}).expect("the target can be tested");
    assert_eq!((report.forks, report.repeated, report.zero_key, report.later), (30, 0, 0, 0), "{report}");
}
