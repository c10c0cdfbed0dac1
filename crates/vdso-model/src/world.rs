// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One situation: the state in memory, the kernel, and the calls on the stack of one thread.

use crate::value::{BATCH_CELLS, KeyId, Keys, Value};

/// The longest request, in cells.
pub const MAX_OUTPUT: usize = 5;
/// Calls on the stack at the same time: the main program's, and handlers within one another.
pub const MAX_FRAMES: usize = 5;

/// The bit of the word by which the key is being fetched.
pub const FETCHING: u16 = 1 << 15;

/// The word of a state that is idle with a key of `generation`.
pub fn idle(generation: u8) -> u16 {
    u16::from(generation) << 1 | 1
}

/// An address in the frame of the call at `depth`: even, not 0, and the same again for a later call at this depth.
pub fn own_tag(depth: usize) -> u16 {
    0x100 + 0x10 * depth as u16
}

/// The opaque state, and what a protocol with an in-use flag stores in addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The word; with an in-use flag the generation.
    pub word: u16,
    /// The in-use flag.
    pub flag: bool,
    /// Cells of the batch that are left.
    pub count: u8,
    /// The key.
    pub key: Value,
    /// The batch; the first [`count`](Self::count) cells are left.
    pub batch: [Value; BATCH_CELLS],
}

macro_rules! places {
    ($($(#[doc = $doc:literal])* $place:ident,)*) => {
        /// Where a call stands: the access that it makes next.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Pc {
            $($(#[doc = $doc])* $place,)*
        }

        impl Pc {
            /// All places, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$place),*];
        }
    };
}

places! {
    /// Fast path: read the generation.
    HitGeneration,
    /// Fast path: compare the word.
    HitWord,
    /// Fast path, wrong on purpose: read the count before the take.
    HitEarlyCount,
    /// Fast path: take.
    HitTake,
    /// Fast path: read the count.
    HitCount,
    /// Fast path: the batch is too short; release.
    HitPutBack,
    /// Find the data page.
    Locate,
    /// Read the generation.
    Generation,
    /// Compare the word.
    CompareWord,
    /// Take.
    Take,
    /// Read whether the kernel's generator is ready.
    Ready,
    /// Read whether the state is in use.
    InUse,
    /// Mark the state as in use, without a key.
    Mark,
    /// Fetch the key.
    Fetch,
    /// A failed fetch resets the state; then the system call.
    ResetToSystemCall,
    /// Store that no bytes are left.
    ZeroCount,
    /// Leave FETCHING.
    LeaveFetching,
    /// Wrong on purpose: read the generation after the fetch, and mark the state with it.
    LateGeneration,
    /// Read which cipher the kernel allows.
    Simd,
    /// Read the count.
    Count,
    /// Copy a cell of the batch to the buffer.
    Copy,
    /// Zero a cell of the batch.
    Erase,
    /// Check the tag before direct groups.
    DirectCheck,
    /// A step of the cipher, for a direct group.
    Direct,
    /// A step of the cipher, for a refill.
    Refill,
    /// Store the new count.
    StoreCount,
    /// Read the generation again.
    CheckGeneration,
    /// Check the tag.
    CheckWord,
    /// Release.
    Release,
    /// Wrong on purpose: store the count after the release.
    LateCount,
    /// Reset the state, and discard the pass.
    Discard,
    /// Serve the request by the system call.
    SystemCall,
    /// In-use flag: test it.
    FlagTest,
    /// In-use flag: set it.
    FlagSet,
    /// In-use flag: clear it, and serve the request by the system call.
    FlagClearToSystemCall,
    /// In-use flag: a key could not be fetched, so the generation becomes 0.
    FlagNoKey,
    /// In-use flag: store that the first cells of the batch are taken.
    FlagStorePosition,
    /// In-use flag: store the position of a new batch.
    FlagNewPosition,
}

/// The relation of a call to the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Held {
    /// It does not hold it.
    #[default]
    No,
    /// It took it under the tag of the generation.
    Taken,
    /// It fetches, or fetched, the key.
    Fetched,
}

/// One call that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its next access.
    pub pc: Pc,
    /// Progress within the cipher or the copy.
    pub at: u8,
    /// Cells that are wanted.
    pub len: u8,
    /// Passes that it may still begin.
    pub passes: u8,
    /// The pass that it is in.
    pub pass: u8,
    /// The generation that it read.
    pub generation: u8,
    /// Cells that are in the buffer.
    pub done: u8,
    /// Cells of the batch that are left, as far as it knows.
    pub remaining: u8,
    /// Cells that it moves from the batch now.
    pub moving: u8,
    /// Whether it is on the fast path.
    pub hit: bool,
    /// Whether the buffer has bytes of a discarded pass.
    pub left: bool,
    /// Counter of the next group.
    pub counter: u8,
    /// How it holds the state.
    pub held: Held,
    /// K9: it found the word 0.
    pub found_zero: bool,
    /// A process was forked when it had made its last check.
    pub finished: bool,
    /// The generation that was published when it wrote its last cell.
    pub floor: u8,
    /// The key in registers.
    pub register: Option<KeyId>,
    /// The buffer.
    pub output: [Value; MAX_OUTPUT],
}

impl Frame {
    /// A call for `len` cells that has not begun.
    pub fn new(pc: Pc, len: u8, passes: u8) -> Self {
        Self {
            pc,
            at: 0,
            len,
            passes,
            pass: 1,
            generation: 0,
            done: 0,
            remaining: 0,
            moving: 0,
            hit: pc_is_hit(pc),
            left: false,
            counter: 0,
            held: Held::No,
            found_zero: false,
            finished: false,
            floor: 0,
            register: None,
            output: [Value::Zero; MAX_OUTPUT],
        }
    }
}

fn pc_is_hit(pc: Pc) -> bool {
    pc == Pc::HitGeneration
}

/// How often things may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Draws by signal handlers.
    pub handlers: u8,
    /// The state becomes zero.
    pub wipes: u8,
    /// A handler forks, and the run goes on in the child.
    pub forks: u8,
    /// Half of a state that lies on two pages becomes zero.
    pub half_wipes: u8,
    /// The state is moved elsewhere, and its old place reads as zero; or back.
    pub moves: u8,
    /// The kernel takes a new base key, and publishes a generation some time later.
    pub reseeds: u8,
    /// The kernel does not fetch a key, or not all of it.
    pub failed_fetches: u8,
    /// The kernel refuses to serve a whole request.
    pub refusals: u8,
    /// Draws of the main program after the first one.
    pub later: u8,
}

