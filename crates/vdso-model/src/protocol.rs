// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A protocol as the choices that it makes; clauses of docs/contract.md are named by their ids.

/// The whole scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One word holds generation and in-use tag.
    Word,
    /// An in-use flag, the generation and the position are stored separately, as in Linux 6.11 and later.
    Flag,
}

/// How an idle state becomes one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// One instruction that also tells whether the word was idle.
    TestAndReset,
    /// One instruction that tells nothing.
    And,
    /// A plain store.
    Store,
}

/// The tag of a state while a call fetches its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// An address in the call's stack frame, until the call releases the state.
    Own,
    /// The same while the key is fetched; then the tag of the generation.
    OwnWhileFetching,
    /// The tag of the generation, which all calls have in common.
    Common,
}

/// How a word changes that should be one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One instruction that writes only if the word is the expected one.
    CompareExchange,
    /// One instruction that changes one bit of the word as it is.
    Bit,
    /// A plain store.
    Store,
}

/// When something happens, relative to the step that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Before it.
    Before,
    /// After it.
    After,
}

/// Which fetch of a key counts.
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
    /// The name, as the command line and the tables have it.
    pub name: &'static str,
    /// The whole scheme.
    pub form: Form,
    /// The longest request that the fast path serves, in cells.
    pub small: u8,
    /// How an idle state is taken.
    pub take: Take,
    /// How a call that fetches marks the state.
    pub tags: Tags,
    /// How FETCHING is left.
    pub leave: Change,
    /// Release after a take.
    pub release_taken: Change,
    /// Release after a fetch.
    pub release_fetched: Change,
    /// K9: a call that found 0 leaves 1.
    pub first_draw_leaves_one: bool,
    /// K1: generation 0 matches nothing.
    pub zero_generation_matches: bool,
    /// K1: without a generation no key is fetched.
    pub zero_generation_fetches: bool,
    /// K2: the state is marked before the fetch.
    pub mark: Order,
    /// K3: the generation is read before the fetch.
    pub generation: Order,
    /// K4.
    pub fetch: FetchCheck,
    /// K5: buffer and length are rewound.
    pub rewinds: bool,
    /// K5: the generation is read again.
    pub second_look: bool,
    /// K6: passes in all.
    pub passes: u8,
    /// K8: direct groups are followed by a refill in any case.
    pub always_refills: bool,
    /// K8, M3: the refill goes on with the counters of the direct groups.
    pub refill_counts_on: bool,
    /// R1: a state in use is left alone.
    pub respects_tag: bool,
    /// R2: the tag is checked before the call returns.
    pub final_check: bool,
    /// R2: the tag is checked before direct groups.
    pub direct_check: bool,
    /// R2: the tag is checked between the last load of the key and the first store of a refill.
    pub refill_check: bool,
    /// R3: the count is read after the take.
    pub count_read: Order,
    /// R3: the count is stored before the release.
    pub count_store: Order,
    /// M4: batch cells are zeroed when they are handed out.
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
        mark: Order::Before,
        generation: Order::Before,
        fetch: FetchCheck::Whole,
        rewinds: true,
        second_look: true,
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

    /// The first protocol of this project: take by `and`, one tag for everybody, idle after the first draw.
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
