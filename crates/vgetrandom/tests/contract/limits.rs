// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The system calls that are made, and draws where the kernel refuses them: C9 and C10.

use crate::support::path::Path;
use crate::support::words::{assert_unique, draw};
use libc::sock_filter;
use std::sync::Barrier;
use vdso_fixtures::child::in_child;
use vdso_fixtures::trace::{self, Answer, count};
use vgetrandom::{Source, Why};

#[test]
fn c9_system_calls_are_getrandom_mmap_and_munmap() {
    for path in Path::ALL {
        let calls = trace::record(|| {
            path.enter();
            trace::begin();
            // The lookup, the first draw, and a state.
            vgetrandom::u64().expect("a draw");
            let state = vgetrandom::State::new().expect("memory");
            state.fill(&mut [0; 40]).expect("a draw");
            drop(state);
            vgetrandom::thread_exit();
            vgetrandom::u32().expect("a draw");
            trace::end();
        });
        let allowed = [libc::SYS_getrandom, libc::SYS_mmap, libc::SYS_munmap];
        assert!(calls.iter().all(|call| allowed.contains(&call.number)), "{path:?}: {calls:?}");
        assert!(!calls.is_empty());
    }
}

#[test]
fn c9_ten_thousand_draws_make_no_system_call() {
    let calls = trace::record(|| {
        Path::Built.enter();
        vgetrandom::prepare(1).expect("memory");
        let mut drawn = vec![0; 10_000 * 16];
        trace::begin();
        drawn.chunks_mut(16).for_each(|part| vgetrandom::fill(part).expect("a draw"));
        trace::end();
        assert_unique([drawn.as_slice()]);
    });
    // A fresh state is keyed with its first draw, and once more until it is idle.
    assert!((1..=2).contains(&calls.len()) && calls.iter().all(|call| call.is_draw()), "{calls:?}");
}

#[test]
fn c9_prepare_before_readiness_maps_for_later_draws() {
    let mut questions = 0;
    let test = || {
        Path::Built.enter_unasked();
        trace::begin();
        vgetrandom::prepare(1).expect("memory");
        let mut drawn = [[0; 16]; 2];
        for part in &mut drawn {
            vgetrandom::fill(part).expect("a draw");
        }
        assert!(matches!(vgetrandom::source(), Source::Vdso { .. }));
        trace::end();
    };
    let calls = trace::answer(test, |call| {
        if call.is_readiness() {
            questions += 1;
            // Those of `prepare`, which asks when it maps and when it takes a slot.
            if questions <= 2 {
                return Answer::Result(-i64::from(libc::EAGAIN));
            }
        }
        Answer::Kernel
    });
    let first_draw = calls.iter().position(|call| call.is_draw()).expect("a draw");
    let last_map = calls.iter().rposition(|call| call.number == libc::SYS_mmap).expect("a mapping");
    assert!(last_map < first_draw, "{calls:?}");
}

/// From now on `mmap` and `prctl` end the process, for this thread.
fn forbid_memory() {
    let step = |code: u32, k: u32, jt, jf| sock_filter { code: code as u16, jt, jf, k };
    let refuse = |number: libc::c_long| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number as u32, 0, 1);
    let kill = step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_KILL_PROCESS, 0, 0);
    let mut steps = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        refuse(libc::SYS_mmap),
        kill,
        refuse(libc::SYS_prctl),
        kill,
        step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the program is complete and outlives the calls.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
}

/// Draws in so many threads under a filter that forbids `mmap`.
fn draw_in_sandbox(threads: usize) {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let sandboxed = || {
            // Threads end after all have drawn: their stacks are the C library's, which unmaps them.
            barrier.wait();
            forbid_memory();
            for _ in 0..100 {
                vgetrandom::u64().expect("a draw");
            }
            barrier.wait();
        };
        for _ in 1..threads {
            scope.spawn(sandboxed);
        }
        sandboxed();
    });
}

#[test]
fn c9_after_prepare_a_sandbox_may_forbid_mmap() {
    const THREADS: usize = 70;
    Path::for_each(|_| {
        vgetrandom::prepare(THREADS).expect("memory");
        draw_in_sandbox(THREADS);
    });
}