/// Everything that a step can depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    /// The generation in the data page.
    pub published: u8,
    /// The number of the kernel's base key.
    pub epoch: u8,
    /// Whether the kernel's generator is ready.
    pub ready: bool,
    /// Where the calls on the stack look for the state.
    pub memory: Memory,
    /// The state while it is somewhere else.
    pub moved: Option<Memory>,
    /// All keys that something depends on.
    pub keys: Keys,
    frames: [Frame; MAX_FRAMES],
    depth: u8,
    /// The events that may still happen.
    pub budget: Budget,
}

impl World {
    /// No call, a state of zeros.
    pub fn new(budget: Budget) -> Self {
        Self {
            published: 1,
            epoch: 1,
            ready: true,
            memory: Memory::default(),
            moved: None,
            keys: Keys::default(),
            frames: [Frame::new(Pc::HitGeneration, 0, 0); MAX_FRAMES],
            depth: 0,
            budget,
        }
    }

    /// The calls, outermost first.
    pub fn frames(&self) -> &[Frame] {
        &self.frames[..usize::from(self.depth)]
    }

    /// The calls, to be changed.
    pub fn frames_mut(&mut self) -> &mut [Frame] {
        &mut self.frames[..usize::from(self.depth)]
    }

    /// How many calls are on the stack.
    pub fn depth(&self) -> usize {
        usize::from(self.depth)
    }

    /// Whether another call has room on the stack.
    pub fn has_room(&self) -> bool {
        self.depth() < MAX_FRAMES
    }

