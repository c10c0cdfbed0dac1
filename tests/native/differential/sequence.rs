// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Random sequences of calls, and of what happens between them. The simplest ones come first, so that shrinking ends there.

use proptest::collection::vec;
use proptest::prelude::*;
use vdso_abi::PAGE_SIZE;
use vdso_abi::state::STATE_LEN;
use vdso_tests::cpu_levels;

/// The steps of a client and its kernel, in order.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// Whether the generator is ready from the start; otherwise [`Step::BecomeReady`] makes it so.
    pub ready: bool,
    /// Where the two states lie in their page, in bytes from its start.
    pub offsets: [usize; 2],
    /// Index of the cipher.
    pub cipher: usize,
    /// The steps.
    pub steps: Vec<Step>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// A call.
    Draw(Draw),
    /// The generation moves.
    Reseed,
    /// The generator becomes ready.
    BecomeReady,
    /// The process enters a time namespace, or leaves it.
    Namespace(bool),
    /// The page with the states is reclaimed.
    Wipe,
    /// The state of this number is left in the middle of a call.
    Abandon(usize),
    /// A fork, both sides of which go on; what follows it in the child is no fork.
    Fork,
}

/// The arguments of a call.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    pub len: usize,
    pub flags: u32,
    pub buffer: Buffer,
    pub state: Place,
    /// `opaque_len`, or `None` for the function without it.
    pub opaque_len: Option<usize>,
}

/// Where the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// Offset from a multiple of 64, in bytes.
    At(usize),
    /// Nowhere.
    Null,
}

/// Which state a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The state of this number.
    Own(usize),
    /// None.
    Null,
    /// One that begins so many bytes before the end of a page that is too near.
    Straddling(usize),
}

fn len() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..=64usize, 3 => 0..=600usize, 2 => 0..=5000usize, 1 => 0..=40_000usize]
}

fn flags() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0..=5u32, 1 => 6..=7u32, 1 => (3..32u32).prop_map(|bit| 1 << bit), 1 => any::<u32>()]
}

fn opaque_len() -> impl Strategy<Value = Option<usize>> {
    let other = prop_oneof![Just(0), Just(64), Just(144), Just(STATE_LEN - 1), Just(STATE_LEN + 1), any::<usize>()];
    prop_oneof![4 => Just(None), 6 => Just(Some(STATE_LEN)), 2 => other.prop_map(Some), 1 => Just(Some(usize::MAX))]
}

fn draw() -> impl Strategy<Value = Draw> {
    let buffer = prop_oneof![8 => (0..64usize).prop_map(Buffer::At), 1 => Just(Buffer::Null)];
    let state = prop_oneof![
        10 => (0..2usize).prop_map(Place::Own),
        1 => Just(Place::Null),
        1 => (1..STATE_LEN).prop_map(Place::Straddling),
    ];
    (len(), flags(), buffer, state, opaque_len()).prop_map(|(len, flags, buffer, state, opaque_len)| Draw {
        len,
        flags,
        buffer,
        state,
        opaque_len,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        24 => draw().prop_map(Step::Draw),
        3 => Just(Step::Reseed),
        1 => Just(Step::BecomeReady),
        1 => any::<bool>().prop_map(Step::Namespace),
        1 => Just(Step::Wipe),
        1 => (0..2usize).prop_map(Step::Abandon),
        1 => Just(Step::Fork),
    ]
}

/// Sequences of up to 40 steps.
pub fn sequences() -> impl Strategy<Value = Sequence> {
    let ready = prop_oneof![5 => Just(true), 1 => Just(false)];
    let offsets = [0..=PAGE_SIZE / 2 - STATE_LEN, PAGE_SIZE / 2..=PAGE_SIZE - STATE_LEN];
    (ready, offsets, 0..cpu_levels().len(), vec(step(), 1..40)).prop_map(|(ready, offsets, cipher, steps)| Sequence {
        ready,
        offsets,
        cipher,
        steps,
    })
}
