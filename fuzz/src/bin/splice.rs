// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! [`Target::Splice`] under libFuzzer.
#![no_main]

vdso_fuzz_targets::fuzz!(Splice);
