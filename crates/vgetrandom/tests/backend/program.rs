// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Draws by two releases of the `getrandom` crate, which both ask this library.

use vgetrandom as _;

fn main() {
    let mut words = [[0; 16]; 4];
    getrandom_03::fill(&mut words[0]).expect("a draw of 0.3");
    getrandom_04::fill(&mut words[1]).expect("a draw of 0.4");
    // SAFETY: no descriptor of this number exists; the calls are marks for the tracer.
    unsafe { libc::syscall(libc::SYS_close, -1000) };
    for _ in 0..500 {
        getrandom_03::fill(&mut words[2]).expect("a draw of 0.3");
        getrandom_04::fill(&mut words[3]).expect("a draw of 0.4");
    }
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close, -1001) };
    assert!(words.iter().all(|word| word.iter().any(|byte| *byte != 0)));
    assert!((1..4).all(|at| !words[..at].contains(&words[at])));
}
