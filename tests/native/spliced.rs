// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object in each image that a kernel brings, loaded as a library: the running kernel's, and those of all kernel series
//! as `cargo xtask stock-vdso` builds them, with and without their symbols.
//!
//! Where a call is taken one instruction at a time the running kernel's data is a copy: the kernel would always be faster,
//! and a reader of its clock data begins anew after each change.

use crate::unwinding::must_reach_the_caller;
use object::{Object as _, ObjectSymbol as _};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::sync::{Arc, Mutex};
use vdso_abi::state::{BATCH_LEN, STATE_LEN};
use vdso_link::layout::{OWN_PAGE, SHARED_PAGE};
use vdso_link::link::unsplice::unsplice;
use vdso_link::{Image, LinkedImage, verify};
use vdso_tests::child::in_child;
use vdso_tests::kernel_images::{KernelImage, on_disk};
use vdso_tests::loaded::{Data, LoadedImage};
use vdso_tests::state::{Snapshot, StatePage};
use vdso_tests::stepping::{at_each_instruction, stepped};
use vdso_tests::syscalls::forbid;
use vdso_tests::vdso::GENERATION;
use vdso_tests::{cpu_levels, model};

/// The function with four arguments.
pub type Vgetrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut libc::c_void) -> isize;
type Getrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut libc::c_void, usize) -> isize;

/// Clocks that no program sets, and that the vDSO reads.
pub const CLOCKS: [libc::clockid_t; 3] = [libc::CLOCK_MONOTONIC, libc::CLOCK_MONOTONIC_COARSE, libc::CLOCK_BOOTTIME];

/// Name and address of each exported function.
pub fn exported(image: &Image) -> BTreeMap<String, u64> {
    let elf = image.elf().unwrap();
    let defined = elf.dynamic_symbols().filter(|symbol| symbol.is_definition());
    let named = defined.filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.address())));
    named.filter(|(name, _)| !name.starts_with("LINUX")).collect()
}

/// The data pages of a test without the kernel's.
const OWN: Data = Data::Own { generation: GENERATION, simd: 0 };

#[test]
fn equal_images_give_equal_splices_that_verify_and_can_be_undone() {
    for kernel in KernelImage::all() {
        let spliced = kernel.spliced();
        let again = kernel.spliced();
        let shown = spliced.image.path().display().to_string();
        assert_eq!(spliced.image.data(), again.image.data(), "{shown}");
        assert!(unsplice(&spliced.image).unwrap().data() == kernel.image.data(), "{shown}");
        verify(spliced).unwrap().unwrap_or_else(|report| panic!("{report}"));
        // Called by this process, and compared with the kernel's image.
        let mut found = LinkedImage::found(again.image).unwrap();
        found.original = Some(kernel.image);
        verify(found).unwrap().unwrap_or_else(|report| panic!("{report}"));
    }
}

#[test]
fn a_splice_for_the_data_pages_of_another_line_is_noticed() {
    for kernel in KernelImage::all() {
        let wrong = if kernel.layout() == SHARED_PAGE { OWN_PAGE } else { SHARED_PAGE };
        let found = LinkedImage::found(kernel.spliced_for(wrong).image);
        // Symbols that contradict the version are refused before any rule is asked.
        let Ok(found) = found else { continue };
        let report = verify(found).unwrap().expect_err("it reads another page");
        assert!(report.findings().any(|finding| finding.rule.starts_with("image-data-page/")), "{report}");
    }
}