    /// The call that runs: the innermost one.
    pub fn top(&mut self) -> &mut Frame {
        &mut self.frames[usize::from(self.depth) - 1]
    }

    /// Begins a call.
    pub fn push(&mut self, frame: Frame) {
        self.frames[usize::from(self.depth)] = frame;
        self.depth += 1;
    }

    /// Ends the innermost call, and returns what it was.
    pub fn pop(&mut self) -> Frame {
        self.depth -= 1;
        self.frames[usize::from(self.depth)]
    }

    /// The cells of the state in which a key is.
    fn state_cells(&self) -> impl Iterator<Item = Value> {
        let cells = |memory: &Memory| {
            let [first, second] = memory.batch;
            [memory.key, first, second]
        };
        let moved = self.moved.as_ref().map(cells).into_iter().flatten();
        cells(&self.memory).into_iter().chain(moved)
    }

    /// Every value that something could read.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        let buffers = self.frames().iter().flat_map(|frame| frame.output[..usize::from(frame.done)].iter().copied());
        self.state_cells().chain(buffers)
    }

    /// Every key that could still be used: in the state or in a register.
    pub fn usable_keys(&self) -> impl Iterator<Item = KeyId> {
        let registers = self.frames().iter().filter_map(|frame| frame.register);
        let cells = [Some(self.memory.key), self.moved.map(|memory| memory.key)].into_iter().flatten();
        cells.filter_map(|cell| if let Value::Key(key) = cell { Some(key) } else { None }).chain(registers)
    }

    /// Puts `value` in the place of every value of the same key.
    fn renumber(&mut self, new: &[KeyId]) {
        let change = |value: &mut Value| {
            if let Some(key) = value.key() {
                *value = value.with_key(new[usize::from(key)]);
            }
        };
        for memory in [Some(&mut self.memory), self.moved.as_mut()].into_iter().flatten() {
            change(&mut memory.key);
            memory.batch.iter_mut().for_each(change);
        }
        for frame in self.frames[..usize::from(self.depth)].iter_mut() {
            frame.output[..usize::from(frame.done)].iter_mut().for_each(change);
            frame.output[usize::from(frame.done)..].fill(Value::Zero);
            frame.register = frame.register.map(|key| new[usize::from(key)]);
        }
    }

    /// Makes equal what no step can tell apart: keys are numbered in the order in which they are found, and what is known of
    /// a key that nothing can use again is dropped.
    pub fn canonicalize(&mut self) {
        const NONE: KeyId = KeyId::MAX;
        let mut new = [NONE; crate::value::MAX_KEYS];
        let mut count = 0;
        let registers = self.frames().iter().filter_map(|frame| frame.register);
        for key in self.values().filter_map(Value::key).chain(registers) {
            if new[usize::from(key)] == NONE {
                new[usize::from(key)] = count;
                count += 1;
            }
        }
        let mut usable = 0u32;
        for key in self.usable_keys() {
            usable |= 1 << key;
        }
        let mut present = [0u8; crate::value::MAX_KEYS];
        for value in self.values() {
            if let Value::Stream { key, counter, cell } = value {
                present[usize::from(key)] |= crate::value::place_bit(counter, cell);
            }
        }
        let mut keys = Keys::default();
        let mut old = [NONE; crate::value::MAX_KEYS];
        for (at, number) in new.iter().enumerate().filter(|(_, number)| **number != NONE) {
            old[usize::from(*number)] = at as KeyId;
        }
        for at in &old[..usize::from(count)] {
            let mut key = *self.keys.get(*at);
            if usable & 1 << *at == 0 {
                key.returned &= present[usize::from(*at)];
                key.abandoned &= present[usize::from(*at)];
                key.from = None;
            }
            key.from = key.from.and_then(|(parent, counter)| {
                let parent = new[usize::from(parent)];
                (parent != NONE).then_some((parent, counter))
            });
            keys.add(key);
        }
        self.renumber(&new);
        self.keys = keys;
        for frame in &mut self.frames[usize::from(self.depth)..] {
            *frame = Frame::new(Pc::HitGeneration, 0, 0);
        }
    }
}
