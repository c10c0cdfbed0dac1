// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Draws stopped at their instructions, the first draw of a thread included: C7.
//!
//! A thread steps through one draw of eight bytes: the library, the C library under it, and the entry of the vDSO. At one
//! instruction, a different one in each run, something happens. A run is a new thread, so that the draw is its first one, or its second.

use crate::support::handler::handle;
use crate::support::landing;
use crate::support::path::{Path, vdso_range};
use crate::support::words::{Shared, assert_unique};
use libc::{c_int, c_void, siginfo_t};
use std::cell::Cell;
use std::ops::Range;
use std::sync::OnceLock;
use vdso_fixtures::child::{in_child, judge, wait};
use vdso_native::Registers;

/// The event at the chosen instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The handler draws.
    Draw,
    /// The handler draws three times, so that no state of the words stays unused.
    DrawThrice,
    /// The handler forks, the child draws in it, and both go on.
    Fork,
    /// The handler leaves the draw for good.
    Leave,
    /// The handler draws and leaves.
    DrawAndLeave,
}

impl Event {
    const ALL: [Self; 5] = [Self::Draw, Self::DrawThrice, Self::Fork, Self::Leave, Self::DrawAndLeave];

    /// Distance of the instructions at which it happens: the events that find most happen at each.
    fn stride(self) -> usize {
        match self {
            Self::Draw | Self::Leave => 1,
            Self::DrawThrice | Self::DrawAndLeave => 3,
            Self::Fork => 5,
        }
    }
}

/// Places in [`DRAWN`], of eight bytes each.
const OUTER: usize = 0;
const HANDLER: usize = 1;
const CHILD_OUTER: usize = 4;
const CHILD_HANDLER: usize = 5;
const AFTER: usize = 6;
const CHILD_AFTER: usize = 8;
const PLACES: usize = 16;

thread_local! {
    /// The event to come, and the number of instructions before it.
    static PLAN: Cell<Option<(Event, usize)>> = const { Cell::new(None) };
    static SEEN: Cell<usize> = const { Cell::new(0) };
    static IN_CHILD: Cell<bool> = const { Cell::new(false) };
    /// The buffer of the interrupted draw: memory that a fork copies.
    static FILLED: Cell<[u8; 8]> = const { Cell::new([0; 8]) };
}
static DRAWN: OnceLock<Shared> = OnceLock::new();
static VDSO: OnceLock<Range<usize>> = OnceLock::new();

/// The word in a place.
fn word(place: usize) -> &'static [u8] {
    &DRAWN.get().expect("made before").bytes()[place * 8..place * 8 + 8]
}

/// Draws eight bytes into a place.
fn draw(place: usize) {
    DRAWN.get().expect("made before").draw(place * 8..place * 8 + 8);
}

extern "C" fn outer_draw() {
    // SAFETY: this thread's, and nothing else refers to it.
    let filled = unsafe { &mut *FILLED.with(Cell::as_ptr) };
    vgetrandom::fill(filled).expect("a draw");
}

extern "C" fn on_trap(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: this handler's context.
    let pc = unsafe { Registers::of(context) }.pc();
    if landing::is_caller(pc) {
        return;
    }
    // The vDSO's own instructions are the business of `cargo xtask inject`: here its call counts as one.
    if VDSO.get().expect("made before").contains(&pc) {
        // SAFETY: the first instruction of the function, since all of it is stepped over.
        unsafe { landing::step_over(context) };
    }
    let seen = SEEN.get();
    SEEN.set(seen + 1);
    let Some((event, at)) = PLAN.get() else { return };
    if seen < at {
        return;
    }
    PLAN.set(None);
    // SAFETY: this handler's context.
    unsafe { landing::stop_stepping(context) };
    match event {
        Event::Draw => draw(HANDLER),
        Event::DrawThrice => (0..3).for_each(|index| draw(HANDLER + index)),
        Event::Fork => {
            // SAFETY: the thread draws nothing else; the child goes on in it alone.
            match unsafe { libc::fork() } {
                0 => {
                    IN_CHILD.set(true);
                    draw(CHILD_HANDLER);
                }
                pid => judge("the forked side", wait(pid)),
            }
        }
        // SAFETY: the signal interrupted the call.
        Event::Leave => unsafe { landing::leave(context) },
        Event::DrawAndLeave => {
            draw(HANDLER);
            // SAFETY: as above.
            unsafe { landing::leave(context) };
        }
    }
}

/// One run, in a new thread. Returns whether the event happened.
fn run(event: Event, at: usize, second_draw: bool) -> bool {
    let drawn = DRAWN.get().expect("made before");
    drawn.clear();
    std::thread::scope(|scope| scope.spawn(|| body(event, at, second_draw)).join().expect("the run passed"))
}

