# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The additional function of Linux 6.11 and newer.

	.text
	.globl	__vdso_getrandom
	.weak	getrandom
	.type	__vdso_getrandom, @function
	.type	getrandom, @function
	.p2align 4
__vdso_getrandom:
	.cfi_startproc
	.cfi_signal_frame
	mov	$-38, %rax
	ret
	.cfi_endproc
	.size	__vdso_getrandom, . - __vdso_getrandom
	.set	getrandom, __vdso_getrandom
