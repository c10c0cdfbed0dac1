// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Reads the data pages, which the kernel maps before the image. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

/* Offset of clock_mode in the data of the clocks (Linux include/vdso/datapage.h, all series so far). */
enum { CLOCK_MODE_OFFSET = 4 };

/* Addresses of the data in each kernel series, as negative offsets from the image. */
static const struct layout {
	ptrdiff_t start, clocks, rng, timens_rng;
	bool swaps; /* whether a time namespace swaps the page with the generator's data */
} layouts[] = {
	/* Linux 6.1 and 6.12: arch/x86/entry/vdso/vdso-layout.lds.S, arch/x86/include/asm/vvar.h. */
	{
		.start = -4 * PAGE_LEN,
		.clocks = -4 * PAGE_LEN + 128,
		.rng = -4 * PAGE_LEN + VGETRANDOM_RNG_DATA_OFFSET,
		.timens_rng = -PAGE_LEN + VGETRANDOM_RNG_DATA_OFFSET,
		.swaps = true,
	},
	/* Linux 7.3: arch/x86/include/asm/vdso/vsyscall.h, include/vdso/datapage.h. */
	{
		.start = -6 * PAGE_LEN,
		.clocks = -6 * PAGE_LEN,
		.rng = -4 * PAGE_LEN,
		.timens_rng = -4 * PAGE_LEN,
	},
};

/* Returns the start of [vvar], which identifies the layout. */
static const unsigned char *first_page(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start = 0;
	char line[256];

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar]") && sscanf(line, "%lx", &start) == 1)
			break;
	if (maps)
		fclose(maps);
	return (const unsigned char *)start;
}

/* Layout of the running kernel, or NULL if it is not in the table. */
static const struct layout *layout;

void data_page_find(void)
{
	const unsigned char *start = first_page();

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (vdso.image + layouts[i].start == start)
			layout = &layouts[i];
}

struct verdict test_data_page(void)
{
	REQUIRE(layout, "the image is at %p, [vvar] at %p: no known layout", vdso.image, first_page());
	return pass("%td pages, the generator's data at %td", layout->start / -PAGE_LEN, layout->rng);
}

static struct rng_data rng_data_at(ptrdiff_t offset)
{
	const volatile unsigned char *data = vdso.image + offset;

	return (struct rng_data){
		.generation = *(const volatile uint64_t *)(data + VGETRANDOM_RNG_DATA_GENERATION),
		.is_ready = data[VGETRANDOM_RNG_DATA_IS_READY],
		.simd = data[VGETRANDOM_RNG_DATA_SIMD],
	};
}

struct rng_data rng_data(void)
{
	return rng_data_at(layout->rng);
}

struct rng_data timens_rng_data(void)
{
	return rng_data_at(layout->timens_rng);
}

bool timens_swaps_rng_data(void)
{
	return layout->swaps;
}

bool in_time_namespace(void)
{
	/* VDSO_CLOCKMODE_TIMENS of include/vdso/clocksource.h. */
	return *(const volatile int *)(vdso.image + layout->clocks + CLOCK_MODE_OFFSET) == INT_MAX;
}
