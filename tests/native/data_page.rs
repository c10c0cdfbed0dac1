// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses S1 and S3: how the data pages are read.

use iced_x86::{Decoder, DecoderOptions, InstructionInfoFactory, OpAccess};
use rustix::mm::{MprotectFlags, mprotect};
use std::arch::naked_asm;
use std::collections::BTreeSet;
use std::mem::offset_of;
use vdso_abi::PAGE_SIZE;
use vdso_abi::rng_data::{CLOCK_MODE_OFFSET, VdsoRngData};
use vdso_abi::state::BATCH_LEN;
use vdso_link::layout::SHARED_PAGE;
use vdso_tests::child::in_child;
use vdso_tests::state::{Snapshot, StatePage, in_use};
use vdso_tests::syscalls::{Answer, calls, forget, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::watch::{self, Access};
use vdso_tests::{Vdso, cpu_levels};

/// Where the image finds something, by its offset from the base.
fn place(vdso: &Vdso, offset: i64) -> usize {
    vdso.image().base().as_ptr().addr().wrapping_add_signed(offset as isize)
}

/// The field that an access reads by one load of just its width, or `None` for any other access.
fn field(access: Access, rng_data: usize, vdso_data: usize) -> Option<&'static str> {
    // SAFETY: an instruction of at most fifteen bytes was executed there, and what follows it is readable.
    let code = unsafe { std::slice::from_raw_parts(access.pc as *const u8, 15) };
    let instruction = Decoder::with_ip(64, code, access.pc as u64, DecoderOptions::NONE).decode();
    let mut factory = InstructionInfoFactory::new();
    let [memory] = factory.info(&instruction).used_memory() else { return None };
    let width = memory.memory_size().size();
    let is_load = memory.access() == OpAccess::Read;
    let fields = [
        ("generation", rng_data + offset_of!(VdsoRngData, generation), 8),
        ("is_ready", rng_data + offset_of!(VdsoRngData, is_ready), 1),
        ("simd", rng_data + offset_of!(VdsoRngData, simd), 1),
        ("clock_mode", vdso_data + CLOCK_MODE_OFFSET, 4),
    ];
    let (name, ..) = fields.into_iter().find(|field| is_load && (field.1, field.2) == (access.address, width))?;
    Some(name)
}

#[test]
fn s1_every_access_is_one_load_of_one_field() {
    for namespace in [false, true] {
        in_child(|| {
            let (vdso, page) = (Vdso::built(), StatePage::new());
            let rng_data = place(&vdso, SHARED_PAGE.vdso_rng_data);
            let vdso_data = place(&vdso, SHARED_PAGE.vdso_data);
            let real = place(&vdso, SHARED_PAGE.timens_vdso_data) + (rng_data - vdso_data);
            vdso.image().enter_time_namespace(namespace).expect("mprotect");
            // In a namespace the page that is watched is the one with the real data.
            let watched = if namespace { real } else { rng_data };
            watch::reads(watched & !(PAGE_SIZE - 1));
            let mut fields = BTreeSet::new();
            for cipher in cpu_levels() {
                vdso.data().set_simd(cipher.simd);
                for (generation, ready) in [(GENERATION, true), (GENERATION + 1, true), (0, false)] {
                    vdso.data().set_generation(generation);
                    vdso.data().set_ready(ready);
                    for contents in [Snapshot::keyed(GENERATION, 1).with_batch(BATCH_LEN, 3), Snapshot::FRESH] {
                        for len in [0, 1, 16, 33, BATCH_LEN, BATCH_LEN + 1, 600, 2100] {
                            page.state().write(contents);
                            assert_eq!(vdso.draw(&mut vec![0; len], page.state()), len as isize);
                            for access in watch::take() {
                                let field = field(access, watched, vdso_data);
                                assert!(field.is_some(), "{access:x?} with the data at {watched:x}");
                                fields.extend(field);
                            }
                        }
                    }
                }
            }
            let expected: &[_] = if namespace {
                &["generation", "is_ready", "simd"]
            } else {
                &["clock_mode", "generation", "is_ready", "simd"]
            };
            assert!(fields.iter().eq(expected), "{fields:?} were read");
        });
    }
}

/// Reads half of a field, and then all of it together with the next.
#[unsafe(naked)]
unsafe extern "sysv64" fn reads_halves_and_more(generation: usize) {
    naked_asm!("mov eax, [rdi]", "movdqu xmm0, [rdi]", "mov rax, [rdi]", "ret")
}

#[test]
fn s1_other_accesses_are_noticed() {
    in_child(|| {
        let vdso = Vdso::built();
        let rng_data = place(&vdso, SHARED_PAGE.vdso_rng_data);
        watch::reads(rng_data & !(PAGE_SIZE - 1));
        // SAFETY: the data is readable, one instruction at a time.
        unsafe { reads_halves_and_more(rng_data) };
        let accesses = watch::take();
        let fields = accesses.iter().map(|access| field(*access, rng_data, 0));
        assert!(fields.eq([None, None, Some("generation")]), "{accesses:x?}");
    });
}

/// Any value of the byte but 0 counts as ready, and its neighbours do not matter.
#[test]
fn s3_any_value_of_the_byte_but_zero_is_ready() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::new());
        let is_ready = place(&vdso, SHARED_PAGE.vdso_rng_data) + offset_of!(VdsoRngData, is_ready);
        let start = (is_ready & !(PAGE_SIZE - 1)) as *mut _;
        // SAFETY: the page is one of data pages, to which no reference is held.
        unsafe { mprotect(start, PAGE_SIZE, MprotectFlags::READ | MprotectFlags::WRITE) }.expect("mprotect");
        intercept(|_, _| Answer::Kernel);
        for value in 0..=u8::MAX {
            vdso.data().set_simd(if value == 0 { 1 } else { 0 });
            // SAFETY: the byte lies in that page.
            unsafe { (is_ready as *mut u8).write_volatile(value) };
            page.state().write(Snapshot::FRESH);
            forget();
            let mut buffer = [0; 16];
            assert_eq!(vdso.draw(&mut buffer, page.state()), 16);
            // The kernel fills the buffer of a generator that is not ready, and else the key.
            let filled = if value == 0 { buffer.as_ptr().addr() } else { page.state().key_address() };
            assert!(calls().len() == 1 && calls()[0].buffer == filled, "{value}: {:x?}", calls());
            assert_ne!(page.state().word(), in_use(GENERATION), "{value}");
        }
    });
}
