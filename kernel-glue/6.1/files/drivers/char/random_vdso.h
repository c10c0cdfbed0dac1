/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface between random.c and random_vdso.c only.
 */
#ifndef _CHAR_RANDOM_VDSO_H
#define _CHAR_RANDOM_VDSO_H

/* Defined in random.c; called by the timer. */
unsigned long crng_reseed_if_due(void);

#ifdef CONFIG_VDSO_GETRANDOM
void random_vdso_publish(unsigned long generation);
void random_vdso_start_reseeding(void);
#else
static inline void random_vdso_publish(unsigned long generation) { }
static inline void random_vdso_start_reseeding(void) { }
#endif

#endif /* _CHAR_RANDOM_VDSO_H */