#[test]
fn the_dynamic_linker_finds_every_old_and_new_name() {
    for kernel in KernelImage::all() {
        let spliced = kernel.spliced();
        let (old, new) = (exported(&kernel.image), exported(&spliced.image));
        let ours: BTreeSet<&str> = spliced.exports.iter().map(|export| export.name).collect();
        // The five-argument function is the kernel's to give: it takes the place of one, and is not added.
        assert!(ours.contains("vgetrandom") && ours.contains("getrandom") == old.contains_key("getrandom"), "{ours:?}");
        assert!(old.len() >= 8 && new.keys().all(|name| old.contains_key(name) || ours.contains(name.as_str())));
        for (name, address) in &old {
            assert!(new[name] == *address || ours.contains(name.as_str()), "{name} moved to {:#x}", new[name]);
        }
        assert!(ours.iter().all(|&name| new[name] >= mapped(&kernel.image)), "{new:x?}");

        let file = on_disk(&spliced);
        in_child(|| {
            let image = LoadedImage::load(file.path(), OWN);
            for (name, address) in &new {
                let symbol = CString::new(name.as_str()).unwrap();
                assert_eq!(image.function(&symbol), image.code().start + *address as usize, "{name}");
                assert_eq!(image.function(&symbol), image.versioned(&symbol), "{name}");
            }
        });
    }
}

/// How many bytes of an image are mapped.
fn mapped(image: &Image) -> u64 {
    image.elf().unwrap().elf_program_headers()[0].p_filesz.get(object::LittleEndian)
}

#[test]
fn new_functions_draw_what_the_model_says() {
    for kernel in KernelImage::all() {
        let spliced = kernel.spliced();
        let (file, has_five) = (on_disk(&spliced), spliced.exports.iter().any(|it| it.name == "__vdso_getrandom"));
        for cipher in cpu_levels() {
            in_child(|| {
                let image = LoadedImage::load(file.path(), Data::Own { generation: GENERATION, simd: cipher.simd });
                forbid(libc::SYS_getrandom);
                for len in [1, 33, BATCH_LEN, 1200] {
                    let mut model = Snapshot::keyed(GENERATION, 5);
                    let wanted = model::draw(&mut model, len);
                    assert_eq!(vgetrandom(&image, len), wanted, "{cipher:?}");
                    assert!(!has_five || getrandom(&image, len) == wanted, "{cipher:?}");
                }
            });
        }
    }
}

/// Draws through the four-argument function, with a new state of the generation that the data page shows.
fn vgetrandom(image: &LoadedImage, len: usize) -> Vec<u8> {
    // SAFETY: the contract's signature.
    let function = unsafe { std::mem::transmute::<usize, Vgetrandom>(image.versioned(c"__vdso_vgetrandom")) };
    let (mut bytes, page) = (vec![0; len], StatePage::with(Snapshot::keyed(GENERATION, 5)));
    // SAFETY: buffer and state are what the contract wants.
    let returned = unsafe { function(bytes.as_mut_ptr(), len, 0, page.state().as_ptr()) };
    assert_eq!(returned, len as isize);
    bytes
}

/// The same through the five-argument function.
fn getrandom(image: &LoadedImage, len: usize) -> Vec<u8> {
    // SAFETY: as above.
    let function = unsafe { std::mem::transmute::<usize, Getrandom>(image.versioned(c"__vdso_getrandom")) };
    let (mut bytes, page) = (vec![0; len], StatePage::with(Snapshot::keyed(GENERATION, 5)));
    // SAFETY: as above.
    let returned = unsafe { function(bytes.as_mut_ptr(), len, 0, page.state().as_ptr(), STATE_LEN) };
    assert_eq!(returned, len as isize);
    bytes
}

#[test]
fn every_instruction_of_old_and_new_code_unwinds_to_the_caller() {
    if let Some(kernel) = KernelImage::running() {
        in_child(|| unwinds(&kernel, Data::KernelsAtOneMoment));
    }
    for kernel in KernelImage::stock() {
        in_child(|| {
            // The clock that the data pages show is read, by all of the code for it.
            forbid(libc::SYS_clock_gettime);
            unwinds(&kernel, OWN);
        });
    }
}

/// Steps through calls of old and new functions.
fn unwinds(kernel: &KernelImage, data: Data) {
    let file = on_disk(&kernel.spliced());
    let image = LoadedImage::load(file.path(), data);
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
    let end = code.start + mapped(&kernel.image) as usize;
    let old = visited.iter().filter(|&&pc| pc < end).count();
    assert!(old > 50 && visited.len() - old > 300, "{old} old and {} new instructions", visited.len() - old);
}
