//! try
use vdso_model::{bounds, explore::explore, protocol::*, scenario::Scenario, story::story};
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let set: Vec<_> = if args[0] == "short" { bounds::SHORT.to_vec() } else { bounds::LONG.to_vec() };
    for b in set {
        let t = std::time::Instant::now();
        let (mut states, mut jobs, mut found) = (0, 0, std::collections::BTreeSet::new());
        let mut max = 0;
        for s in Scenario::all(&Protocol::CURRENT, b) {
            let e = explore(&s, 100_000_000, None);
            states += e.states; jobs += 1; max = max.max(e.states);
            for (v, way) in &e.violations { if found.insert(*v) { println!("{}", story(&s, *v, way)); } }
            if e.cut { println!("CUT"); }
        }
        println!("{}: {jobs} jobs, {states} states, largest {max}, {found:?} {:.1} s", b.name, t.elapsed().as_secs_f64());
    }
}