#[test]
fn c9_without_prepare_such_a_sandbox_ends_the_process() {
    // The filter bites.
    let ended = std::panic::catch_unwind(|| {
        in_child(|| {
            Path::Built.enter();
            draw_in_sandbox(1);
        })
    });
    let message = *ended.expect_err("the filter ends the child").downcast::<String>().expect("a message");
    assert!(message.contains(&format!("signal {}", libc::SIGSYS)), "{message}");
}

#[test]
fn c10_prepare_reports_what_cannot_be_had() {
    Path::for_each(|_| {
        let result = vgetrandom::prepare(usize::MAX).map_err(|error| error.errno());
        assert_eq!(result, if Path::is_vdso() { Err(libc::ENOMEM) } else { Ok(()) });
        assert_eq!(vgetrandom::prepare(0), Ok(()));
        vgetrandom::u64().expect("a draw");
    });
}

#[test]
fn c10_refused_memory_means_system_calls_and_is_tried_again() {
    let mut refusals = 0;
    let test = || {
        Path::Built.enter();
        trace::begin();
        for _ in 0..1000 {
            vgetrandom::u64().expect("a draw");
        }
        trace::end();
    };
    let calls = trace::answer(test, |call| {
        if call.number == libc::SYS_mmap && refusals < 2 {
            refusals += 1;
            return Answer::Result(-i64::from(libc::ENOMEM));
        }
        Answer::Kernel
    });
    let maps = count(&calls, |call| call.number == libc::SYS_mmap);
    // Two refusals, and two mappings of the third attempt; 256 draws, the refused one included, are system calls each time.
    assert_eq!(maps, 4);
    let draws = count(&calls, |call| call.is_draw() && call.arguments[1] == 8);
    assert_eq!(draws, 2 * 256);
}

#[test]
fn c10_states_that_cannot_be_mapped_leave_no_slots() {
    let test = || {
        Path::Built.enter();
        trace::begin();
        vgetrandom::u64().expect("a draw");
        assert_eq!(vgetrandom::State::new().map(drop).map_err(|error| error.errno()), Err(libc::ENOMEM));
        trace::end();
    };
    let refuse = |call: &trace::Call| if call.maps_states() { Answer::Result(-12) } else { Answer::Kernel };
    let calls = trace::answer(test, refuse);
    let private = count(&calls, |call| call.number == libc::SYS_mmap && !call.maps_states());
    assert_eq!((private, count(&calls, |call| call.number == libc::SYS_munmap)), (2, 2), "{calls:?}");
}

#[test]
fn c10_a_limit_of_address_space_means_system_calls() {
    Path::for_each(|_| {
        let limit = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
        // SAFETY: the limit outlives the call.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) }, 0);
        let mut words = [[0; 16]; 64];
        words.iter_mut().for_each(|word| vgetrandom::fill(word).expect("a draw"));
        assert!(words.iter().flat_map(|word| word.as_chunks::<8>().0).all(|word| *word != [0; 8]));
    });
}

#[test]
fn c10_a_process_without_a_vdso_draws_by_system_call() {
    let calls = trace::record(|| {
        Path::Syscall.enter();
        trace::begin();
        assert_unique([draw(16 * 100, 16).as_slice()]);
        assert_eq!(vgetrandom::source(), Source::Syscall(Why::NoVdso));
        vgetrandom::State::new().expect("a state without memory").fill(&mut [0; 8]).expect("a draw");
        trace::end();
    });
    assert_eq!((calls.len(), count(&calls, trace::Call::is_draw)), (101, 101));
}

#[test]
fn c10_an_image_without_the_function_means_system_calls() {
    in_child(|| {
        // This program is an ELF file with a dynamic section, and exports no such function.
        // SAFETY: any tag is valid; the program headers follow the ELF header in the first page.
        let header = unsafe { libc::getauxval(libc::AT_PHDR) } as usize & !0xfff;
        // SAFETY: the header of this very program.
        unsafe { vgetrandom::set_vdso(header as *const _) };
        assert_eq!(vgetrandom::source(), Source::Syscall(Why::NoFunction));
        assert_unique([draw(64, 8).as_slice()]);
    });
}
