/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Swap on a RAM disk, which tests can search for written pages. */
#ifndef SWAP_H
#define SWAP_H

#include <stdbool.h>

#define SWAP_DEVICE "/dev/ram0"

/* Empties the disk and starts to swap on it. Returns false with errno. */
bool swap_start(void);
/* Reads all pages back and stops swapping. */
bool swap_stop(void);

#endif /* SWAP_H */
