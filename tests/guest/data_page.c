// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Reads the pages that the kernel maps before the image: by loads, not by system calls. */
#include <limits.h>

#include "guest.h"

/* Linux 6.1 arch/x86/entry/vdso/vdso-layout.lds.S and arch/x86/include/asm/vvar.h. */
enum { VVAR_PAGE = -4, TIMENS_PAGE = -1, VDSO_DATA_OFFSET = 128, CLOCK_MODE_OFFSET = 4 };

static const volatile unsigned char *page(int number)
{
	return vdso.image + number * PAGE_LEN;
}

static struct rng_data rng_data_of(int number)
{
	const volatile unsigned char *data = page(number) + VGETRANDOM_RNG_DATA_OFFSET;

	return (struct rng_data){
		.generation = *(const volatile uint64_t *)(data + VGETRANDOM_RNG_DATA_GENERATION),
		.is_ready = data[VGETRANDOM_RNG_DATA_IS_READY],
		.simd = data[VGETRANDOM_RNG_DATA_SIMD],
	};
}

struct rng_data rng_data(void)
{
	return rng_data_of(VVAR_PAGE);
}

struct rng_data timens_rng_data(void)
{
	return rng_data_of(TIMENS_PAGE);
}

bool in_time_namespace(void)
{
	/* VDSO_CLOCKMODE_TIMENS of include/vdso/clocksource.h. */
	return *(const volatile int *)(page(VVAR_PAGE) + VDSO_DATA_OFFSET + CLOCK_MODE_OFFSET) == INT_MAX;
}
