//! The native and the kernel tier of the tests.
