// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image of the running kernel with the object in it, loaded as a library beside the kernel's real data pages.
//!
//! They are moved there in a child process. All that the kernel publishes meanwhile arrives, so that old functions can be
//! held against system calls, and new ones see the kernel's own generation.

use crate::spliced::{CLOCKS, Vgetrandom, exported};
use std::collections::BTreeSet;
use tempfile::NamedTempFile;
use vdso_link::LinkedImage;
use vdso_tests::child::{Outcome, in_child, outcome};
use vdso_tests::kernel_images::{KernelImage, on_disk};
use vdso_tests::loaded::{Data, LoadedImage};
use vdso_tests::state::StatePage;
use vdso_tests::syscalls::{Answer, calls, forbid, intercept};

type ClockGettime = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> i32;

/// The splice, if this machine's kernel is one that there is a layout for.
fn spliced() -> Option<(LinkedImage, NamedTempFile)> {
    let spliced = KernelImage::running()?.spliced();
    let file = on_disk(&spliced);
    Some((spliced, file))
}

fn clock_gettime(image: &LoadedImage) -> ClockGettime {
    // SAFETY: a function of this name has this signature (Linux arch/x86/entry/vdso/vclock_gettime.c).
    unsafe { std::mem::transmute::<usize, ClockGettime>(image.versioned(c"__vdso_clock_gettime")) }
}

fn vgetrandom(image: &LoadedImage) -> Vgetrandom {
    // SAFETY: the contract's signature.
    unsafe { std::mem::transmute::<usize, Vgetrandom>(image.versioned(c"__vdso_vgetrandom")) }
}

/// A time in nanoseconds, from either image.
fn time(clock: libc::clockid_t, ask: impl Fn(libc::clockid_t, *mut libc::timespec) -> i64) -> i128 {
    let mut time = libc::timespec { tv_sec: -1, tv_nsec: -1 };
    assert_eq!(ask(clock, &raw mut time), 0, "clock {clock}");
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

#[test]
fn old_functions_tell_the_running_kernels_time() {
    let Some((_, file)) = spliced() else { return };
    in_child(|| {
        let image = LoadedImage::load(file.path(), Data::Kernels);
        let clock_gettime = clock_gettime(&image);
        // SAFETY: both write a time where they are told to.
        let kernel = |clock: libc::clockid_t, time: *mut libc::timespec| unsafe {
            libc::syscall(libc::SYS_clock_gettime, clock, time)
        };
        // SAFETY: as above.
        let vdso = |clock, time| i64::from(unsafe { clock_gettime(clock, time) });
        for _ in 0..1000 {
            for clock in CLOCKS {
                let times = [time(clock, kernel), time(clock, vdso), time(clock, kernel)];
                assert!(times.is_sorted(), "clock {clock}: {times:?}");
            }
        }
    });
}

#[test]
fn old_functions_need_no_system_call_where_the_kernels_own_need_none() {
    let Some((_, file)) = spliced() else { return };
    let ask = |clock_gettime: ClockGettime| {
        forbid(libc::SYS_clock_gettime);
        for clock in CLOCKS {
            // SAFETY: it writes a time where it is told to.
            time(clock, |clock, time| i64::from(unsafe { clock_gettime(clock, time) }));
        }
    };
    let ours = outcome(|| ask(clock_gettime(&LoadedImage::load(file.path(), Data::Kernels))));
    assert_eq!(ours, outcome(|| ask(libc::clock_gettime)));
    // The filter bites.
    let raw = outcome(|| {
        forbid(libc::SYS_clock_gettime);
        // SAFETY: no pointer that is looked at.
        unsafe { libc::syscall(libc::SYS_clock_gettime, -1, 0) };
    });
    assert_eq!(raw, Outcome::Killed(libc::SIGSYS));
}

#[test]
fn new_functions_draw_under_the_running_kernels_generation() {
    const DRAWS: usize = 100;
    let Some((spliced, file)) = spliced() else { return };
    let kernel_has_data =
        exported(spliced.original.as_ref().expect("the undo record")).contains_key("__vdso_getrandom");
    in_child(|| {
        let image = LoadedImage::load(file.path(), Data::Kernels);
        let (vgetrandom, page) = (vgetrandom(&image), StatePage::new());
        intercept(|_, _| Answer::Kernel);
        let mut drawn = BTreeSet::new();
        for _ in 0..DRAWS {
            let mut bytes = [0; 16];
            // SAFETY: buffer and state are what the contract wants.
            let returned = unsafe { vgetrandom(bytes.as_mut_ptr(), bytes.len(), 0, page.state().as_ptr()) };
            assert!(returned == 16 && drawn.insert(bytes), "{returned}");
        }
        // One for a key, and one more for each reseed that falls in between; without data each draw is one.
        let calls = calls().len();
        assert!(if kernel_has_data { (1..10).contains(&calls) } else { calls == DRAWS }, "{calls} system calls");
    });
}
