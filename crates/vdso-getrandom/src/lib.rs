// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `getrandom()` for the Linux vDSO, as one relocatable object.
#![no_std]
