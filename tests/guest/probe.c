// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The size probe of __vdso_getrandom, and memory mapped with its flags, as C libraries do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "guest.h"

struct opaque_params opaque_params(void)
{
	struct opaque_params params = { 0 };

	if (!vdso.getrandom || vdso.getrandom(NULL, 0, 0, &params, ~0UL))
		memset(&params, 0, sizeof(params));
	return params;
}

unsigned char *droppable_map(size_t len)
{
	struct opaque_params params = opaque_params();

	if (!params.size_of_opaque_state) {
		errno = ENOSYS;
		return MAP_FAILED;
	}
	return mmap(NULL, len, (int)params.mmap_prot, (int)params.mmap_flags, -1, 0);
}

bool has_own_droppable(void)
{
	unsigned int version = 0, patchlevel = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &version, &patchlevel) != 2)
		return false;
	return version > 6 || (version == 6 && patchlevel >= 11);
}

struct verdict test_probe(void)
{
	struct opaque_params params;

	REQUIRE(vdso.getrandom, "the vDSO has no __vdso_getrandom");
	/* Every byte is to be written, the reserved ones with zeros. */
	memset(&params, 0xff, sizeof(params));
	REQUIRE(!vdso.getrandom(NULL, 0, 0, &params, ~0UL), "the probe fails");
	REQUIRE(params.size_of_opaque_state == VGETRANDOM_STATE_LEN, "a state of %u bytes",
		params.size_of_opaque_state);
	REQUIRE(params.mmap_prot == VGETRANDOM_STATE_MMAP_PROT, "protection %#x", params.mmap_prot);
	REQUIRE(params.mmap_flags == VGETRANDOM_STATE_MMAP_FLAGS, "flags %#x", params.mmap_flags);
	for (size_t i = 0; i < sizeof(params.reserved) / sizeof(params.reserved[0]); i++)
		REQUIRE(!params.reserved[i], "reserved word %zu is %#x", i, params.reserved[i]);
	return pass("%u bytes, protection %#x, flags %#x", params.size_of_opaque_state, params.mmap_prot,
		    params.mmap_flags);
}
