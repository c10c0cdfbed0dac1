# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# A violation: an address depends on the first byte of the key. rdi is a state.
	movzbl	(%rdi), %eax
	movzbl	(%rdi, %rax), %eax
