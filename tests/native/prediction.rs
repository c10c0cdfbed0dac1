// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Whole calls on prepared states, every byte and the state afterwards predicted by the model.

use vdso_abi::state::{BATCH_LEN, GROUP_LEN};
use vdso_tests::canary::CanaryBuffer;
use vdso_tests::state::{Snapshot, StatePage, StatePtr};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels, model};

/// Draws `len` bytes, and compares them and the state with the model.
fn draw_agrees(vdso: &Vdso, state: StatePtr, len: usize, misalignment: usize) {
    let mut expected = state.read();
    let place = || format!("simd {}, {len} bytes from {:?}", vdso.data().simd(), expected);
    let before = place();
    let mut buffer = CanaryBuffer::new(len, misalignment);
    let returned = vdso.draw(buffer.bytes(), state);
    let bytes = model::draw(&mut expected, len);
    assert_eq!(returned, len as isize, "{before}");
    assert_eq!(buffer.overrun(), None, "{before}");
    assert!(buffer.bytes() == bytes, "bytes differ: {before}");
    assert_eq!(state.read(), expected, "state after {before}");
}

/// Prepared states with a full, a part-used and an empty batch.
fn prepared() -> [Snapshot; 4] {
    [BATCH_LEN, 100, 1, 0].map(|remaining| Snapshot::keyed(GENERATION, 1).with_batch(remaining, 77))
}

#[test]
fn every_length_0_to_2100() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        vdso.data().set_simd(cipher.simd);
        for contents in prepared() {
            for len in 0..=2100 {
                page.state().write(contents);
                draw_agrees(&vdso, page.state(), len, len % 64);
            }
        }
    }
}

#[test]
fn every_fill_of_the_batch() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        vdso.data().set_simd(cipher.simd);
        for remaining in 0..=BATCH_LEN {
            for len in [1, 3, 16, 32, 33, 64, 65, 255, BATCH_LEN, BATCH_LEN + 1, GROUP_LEN, GROUP_LEN + BATCH_LEN + 1] {
                page.state().write(Snapshot::keyed(GENERATION, 2).with_batch(remaining, 99));
                draw_agrees(&vdso, page.state(), len, 0);
            }
        }
    }
}

#[test]
fn e8_every_alignment_of_buffer_and_state() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        vdso.data().set_simd(cipher.simd);
        for contents in prepared() {
            for misalignment in 0..64 {
                for len in [1, 7, 8, 31, 64, 500, 1100] {
                    page.state().write(contents);
                    draw_agrees(&vdso, page.state(), len, misalignment);
                    page.at(1000 + misalignment).write(contents);
                    draw_agrees(&vdso, page.at(1000 + misalignment), len, 0);
                }
            }
        }
    }
}

/// One state over many calls of all sizes, under ciphers that take turns: they are one generator.
#[test]
fn sequence_of_calls() {
    let (vdso, page) = (Vdso::built(), StatePage::with(Snapshot::keyed(GENERATION, 3)));
    let mut sizes = (0u64..).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) as usize);
    for round in 0..3000 {
        let (scale, size) = (sizes.next().expect("endless"), sizes.next().expect("endless"));
        let len = size % [17, 65, 500, 5000][scale % 4];
        let ciphers = cpu_levels();
        vdso.data().set_simd(ciphers[round % ciphers.len()].simd);
        draw_agrees(&vdso, page.state(), len, round % 64);
    }
}

#[test]
fn k8_no_eight_bytes_come_twice_whatever_the_length() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        vdso.data().set_simd(cipher.simd);
        for len in 8..=2100 {
            page.state().write(Snapshot::keyed(GENERATION, 4));
            let mut buffer = vec![0; 2 * len];
            let (first, second) = buffer.split_at_mut(len);
            vdso.draw(first, page.state());
            vdso.draw(second, page.state());
            // Aligned to the start of each draw: that is how a key or a batch that is used twice shows.
            let mut words: Vec<_> = first.chunks_exact(8).chain(second.chunks_exact(8)).collect();
            words.sort_unstable();
            assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{cipher:?}, twice {len} bytes");
        }
    }
}

#[test]
fn k8_request_that_ends_on_a_group_replaces_the_key() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        vdso.data().set_simd(cipher.simd);
        for groups in 1..=4 {
            let contents = Snapshot::keyed(GENERATION, 5).with_batch(40, 11);
            page.state().write(contents);
            draw_agrees(&vdso, page.state(), 40 + groups * GROUP_LEN, 0);
            let after = page.state().read();
            assert_ne!(after.key, contents.key, "{cipher:?}, {groups} groups");
            assert_eq!(after.remaining as usize, BATCH_LEN, "{cipher:?}, {groups} groups");
        }
    }
}
