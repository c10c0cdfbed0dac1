# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Forgets the macros of macros_avx2.s: the assembler sees all routines as one file, and each brings its own.
.purgem avx2_rotate
.purgem avx2_quarters
.purgem avx2_exchange
.purgem avx2_add_key
.purgem avx2_constant
.purgem avx2_add_constant
.purgem avx2_permute
.purgem avx2_store_half
.purgem avx2_store
