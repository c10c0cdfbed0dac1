// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image of the running kernel with the object in it, loaded as a library beside the kernel's real data pages.
//!
//! They are moved there in a child process. All that the kernel publishes meanwhile arrives, so that old functions can be
//! held against system calls, and new ones see the kernel's own generation. Where a call is taken one instruction at a time
//! it reads a copy: the kernel would always be faster, and a reader of its clock data begins anew after each change.

use crate::unwinding::must_reach_the_caller;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use vdso_link::object_file::ElfFile;
use vdso_link::{Image, LinkedImage, verify};
use vdso_tests::Vdso;
use vdso_tests::child::{Outcome, in_child, outcome};
use vdso_tests::loaded::{Data, LoadedImage};
use vdso_tests::state::{Snapshot, StatePage};
use vdso_tests::stepping::{at_each_instruction, stepped};
use vdso_tests::syscalls::{Answer, calls, forbid, intercept};

type ClockGettime = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> i32;
type Vgetrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut libc::c_void) -> isize;

/// Clocks that nobody sets, and that the vDSO answers for.
const CLOCKS: [libc::clockid_t; 3] = [libc::CLOCK_MONOTONIC, libc::CLOCK_MONOTONIC_COARSE, libc::CLOCK_BOOTTIME];

/// The spliced image, if this machine's kernel is one that the build could splice into.
fn spliced() -> Option<PathBuf> {
    let path = Vdso::products().join("spliced.so");
    if !path.exists() {
        eprintln!("not looked at: `cargo xtask build-vdso` has made no splice for this kernel");
    }
    path.exists().then_some(path)
}

fn clock_gettime(image: &LoadedImage) -> ClockGettime {
    // SAFETY: a function of this name has this signature (Linux arch/x86/entry/vdso/vclock_gettime.c).
    unsafe { std::mem::transmute::<usize, ClockGettime>(image.versioned(c"__vdso_clock_gettime")) }
}

fn vgetrandom(image: &LoadedImage) -> Vgetrandom {
    // SAFETY: the contract's signature.
    unsafe { std::mem::transmute::<usize, Vgetrandom>(image.versioned(c"__vdso_vgetrandom")) }
}

/// A time as nanoseconds, of whoever answers.
fn time(clock: libc::clockid_t, ask: impl Fn(libc::clockid_t, *mut libc::timespec) -> i64) -> i128 {
    let mut time = libc::timespec { tv_sec: -1, tv_nsec: -1 };
    assert_eq!(ask(clock, &raw mut time), 0, "clock {clock}");
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

#[test]
fn old_functions_tell_the_running_kernels_time() {
    let Some(path) = spliced() else { return };
    in_child(|| {
        let image = LoadedImage::load(&path, Data::Kernels);
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
    let Some(path) = spliced() else { return };
    let ask = |clock_gettime: ClockGettime| {
        forbid(libc::SYS_clock_gettime);
        for clock in CLOCKS {
            // SAFETY: it writes a time where it is told to.
            time(clock, |clock, time| i64::from(unsafe { clock_gettime(clock, time) }));
        }
    };
    let ours = outcome(|| ask(clock_gettime(&LoadedImage::load(&path, Data::Kernels))));
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
    let Some(path) = spliced() else { return };
    let original = LinkedImage::found(Image::read(&path).unwrap()).unwrap().original.expect("the way back");
    let kernel_has_data = names(&original.elf().unwrap()).contains("__vdso_getrandom");
    in_child(|| {
        let image = LoadedImage::load(&path, Data::Kernels);
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

/// The names of all exports.
fn names(elf: &ElfFile<'_>) -> BTreeSet<String> {
    use object::{Object as _, ObjectSymbol as _};
    let defined = elf.dynamic_symbols().filter(|symbol| symbol.is_definition());
    defined
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .filter(|name| !name.starts_with("LINUX"))
        .collect()
}

#[test]
fn the_dynamic_linker_finds_every_old_and_new_name() {
    let Some(path) = spliced() else { return };
    let linked = LinkedImage::found(Image::read(&path).unwrap()).unwrap();
    let (old, new) =
        (names(&linked.original.as_ref().expect("the way back").elf().unwrap()), names(&linked.image.elf().unwrap()));
    assert!(old.len() >= 8 && new.is_superset(&old) && new.contains("vgetrandom"), "{new:?}");
    // Both hash tables, and lookups as C libraries, Go and the kernel's self-tests make them.
    verify(linked).unwrap().unwrap_or_else(|report| panic!("{report}"));
    in_child(|| {
        let image = LoadedImage::load(&path, Data::KernelsAtOneMoment);
        for name in &new {
            let name = CString::new(name.as_str()).unwrap();
            assert_eq!(image.function(&name), image.versioned(&name), "{name:?}");
            assert!(image.code().contains(&image.function(&name)), "{name:?}");
        }
    });
}

#[test]
fn every_instruction_of_old_and_new_code_unwinds_to_the_caller() {
    let Some(path) = spliced() else { return };
    let end = LinkedImage::found(Image::read(&path).unwrap()).unwrap().original.expect("the way back").data().len();
    in_child(|| {
        let image = LoadedImage::load(&path, Data::KernelsAtOneMoment);
        let (code, visited) = (image.code(), Arc::new(Mutex::new(BTreeSet::new())));
        let (stepped_code, seen) = (code.clone(), visited.clone());
        at_each_instruction(code.clone(), move |pc| {
            must_reach_the_caller(pc, &stepped_code);
            seen.lock().expect("no panic is survived").insert(pc);
        });
        let (page, mut buffer) = (StatePage::new(), [0_u8; 1200]);
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: -1 };
        for clock in CLOCKS {
            let arguments = (clock as usize, (&raw mut time).addr());
            // SAFETY: the arguments of a call.
            let told = unsafe { stepped(image.function(c"clock_gettime"), arguments.0, arguments.1, 0, 0) };
            assert!(told as i32 == 0 && (0..1_000_000_000).contains(&time.tv_nsec), "clock {clock}: {told}");
        }
        for len in [16, 1200] {
            page.state().write(Snapshot::FRESH);
            let arguments = (buffer.as_mut_ptr().addr(), len, page.state().as_ptr().addr());
            // SAFETY: the arguments of a call.
            let drawn = unsafe { stepped(image.function(c"vgetrandom"), arguments.0, arguments.1, 0, arguments.2) };
            assert_eq!(drawn, len as isize);
        }
        let visited = visited.lock().expect("no panic is survived");
        let old = visited.iter().filter(|&&pc| pc < code.start + end).count();
        assert!(old > 50 && visited.len() - old > 300, "{old} old and {} new instructions", visited.len() - old);
    });
}
