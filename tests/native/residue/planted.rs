// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Residue that is planted, in each kind of place, is found there.

use super::{fetched, is_output, random};
use std::arch::naked_asm;
use vdso_abi::state::BLOCK_LEN;
use vdso_tests::aftermath::{Aftermath, GENERAL, Place, SEED, STACK_LEN};
use vdso_tests::model::keystream;
use vdso_tests::secrets::Secrets;

/// Leaves nothing.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_nothing() {
    naked_asm!("ret")
}

/// Leaves eight bytes of its argument in the lower half of a vector register.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_a_vector(secret: *const u8) {
    naked_asm!("movq xmm13, [rdi]", "ret")
}

/// Leaves sixteen bytes in an upper half, at the place of the widest register that there is.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_an_upper_half(secret: *const u8) {
    naked_asm!("vinserti128 ymm9, ymm9, [rdi], 1", "ret")
}

/// Leaves sixteen bytes in the top of a register that only AVX-512 has.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_a_high_register(secret: *const u8) {
    naked_asm!("vinserti32x4 zmm27, zmm27, [rdi], 3", "ret")
}

/// Leaves eight bytes on the stack, where a push had put them.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_a_push(secret: *const u8) {
    naked_asm!("push qword ptr [rdi]", "pop rax", "xor eax, eax", "ret")
}

/// Leaves eight bytes deep in the stack, at an odd address.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_it_deep(secret: *const u8) {
    naked_asm!("mov rax, [rdi]", "mov [rsp - 16001], rax", "xor eax, eax", "ret")
}

/// Leaves eight bytes in a general-purpose register.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_a_general(secret: *const u8) {
    naked_asm!("mov r10, [rdi]", "ret")
}

/// Leaves, in a vector register, something that is computed from a secret.
#[unsafe(naked)]
unsafe extern "sysv64" fn leaves_a_function(secret: *const u8) {
    naked_asm!("movq xmm3, [rdi]", "paddd xmm3, xmm3", "ret")
}

fn after(function: unsafe extern "sysv64" fn(*const u8), secret: &[u8]) -> Box<Aftermath> {
    // SAFETY: each of these functions reads at most sixteen bytes of a secret that is longer.
    unsafe { Aftermath::of(function as usize, [secret.as_ptr().addr(), 0, 0, 0, 0]) }
}

#[test]
fn planted_residue_is_found() {
    let secret = random(3, 0, 1);
    let mut secrets = Secrets::default();
    secrets.add(&secret);
    let residue = |function| after(function, &secret).residue(&secrets);
    // SAFETY: the function takes any arguments.
    let nothing = unsafe { Aftermath::of(leaves_nothing as *const () as usize, [0; 5]) };
    assert_eq!((nothing.residue(&secrets), nothing.dirty_vector()), (vec![], None));
    assert_eq!(nothing.stack[..STACK_LEN - 8], [SEED; STACK_LEN - 8], "all but the return address");
    assert_eq!(residue(leaves_a_vector), [Place::Vector(13, 0)]);
    assert_eq!(after(leaves_a_vector, &secret).dirty_vector(), Some(13));
    // The return address lies right below the caller's stack pointer.
    assert_eq!(residue(leaves_a_push), [Place::Stack(16)]);
    assert_eq!(residue(leaves_it_deep), [Place::Stack(16001 + 8)]);
    let general =
        after(leaves_a_general, &secret).general[GENERAL.iter().position(|name| *name == "r10").expect("one")];
    assert!(!is_output(general, &secret[8..]) && is_output(general, &secret), "known only to who has the output");
    if std::arch::is_x86_feature_detected!("avx2") {
        let found: Vec<_> = (16..=24).map(|offset| Place::Vector(9, offset)).collect();
        assert_eq!(residue(leaves_an_upper_half), found);
    }
    if std::arch::is_x86_feature_detected!("avx512f") {
        let found: Vec<_> = (48..=56).map(|offset| Place::Vector(27, offset)).collect();
        assert_eq!(residue(leaves_a_high_register), found);
    }
    // The search misses a value computed from a secret; the comparison finds it.
    let computed = [4, 5].map(|run| after(leaves_a_function, &random(run, 0, 1)).vectors);
    assert_eq!(residue(leaves_a_function), []);
    assert_ne!(computed[0], computed[1]);
}

/// The search knows words of a block that lie side by side with those of other blocks, as in registers.
#[test]
fn cipher_order_is_known() {
    let (key, mut secrets) = (fetched(6, 0), Secrets::default());
    secrets.add_key(&key, 8);
    let stream = keystream(&key, 0, 8);
    let lanes = [&stream[20..24], &stream[20 + BLOCK_LEN..][..4]].concat();
    assert_eq!(secrets.found_in(&lanes).count(), 1);
    assert_eq!(secrets.found_in(&[0; 64]).count(), 0);
}
