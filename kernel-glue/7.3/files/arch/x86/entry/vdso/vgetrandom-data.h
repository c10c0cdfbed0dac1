/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where this kernel line has the random number generator's shared data.
 */
#ifndef _VGETRANDOM_DATA_H
#define _VGETRANDOM_DATA_H

#include <vdso/datapage.h>

#endif /* _VGETRANDOM_DATA_H */
