// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Functions of the C library, where the program has one.

#![expect(unsafe_code, reason = "functions of the C library by address")]

use crate::arch::linker::libc_functions;
use core::ffi::{c_int, c_ulong, c_void};

/// `pthread_key_t` of glibc and musl.
pub type Key = u32;
/// The function that the C library calls in a thread that exits.
pub type Destructor = unsafe extern "C" fn(*mut c_void);

type KeyCreate = unsafe extern "C" fn(*mut Key, Option<Destructor>) -> c_int;
type SetSpecific = unsafe extern "C" fn(Key, *const c_void) -> c_int;
type GetAuxVal = unsafe extern "C" fn(c_ulong) -> c_ulong;

/// Declares a function that converts one address of the table to a function of type `$of`.
macro_rules! by_address {
    ($name:ident, $index:literal, $of:ty) => {
        fn $name() -> Option<$of> {
            let address = libc_functions()[$index];
            // SAFETY: the address of the function of this name, which the C library declares with this type, or 0.
            unsafe { core::mem::transmute::<usize, Option<$of>>(address) }
        }
    };
}
by_address!(pthread_key_create, 0, KeyCreate);
by_address!(pthread_setspecific, 1, SetSpecific);
by_address!(getauxval, 2, GetAuxVal);

/// Whether the program has a C library with threads.
pub fn has_threads() -> bool {
    pthread_key_create().is_some() && pthread_setspecific().is_some()
}

/// Creates a key; `None` where the C library has no more of them.
pub fn create_key(destructor: Destructor) -> Option<Key> {
    let mut key = 0;
    // SAFETY: `key` outlives the call, and the destructor is a function.
    let result = unsafe { pthread_key_create()?(&raw mut key, Some(destructor)) };
    (result == 0).then_some(key)
}

/// Stores the value of a key in this thread; returns whether that worked.
pub fn set_specific(key: Key, value: *const c_void) -> bool {
    // SAFETY: `create_key` made the key.
    pthread_setspecific().is_some_and(|set| unsafe { set(key, value) } == 0)
}

/// One entry of the auxiliary vector, 0 where it has none; `None` without a C library.
pub fn auxiliary_value(tag: usize) -> Option<usize> {
    // SAFETY: any tag is valid.
    Some(unsafe { getauxval()?(tag as c_ulong) } as usize)
}
