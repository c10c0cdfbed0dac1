//! try
use vdso_model::{cipher::Cipher, explore::explore, protocol::Protocol, scenario::{Bounds, Scenario, Start}, story::story, world::Budget};
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n = |i: usize| args.get(i).map_or(0u8, |s| s.parse().unwrap());
    let rules = match args[0].as_str() { "first" => Protocol::FIRST, "mainline" => Protocol::MAINLINE, _ => Protocol::CURRENT };
    let bounds = Bounds {
        name: "x", budget: Budget { handlers: n(1), wipes: n(2), forks: n(3), reseeds: n(4), failed_fetches: n(5), refusals: n(5), later: n(8), ..Budget::default() },
        main_abandoned: n(6) & 1 != 0, handlers_abandoned: n(6) & 2 != 0, lens: &[1, 2, 3, 5], handler_lens: &[1, 3], later_lens: &[1],
        starts: &Start::USUAL, ciphers: &[Cipher::Avx2, Cipher::Sse2], handlers_follow: None,
    };
    let mut total = 0; let mut told = std::collections::BTreeSet::new();
    let t = std::time::Instant::now();
    let mut events = 0;
    for s in Scenario::all(&rules, &bounds) {
        if s.cipher == Cipher::Sse2 && n(7) == 0 { continue }
        let e = explore(&s, 60_000_000, None);
        total += e.states; events += e.events;
        println!("{s}: {} states {} events {:?}{}", e.states, e.events, e.violations.keys().collect::<Vec<_>>(), if e.cut {" CUT"} else {""});
        for (v, way) in &e.violations { if told.insert(*v) { println!("{}", story(&s, *v, way)); } }
    }
    println!("total {total} states {events} events {:?} {:.1} s", told, t.elapsed().as_secs_f64());
}