fn body(event: Event, at: usize, second_draw: bool) -> bool {
    let drawn = DRAWN.get().expect("made before");
    if second_draw {
        vgetrandom::u64().expect("a draw");
    }
    SEEN.set(0);
    PLAN.set(Some((event, at)));
    let came_back = landing::call(outer_draw, true);
    let happened = PLAN.take().is_none();
    if came_back {
        drawn.write(if IN_CHILD.get() { CHILD_OUTER } else { OUTER } * 8, FILLED.get());
    }
    let (first, second) = if IN_CHILD.get() { (CHILD_AFTER, CHILD_AFTER + 1) } else { (AFTER, AFTER + 1) };
    draw(first);
    draw(second);
    if IN_CHILD.get() {
        vdso_fixtures::child::exit(0);
    }
    // The finished bytes of the interrupted draw may be equal on both sides of a fork (C8).
    for side in [OUTER, CHILD_OUTER] {
        let places = (0..PLACES).filter(|place| *place == side || ![OUTER, CHILD_OUTER].contains(place));
        assert_unique(places.map(word).filter(|word| *word != [0; 8]));
    }
    let expected = match event {
        _ if !happened => 3,
        Event::Draw => 4,
        Event::DrawThrice => 6,
        Event::Fork => 7,
        Event::Leave => 2,
        Event::DrawAndLeave => 3,
    };
    let written = (0..PLACES).map(word).filter(|word| *word != [0; 8]).count();
    assert_eq!(written, expected, "{event:?} at instruction {at}: places that were drawn");
    happened
}

/// Runs an event at each `stride`-th instruction; returns the number of runs in which it happened.
fn campaign(event: Event, stride: usize, second_draw: bool) -> usize {
    // Bounded: a draw has some thousand instructions.
    for index in 0..100_000 {
        // Where a stride leaves gaps, the offset within it moves, so that loops are met at different instructions.
        if !run(event, index * stride + index % stride, second_draw) {
            return index;
        }
    }
    panic!("a draw without an end");
}

fn prepare() {
    DRAWN.set(Shared::new(4096)).map_err(drop).expect("once");
    VDSO.set(vdso_range()).expect("once");
    handle(libc::SIGTRAP, on_trap);
    // Draws that are left keep their slots, and a run that maps a chunk is much longer than the others.
    vgetrandom::prepare(SLOTS).expect("memory");
}

/// As many as 32 chunks have.
const SLOTS: usize = 32 * 63;

/// Panics if a slot was lost: with the memory that it has, the process must be able to serve as many threads as before.
fn assert_no_slot_is_lost() {
    let pid = vdso_fixtures::child::fork(|| {
        let limit = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
        // SAFETY: the limit outlives the call.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
        assert_eq!(vgetrandom::prepare(SLOTS), Ok(()));
    });
    judge("a slot was lost", wait(pid));
}

/// All events at the instructions of a draw.
fn all_events(path: Path, second_draw: bool) {
    prepare();
    for event in Event::ALL {
        if event == Event::Leave {
            // From here on slots are left to abandoned draws (C11); before, each thread returned its one slot (C5).
            assert_no_slot_is_lost();
        }
        let runs = campaign(event, event.stride(), second_draw);
        assert!(runs >= 8, "{path:?}, {event:?}: {runs} runs");
    }
}

#[test]
fn c7_first_draw_of_a_thread_at_each_instruction() {
    Path::for_each(|path| all_events(path, false));
}

/// The first draw of a process finds the vDSO and maps memory; each run needs a new process.
#[test]
fn c7_first_draw_of_a_process_at_many_instructions() {
    /// A prime, so that loops are met at different instructions.
    const STRIDE: usize = 401;
    for path in Path::ALL {
        for event in [Event::Draw, Event::Leave] {
            let runs = (0..10_000).find(|index| {
                let happened = Shared::new(8);
                in_child(|| {
                    path.enter_unasked();
                    DRAWN.set(Shared::new(4096)).map_err(drop).expect("once");
                    VDSO.set(vdso_range()).expect("once");
                    handle(libc::SIGTRAP, on_trap);
                    if body(event, index * STRIDE, false) {
                        happened.write(0, [1; 8]);
                    }
                });
                happened.bytes() == [0; 8]
            });
            let least = if path == Path::Syscall { 1 } else { 8 };
            assert!(runs.is_some_and(|runs| runs >= least), "{path:?}, {event:?}: {runs:?} runs");
        }
    }
}

/// The short form of the above: the handler's slot is the thread's, and the interrupted claim takes none.
#[test]
fn c5_a_claim_that_is_interrupted_by_a_claim_loses_no_slot() {
    in_child(|| {
        Path::Built.enter();
        prepare();
        // Bounded, because a claim that loses slots maps more, and takes longer each time.
        let runs = (0..600).take_while(|at| run(Event::Draw, *at, false)).count();
        assert!(runs >= 8, "{runs} runs");
        assert_no_slot_is_lost();
    });
}

#[test]
fn c7_later_draw_at_each_instruction() {
    Path::for_each(|path| all_events(path, true));
}
