// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A protocol as a set of choices. Ids such as K5 name clauses of `docs/contract.md`.

/// The form of the in-use tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One word holds generation and in-use tag.
    Word,
    /// An in-use flag, the generation and the position are stored separately, as in Linux 6.11 and later.
    Flag,
}

/// The instruction that takes an idle state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// One instruction that also tells whether the word was idle.
    TestAndReset,
    /// One instruction that does not tell whether the word was idle.
    And,
    /// A plain store.
    Store,
}

/// The tag of a call that fetches a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// An address in the call's stack frame, until the call releases the state.
    Own,
    /// As `Own` during the fetch, then the tag of the generation.
    OwnWhileFetching,
    /// The tag of the generation, which all calls share.
    Common,
}

/// The instruction that changes a word which should be the call's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One instruction that writes only if the word is the expected one.
    CompareExchange,
    /// One instruction that changes one bit of any word.
    Bit,
    /// A plain store.
    Store,
}

/// The order of an action relative to the step that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Before it.
    Before,
    /// After it.
    After,
}

/// The result of a key fetch that counts as success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchCheck {
    /// All of the key.
    Whole,
    /// No error.
    NoError,
    /// Anything.
    Nothing,
}

/// The choices of one protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// The name in the command line and in tables.
    pub name: &'static str,
    /// The form of the in-use tag.
    pub form: Form,
    /// The longest request that the fast path serves, in cells.
    pub small: u8,
    /// The instruction of a take.
    pub take: Take,
    /// The tag of a call that fetches a key.
    pub tags: Tags,
    /// The instruction that clears FETCHING.
    pub leave: Change,
    /// The instruction of a release after a take.
    pub release_taken: Change,
    /// The instruction of a release after a fetch.
    pub release_fetched: Change,
    /// K9: a call that found 0 leaves 1.
    pub first_draw_leaves_one: bool,
    /// K1: generation 0 matches nothing.
    pub zero_generation_matches: bool,
    /// K1: with generation 0 the call fetches a key, which the object does not do.
    pub zero_generation_fetches: bool,
    /// K2: the tag is stored before the fetch.
    pub tag_store: Order,
    /// K3: the generation is read before the fetch.
    pub generation: Order,
    /// K4: the result of a fetch that counts as success.
    pub fetch: FetchCheck,
    /// K5: buffer and length are rewound.
    pub rewinds: bool,
    /// K5: the generation is read again.
    pub second_check: bool,
    /// K6: the maximum number of passes.
    pub passes: u8,
    /// K8: a refill follows direct groups, even if the buffer is full.
    pub always_refills: bool,
    /// K8, M3: the refill continues with the counters after those of the direct groups.
    pub refill_counts_on: bool,
    /// R1: a call does not use a state that is in use.
    pub respects_tag: bool,
    /// R2: the tag is checked before the call returns.
    pub final_check: bool,
    /// R2: the tag is checked before direct groups.
    pub direct_check: bool,
    /// R2: the tag is checked in a refill, between the last load of the key and the stores that follow.
    pub refill_check: bool,
    /// R3: the count is read after the take.
    pub count_read: Order,
    /// R3: the count is stored before the release.
    pub count_store: Order,
    /// M4: batch cells are zeroed when they are copied to the buffer.
    pub zeroes_batch: bool,
    /// M4: the buffer is zeroed when a pass is discarded.
    pub zeroes_buffer: bool,
    /// A discarded pass resets the state to fresh.
    pub resets: bool,
}

impl Protocol {
    /// The protocol of the object.
    pub const CURRENT: Self = Self {
        name: "current",
        form: Form::Word,
        small: 2,
        take: Take::TestAndReset,
        tags: Tags::Own,
        leave: Change::CompareExchange,
        release_taken: Change::Bit,
        release_fetched: Change::CompareExchange,
        first_draw_leaves_one: true,
        zero_generation_matches: false,
        zero_generation_fetches: false,
        tag_store: Order::Before,
        generation: Order::Before,
        fetch: FetchCheck::Whole,
        rewinds: true,
        second_check: true,
        passes: 2,
        always_refills: true,
        refill_counts_on: true,
        respects_tag: true,
        final_check: true,
        direct_check: true,
        refill_check: true,
        count_read: Order::After,
        count_store: Order::Before,
        zeroes_batch: true,
        zeroes_buffer: true,
        resets: true,
    };

    /// The first protocol of this project: take by `and`, one tag for all calls, idle after the first draw.
    pub const FIRST: Self = Self {
        name: "first",
        take: Take::And,
        tags: Tags::Common,
        leave: Change::Bit,
        release_fetched: Change::Bit,
        first_draw_leaves_one: false,
        ..Self::CURRENT
    };

    /// The protocol of the C code of Linux 6.11 and later.
    pub const MAINLINE: Self = Self { name: "mainline", form: Form::Flag, zeroes_buffer: false, ..Self::CURRENT };
}
