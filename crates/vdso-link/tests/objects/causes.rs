// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The named causes are the real ones: Rust that falls into each trap, through the real compiler.

use vdso_fixtures::object::{compile, verdict};

/// Asserts that an object made from `source` gets a finding of `rule` whose cause holds `words`.
fn assert_cause(source: &str, options: &[&str], rule: &str, words: &str) {
    let source = format!("#![allow(unsafe_op_in_unsafe_fn)]\n{source}");
    let verdict = verdict(compile(&source, options)).expect("a readable object");
    let report = verdict.expect_err("a rule finds something");
    let found = report.findings().any(|finding| finding.rule == rule && finding.cause.contains(words));
    assert!(found, "no finding of {rule} with {words:?} in\n{report}");
}

#[test]
fn an_extern_static_goes_through_the_got() {
    let source = "unsafe extern \"C\" { static vvar__vdso_data: u64; }
        #[unsafe(no_mangle)] unsafe fn f() -> u64 { vvar__vdso_data }";
    assert_cause(source, &[], "relocations/kind", "`extern` static");
}

#[test]
fn an_extern_function_is_called_through_the_got() {
    let source = "unsafe extern \"C\" { fn other(); }
        #[unsafe(no_mangle)] unsafe fn f() { other(); other(); }";
    assert_cause(source, &[], "code/indirect", "`extern` function");
}

#[test]
fn a_zeroing_loop_calls_memset() {
    let source = "#[unsafe(no_mangle)] unsafe fn f(p: *mut u8, n: usize) { for i in 0..n { *p.add(i) = 0; } }";
    assert_cause(source, &[], "symbols/undefined", "a zeroing or copying loop");
}

#[test]
fn comparing_arrays_calls_memcmp() {
    let source = "#[unsafe(no_mangle)] fn f(a: &[u8; 100], b: &[u8; 100]) -> bool { a == b }";
    assert_cause(source, &[], "symbols/undefined", "`==` on arrays");
}

#[test]
fn indexing_can_panic() {
    let source = "#[unsafe(no_mangle)] fn f(a: &[u8], i: usize) -> u8 { a[i] }";
    assert_cause(source, &[], "symbols/undefined", "slice indexing");
}

#[test]
fn a_match_becomes_a_jump_table() {
    let source = "#[unsafe(no_mangle)] fn f(x: u32, g: fn(u32)) {
            match x { 0 => g(7), 1 => g(1 << x), 2 => {}, 3 => { g(1); g(x) }, 4 => { g(2); g(9) }, 5 => g(3), _ => g(0) }
        }";
    assert_cause(source, &[], "code/indirect", "jump table");
}

#[test]
fn a_static_model_writes_absolute_addresses() {
    let source = "static TABLE: [u8; 64] = [7; 64];
        #[unsafe(no_mangle)] unsafe fn f(i: usize) -> u8 { core::hint::black_box(*TABLE.as_ptr().add(i)) }
        #[unsafe(no_mangle)] fn g() -> *const u8 { TABLE.as_ptr() }";
    assert_cause(source, &["relocation-model=static"], "relocations/kind", "relocation-model=static");
}

#[test]
fn a_static_mut_is_writable_data() {
    let source = "static mut COUNT: u32 = 1; #[unsafe(no_mangle)] unsafe fn f() -> u32 { COUNT += 1; COUNT }";
    assert_cause(source, &[], "sections/writable", "`static mut`");
}

#[test]
fn an_address_in_a_constant_is_absolute() {
    let source = "#[unsafe(no_mangle)] static NUMBERS: [&u8; 2] = [&1, &2];";
    assert_cause(source, &[], "relocations/kind", "an address in a constant");
}

#[test]
fn a_private_table_of_addresses_becomes_relative() {
    let source = "static NAMES: [&str; 2] = [\"a\", \"b\"]; #[unsafe(no_mangle)] unsafe fn f(i: usize) -> u8 {
            *NAMES.as_ptr().add(i).read().as_ptr()
        }";
    assert_cause(source, &[], "relocations/target", "a table of addresses");
}
