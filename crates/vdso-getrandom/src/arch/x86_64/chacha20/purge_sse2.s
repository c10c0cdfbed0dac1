# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Forgets the macros of macros_sse2.s: the assembler sees all routines as one file, and each brings its own.
.purgem sse2_rotate
.purgem sse2_rotate16
.purgem sse2_quarters
.purgem sse2_exchange
.purgem sse2_add_key
.purgem sse2_add_constant
.purgem sse2_permute
.purgem sse2_store_rows
.purgem sse2_store
.purgem sse2_zero
