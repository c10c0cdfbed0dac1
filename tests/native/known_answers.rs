// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cipher routines, called by their symbols, against RFC 8439 and the `chacha20` crate.

use vdso_abi::state::{BATCH_LEN, BLOCK_LEN, GROUP_BLOCKS, GROUP_LEN, KEY_LEN};
use vdso_tests::canary::CanaryBuffer;
use vdso_tests::model::keystream;
use vdso_tests::state::{Snapshot, StatePage, StatePtr, in_use};
use vdso_tests::{CpuLevel, Vdso, cpu_levels};

const IN_USE: u64 = in_use(3);

/// Block counters around each place where a carry could be lost.
const COUNTERS: [u64; 10] = [
    0,
    1,
    7,
    u32::MAX as u64 - 7,
    u32::MAX as u64 - 3,
    u32::MAX as u64,
    u32::MAX as u64 + 1,
    0x1234_5678_ffff_fff9,
    u64::MAX - 11,
    u64::MAX,
];

/// RFC 8439, appendix A.1, vectors 1 to 4: those with a zero nonce. Position and value of the key's only byte that is not
/// zero, block counter, block.
const RFC_8439_A_1: [(usize, u8, u64, &str); 4] = [
    (
        0,
        0,
        0,
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7\
         da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
    ),
    (
        0,
        0,
        1,
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed\
         29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
    ),
    (
        31,
        1,
        1,
        "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a\
         8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
    ),
    (
        1,
        0xff,
        2,
        "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca\
         13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
    ),
];

fn key(seed: u8) -> [u8; KEY_LEN] {
    Snapshot::keyed(3, seed).key
}

/// A state in use, as the routines are given it, with a key that no other seed gives.
fn held(seed: u8) -> Snapshot {
    Snapshot { word: IN_USE, remaining: 123, ..Snapshot::keyed(3, seed) }
}

/// Writes `groups` groups into a buffer with canaries, and compares it and the rest of the state with the crate.
fn generate_agrees(
    vdso: &Vdso,
    cipher: CpuLevel,
    state: StatePtr,
    contents: Snapshot,
    counter: u64,
    groups: usize,
    misalignment: usize,
) {
    let mut out = CanaryBuffer::new(groups * GROUP_LEN, misalignment);
    state.write(contents);
    // SAFETY: the buffer is as long as the groups.
    unsafe { vdso.generate(cipher, out.bytes().as_mut_ptr(), state, counter, groups) };
    let place = format!("{cipher:?}, counter {counter:#x}, {groups} groups, {misalignment} bytes past alignment");
    assert_eq!(out.overrun(), None, "{place}");
    assert!(out.bytes() == keystream(&contents.key, counter, groups * GROUP_BLOCKS), "{place}");
    let after = state.read();
    assert_eq!(Snapshot { batch: contents.batch, ..after }, contents, "{place}: only the batch is scratch");
}

#[test]
fn rfc_8439_blocks() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for (position, value, counter, block) in RFC_8439_A_1 {
        let mut key = [0; KEY_LEN];
        key[position] = value;
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(&keystream(&key, counter, 1)), block, "the oracle itself");
        for cipher in cpu_levels() {
            let mut out = [0; GROUP_LEN];
            page.state().write(Snapshot { key, ..Snapshot::FRESH });
            // SAFETY: the buffer is one group long.
            unsafe { vdso.generate(cipher, out.as_mut_ptr(), page.state(), counter, 1) };
            assert_eq!(hex(&out[..BLOCK_LEN]), block, "{cipher:?}");
        }
    }
}

/// 128 blocks in one call, and in every part of them that a call can make.
#[test]
fn generate_every_split_of_128_blocks() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    let groups = 128 / GROUP_BLOCKS;
    for cipher in cpu_levels() {
        for offset in 0..groups {
            for count in 0..=groups - offset {
                let counter = (offset * GROUP_BLOCKS) as u64;
                generate_agrees(&vdso, cipher, page.state(), held(1), counter, count, 0);
            }
        }
    }
}

#[test]
fn m3_counter_of_64_bits_carries() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        for counter in COUNTERS {
            generate_agrees(&vdso, cipher, page.state(), held(2), counter, 3, 0);
        }
    }
}

#[test]
fn generate_every_alignment() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        for misalignment in 0..64 {
            generate_agrees(&vdso, cipher, page.state(), held(3), 0, 2, misalignment);
            generate_agrees(&vdso, cipher, page.at(misalignment), held(4), 0, 2, 0);
        }
    }
}

#[test]
fn generate_many_keys() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        for seed in 0..=u8::MAX {
            generate_agrees(&vdso, cipher, page.state(), held(seed), u64::from(seed) << 30, 1, 0);
        }
    }
}

/// The state in use after a refill from block `counter` on.
fn refilled(contents: Snapshot, counter: u64) -> Snapshot {
    let stream = keystream(&contents.key, counter, GROUP_BLOCKS);
    let mut after = contents;
    after.key.copy_from_slice(&stream[..KEY_LEN]);
    after.batch.copy_from_slice(&stream[KEY_LEN..][..BATCH_LEN]);
    after
}

#[test]
fn m3_refill_overwrites_key_and_batch_and_nothing_else() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        for counter in COUNTERS {
            page.state().write(held(5));
            assert_eq!(vdso.refill(cipher, page.state(), counter, IN_USE), GROUP_BLOCKS as u64);
            assert_eq!(page.state().read(), refilled(held(5), counter), "{cipher:?}, counter {counter:#x}");
            // The next state of the array follows at once.
            assert_eq!(page.at(GROUP_LEN).read(), Snapshot::FRESH, "{cipher:?}");
        }
    }
}

#[test]
fn refill_every_alignment() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        for offset in 0..64 {
            page.at(64 + offset).write(held(6));
            assert_eq!(vdso.refill(cipher, page.at(64 + offset), 8, IN_USE), GROUP_BLOCKS as u64);
            assert_eq!(page.at(64 + offset).read(), refilled(held(6), 8), "{cipher:?}, offset {offset}");
        }
    }
}

/// A refill of the refilled state, again and again: each key is the output of the last.
#[test]
fn refill_chain() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        let mut expected = held(7);
        page.state().write(expected);
        for step in 0..50 {
            vdso.refill(cipher, page.state(), step, IN_USE);
            expected = refilled(expected, step);
            assert_eq!(page.state().read(), expected, "{cipher:?}, step {step}");
        }
    }
}

/// No output comes from the key of a state that lost its in-use tag.
#[test]
fn r2_refill_stores_no_output_under_another_mark() {
    let (vdso, page) = (Vdso::built(), StatePage::new());
    for cipher in cpu_levels() {
        for word in [0, IN_USE | 1, IN_USE + 2, IN_USE | 1 << 32, IN_USE | 1 << 63] {
            let contents = Snapshot { word, ..held(8) };
            page.state().write(contents);
            assert_eq!(vdso.refill(cipher, page.state(), 0, IN_USE), 0, "{cipher:?}, word {word:#x}");
            let after = page.state().read();
            assert_eq!(Snapshot { batch: contents.batch, ..after }, contents, "{cipher:?}, word {word:#x}");
            let output = keystream(&key(8), 0, GROUP_BLOCKS);
            for window in output.chunks_exact(8) {
                let found = after.batch.windows(8).any(|bytes| bytes == window);
                assert!(!found, "{cipher:?}, word {word:#x}: output in the batch");
            }
        }
    }
}
