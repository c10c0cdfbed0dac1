// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! CpuLevel and copies with secrets that valgrind takes for memory that was never written.
//!
//! Memcheck follows every bit of such memory through all computations, and reports each conditional jump and each address
//! that depends on one. The one argument says what to run: `calls`, or a planted violation, `branch` or `index`.

use std::arch::naked_asm;
use std::process::ExitCode;
use vdso_abi::rng_data::simd;
use vdso_abi::state::{BATCH_LEN, GROUP_LEN, KEY_LEN, STATE_LEN, VgetrandomState};
use vdso_tests::state::{Snapshot, StatePage, StatePtr, in_use};
use vdso_tests::valgrind::{count_undefined, error_count, is_running, mark_defined, mark_undefined};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{CpuLevel, Vdso, cpu_levels};

/// Branches on a byte of the key.
#[unsafe(naked)]
unsafe extern "sysv64" fn planted_branch(state: *const VgetrandomState) {
    naked_asm!(include_str!("planted_branch.s"), "ret", options(att_syntax))
}

/// Loads from an address that a byte of the key is part of.
#[unsafe(naked)]
unsafe extern "sysv64" fn planted_index(state: *const VgetrandomState) {
    naked_asm!(include_str!("planted_index.s"), "ret", options(att_syntax))
}

/// The image, a state, and how often what was called.
struct Bench {
    vdso: Vdso,
    page: StatePage,
    calls: usize,
    tainted: usize,
}

impl Bench {
    /// Writes a state whose key and batch are secret, and everything else is not.
    fn prepare(&self, state: StatePtr, contents: Snapshot) {
        mark_defined(state.as_ptr().cast(), STATE_LEN);
        state.write(contents);
        mark_undefined(state.as_ptr().cast(), KEY_LEN + BATCH_LEN);
    }

    /// Counts a call and the output bytes that depend on secrets: all of them, or valgrind has lost track.
    fn count(&mut self, output: &[u8]) {
        self.calls += 1;
        assert_eq!(count_undefined(output), output.len(), "output that depends on no secret");
        self.tainted += output.len();
    }

    /// One call of either entry point.
    fn call(&mut self, contents: Snapshot, len: usize, misalignment: usize, with_len: bool) {
        let state = self.page.at(misalignment);
        self.prepare(state, contents);
        let mut output = vec![0; misalignment + len];
        let buffer = output[misalignment..].as_mut_ptr();
        // SAFETY: the buffer has room for `len` bytes.
        let returned = unsafe {
            match with_len {
                true => self.vdso.call_with_len(buffer, len, 0, state),
                false => self.vdso.call(buffer, len, 0, state),
            }
        };
        assert_eq!(returned, len as isize);
        self.count(&output[misalignment..]);
    }

    /// Every path from an idle state: copies of all sizes, refills, and groups straight to the buffer.
    fn calls(&mut self, cipher: CpuLevel) {
        self.vdso.data().set_simd(cipher.simd);
        let longer = [
            200,
            255,
            BATCH_LEN - 1,
            BATCH_LEN,
            BATCH_LEN + 1,
            GROUP_LEN,
            600,
            GROUP_LEN + BATCH_LEN,
            GROUP_LEN + BATCH_LEN + 1,
            1100,
            2100,
            5000,
        ];
        for remaining in [BATCH_LEN, 100, 33, 7, 0] {
            let contents = Snapshot::keyed(GENERATION, 1).with_batch(remaining, 5);
            for (count, len) in (0..=130).chain(longer).enumerate() {
                self.call(contents, len, count % 9, count % 2 == 0);
            }
        }
    }

    /// The routines by themselves, with a counter that carries.
    fn routines(&mut self, cipher: CpuLevel) {
        let state = self.page.state();
        let held = Snapshot { word: in_use(GENERATION), ..Snapshot::keyed(GENERATION, 2) };
        for groups in 0..=3 {
            self.prepare(state, held);
            let mut output = vec![0; groups * GROUP_LEN];
            // SAFETY: the buffer has room for the groups.
            unsafe { self.vdso.generate(cipher, output.as_mut_ptr(), state, u64::from(u32::MAX), groups) };
            self.count(&output);
        }
        for tag in [held.word, held.word + 2] {
            self.prepare(state, held);
            let blocks = self.vdso.refill(cipher, state, 0, tag);
            assert_eq!(blocks != 0, tag == held.word);
            self.count(&[]);
        }
    }
}

fn main() -> ExitCode {
    if !is_running() {
        eprintln!("constant-time: only valgrind sees anything here: valgrind --error-exitcode=9 constant-time calls");
        return ExitCode::from(2);
    }
    let mut bench = Bench { vdso: Vdso::built(), page: StatePage::new(), calls: 0, tainted: 0 };
    // Valgrind names addresses; the image is in no file that it knows.
    println!("image at {:?}", bench.vdso.image().base());
    bench.prepare(bench.page.state(), Snapshot::keyed(GENERATION, 3));
    let key = bench.page.state().as_ptr().cast();
    match std::env::args().nth(1).as_deref() {
        // SAFETY: the state is readable.
        Some("branch") => unsafe { planted_branch(key) },
        // SAFETY: the state is readable as far as a byte can index it.
        Some("index") => unsafe { planted_index(key) },
        Some("calls") => {
            // Valgrind emulates nothing wider than AVX2.
            for cipher in cpu_levels().into_iter().filter(|cipher| cipher.simd <= simd::AVX2) {
                bench.calls(cipher);
                bench.routines(cipher);
                println!("{}: {} calls, {} secret bytes", cipher.suffix, bench.calls, bench.tainted);
                (bench.calls, bench.tainted) = (0, 0);
            }
        }
        other => {
            eprintln!("constant-time: {other:?} is none of calls, branch and index");
            return ExitCode::from(2);
        }
    }
    println!("{} errors", error_count());
    ExitCode::SUCCESS
}
