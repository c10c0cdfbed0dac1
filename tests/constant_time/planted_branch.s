# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# A violation: time depends on the first byte of the key. rdi is a state.
	cmpb	$0, (%rdi)
	je	1f
	nop
1:
