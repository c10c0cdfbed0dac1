// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Memory for states, from the system call in the note or mapped with the flags of the size probe. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

enum { STATES_PER_PAGE = PAGE_LEN / VGETRANDOM_STATE_LEN };

long vgetrandom_alloc(size_t *num, size_t *size_per_each, unsigned int flags)
{
	return syscall(vdso.alloc_nr, num, size_per_each, flags);
}

struct states states_alloc(size_t num)
{
	struct states states = { .num = num };

	if (by_getrandom()) {
		states.size_per_each = VGETRANDOM_STATE_LEN;
		states.num = (num + STATES_PER_PAGE - 1) / STATES_PER_PAGE * STATES_PER_PAGE;
		states.first = droppable_map(states_len(&states));
		return states;
	}
	states.first = (unsigned char *)vgetrandom_alloc(&states.num, &states.size_per_each, 0);
	return states;
}

size_t states_len(const struct states *states)
{
	return states->num * states->size_per_each;
}

int states_free(const struct states *states)
{
	return munmap(states->first, states_len(states));
}
