// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The image's exports and note, and the cipher that the kernel selected. */
#include <stdlib.h>
#include <sys/syscall.h>

#include "guest.h"

struct verdict test_exports(void)
{
	REQUIRE(vdso_function("vgetrandom") == (void *)vdso.vgetrandom, "vgetrandom is not __vdso_vgetrandom");
	REQUIRE(vdso.getrandom, "__vdso_getrandom is not exported");
	REQUIRE(vdso_function("getrandom") == (void *)vdso.getrandom, "getrandom is not __vdso_getrandom");
	return pass("4 names at LINUX_2.6");
}

struct verdict test_note(void)
{
	REQUIRE(vdso.alloc_nr >= 0, "no note of owner %s", VGETRANDOM_NOTE_OWNER);
	return pass("number %ld", vdso.alloc_nr);
}

/* The host knows the processor that it emulates: "expect_simd=N" on the kernel command line. */
struct verdict test_simd(void)
{
	const char *expected = getenv("expect_simd");
	unsigned int simd = rng_data().simd;

	REQUIRE(expected, "no expect_simd= on the kernel command line");
	REQUIRE(simd == strtoul(expected, NULL, 10), "the data page says %u instead of %s", simd, expected);
	return pass("%u", simd);
}
