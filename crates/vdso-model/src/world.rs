// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One situation: the state in memory, the kernel, and the calls on the stack of one thread.

use crate::frame::{Frame, Pc};
use crate::memory::Memory;
use crate::value::{KeyId, Keys, Value};

/// Calls on the stack at the same time: the main program's, and handlers within one another.
pub const MAX_FRAMES: usize = 5;

/// The number of times that each event may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Draws by signal handlers.
    pub handlers: u8,
    /// The state becomes zero.
    pub wipes: u8,
    /// A handler forks, and the exploration continues in the child.
    pub forks: u8,
    /// Half of a state that lies on two pages becomes zero.
    pub half_wipes: u8,
    /// The state is moved away, and its old address reads as zero; or it is moved back.
    pub moves: u8,
    /// The kernel takes a new base key, and publishes a generation some time later.
    pub reseeds: u8,
    /// The kernel refuses a key fetch, or returns a part of the key.
    pub failed_fetches: u8,
    /// The kernel refuses a request that fell back to the system call.
    pub refusals: u8,
    /// Draws of the main program after the first one.
    pub later: u8,
}

/// One situation: all values that a step can depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World {
    /// The generation in the data page.
    pub published: u8,
    /// The number of the kernel's base key.
    pub epoch: u8,
    /// Whether the kernel's generator is ready.
    pub ready: bool,
    /// The state at the address that the calls use.
    pub memory: Memory,
    /// The state while it is moved away.
    pub moved: Option<Memory>,
    /// All keys on which a cell or register depends.
    pub keys: Keys,
    frames: [Frame; MAX_FRAMES],
    depth: u8,
    /// The events that may still happen.
    pub budget: Budget,
}

impl World {
    /// A world without a call, whose state is zero.
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

    /// The calls, mutable.
    pub fn frames_mut(&mut self) -> &mut [Frame] {
        &mut self.frames[..usize::from(self.depth)]
    }

    /// The number of calls on the stack.
    pub fn depth(&self) -> usize {
        usize::from(self.depth)
    }

    /// Whether the stack has room for another call.
    pub fn has_room(&self) -> bool {
        self.depth() < MAX_FRAMES
    }

    /// The innermost call, which runs.
    pub fn top(&mut self) -> &mut Frame {
        &mut self.frames[usize::from(self.depth) - 1]
    }

    /// Begins a call.
    pub fn push(&mut self, frame: Frame) {
        self.frames[usize::from(self.depth)] = frame;
        self.depth += 1;
    }

    /// Removes and returns the innermost call.
    pub fn pop(&mut self) -> Frame {
        self.depth -= 1;
        self.frames[usize::from(self.depth)]
    }

    /// The cells of the state.
    fn state_cells(&self) -> impl Iterator<Item = Value> {
        let cells = |memory: &Memory| {
            let [first, second] = memory.batch;
            [memory.key, first, second]
        };
        let moved = self.moved.as_ref().map(cells).into_iter().flatten();
        cells(&self.memory).into_iter().chain(moved)
    }

    /// Every value in the state and in the buffers.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        let buffers = self.frames().iter().flat_map(|frame| frame.output[..usize::from(frame.done)].iter().copied());
        self.state_cells().chain(buffers)
    }

    /// Every key that a call could still use: in the state or in a register.
    pub fn usable_keys(&self) -> impl Iterator<Item = KeyId> {
        let registers = self.frames().iter().filter_map(|frame| frame.register);
        let cells = [Some(self.memory.key), self.moved.map(|memory| memory.key)].into_iter().flatten();
        cells.filter_map(|cell| if let Value::Key(key) = cell { Some(key) } else { None }).chain(registers)
    }

    /// Clears the frames that are not in use, so that equal worlds have equal bytes.
    pub(crate) fn clear_free_frames(&mut self) {
        self.frames[usize::from(self.depth)..].fill(Frame::new(Pc::HitGeneration, 0, 0));
    }
}
