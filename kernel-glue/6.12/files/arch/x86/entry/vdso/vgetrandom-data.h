/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Includes the header that declares the generator's shared data in this series.
 */
#ifndef _VGETRANDOM_DATA_H
#define _VGETRANDOM_DATA_H

#include <vdso/datapage.h>

/* The name in later kernel series. */
#define vdso_k_rng_data (&_vdso_rng_data)

#endif /* _VGETRANDOM_DATA_H */
