//! try
use vdso_model::{catalogue::CONTROLS, explore::explore, scenario::Scenario};
fn main() {
    for c in CONTROLS {
        let t = std::time::Instant::now();
        let (mut states, mut found) = (0, std::collections::BTreeSet::new());
        for s in Scenario::all(&c.rules, c.bounds) {
            let e = explore(&s, 100_000_000, None);
            states += e.states; found.extend(e.violations.keys().copied());
        }
        println!("{}: {} {states} states, {found:?} {:.1} s", c.rules.name, c.bounds.name, t.elapsed().as_secs_f64());
    }
}
