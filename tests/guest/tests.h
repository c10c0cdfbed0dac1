/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * All tests, in the order in which they run: TEST(name, function). The name of
 * a test begins with the clause of docs/contract.md that it proves.
 *
 * The ones about readiness come first, because the generator becomes ready only
 * once; then those that wait for the timer, whose interval grows with uptime.
 */
TEST(e5_not_ready, test_not_ready)
TEST(becomes_ready, test_becomes_ready)
TEST(reseed_by_time, test_reseed_by_time)
TEST(reseed_by_ioctl, test_reseed_by_ioctl)
TEST(exports, test_exports)
TEST(note, test_note)
TEST(simd, test_simd)
TEST(a1_alloc_rounding, test_alloc_rounding)
TEST(a2_alloc_properties, test_alloc_properties)
TEST(a2_alloc_on_fault, test_alloc_on_fault)
TEST(a5_alloc_free, test_alloc_free)
TEST(a1_alloc_bad_flags, test_alloc_bad_flags)
TEST(a1_alloc_bad_pointers, test_alloc_bad_pointers)
TEST(a1_alloc_too_many, test_alloc_too_many)
TEST(a4_limit_zero, test_limit_zero)
TEST(a4_limit_exceeded, test_limit_exceeded)
TEST(a4_limit_address_space, test_limit_address_space)
TEST(counter_control, test_counter_control)
TEST(many_draws, test_many_draws)
TEST(long_draws, test_long_draws)
TEST(e4_e7_flags, test_flags)
TEST(e9_null_state, test_null_state)
TEST(a3_fork_wipes, test_fork_wipes)
TEST(a3_fork_keeps_lock, test_fork_keeps_lock)
TEST(fork_lookalike, test_fork_lookalike)
TEST(fork_streams, test_fork_streams)
TEST(threads, test_threads)
TEST(s2_time_namespace, test_time_namespace)
TEST(unwind, test_unwind)
TEST(a6_abi_m32, test_abi_m32)
TEST(a6_abi_mx32, test_abi_mx32)
