// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Memory limits give clean errors. Each test lowers its privileges and limits permanently. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

enum { STATES_PER_PAGE = PAGE_LEN / VGETRANDOM_STATE_LEN };

bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	return !syscall(SYS_capset, &header, none);
}

bool set_limit(int resource, rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

	return !setrlimit(resource, &limit);
}

bool stay_on_this_processor(void)
{
	int processor = sched_getcpu();
	cpu_set_t one;

	if (processor < 0)
		return false;
	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	return !sched_setaffinity(0, sizeof(one), &one);
}

/* Makes a call that must fail and leave outputs, mappings and accounting unchanged. */
static struct verdict refused(size_t wanted, int reason)
{
	uint64_t before = mappings_hash();
	size_t num = wanted, size = 77;
	long locked = locked_kb();
	long got = vgetrandom_alloc(&num, &size, 0);

	REQUIRE(got == -1 && errno == reason, "%zu states returned %#lx, errno %d instead of %d", wanted, got, errno,
		reason);
	REQUIRE(num == wanted && size == 77, "an output was written");
	REQUIRE(mappings_hash() == before, "something stays mapped");
	REQUIRE(locked_kb() == locked, "%ld KiB stay accounted as locked", locked_kb() - locked);
	return pass("errno %d", reason);
}

struct verdict test_limit_zero(void)
{
	REQUIRE(set_limit(RLIMIT_MEMLOCK, 0) && drop_capabilities(), "cannot lower: errno %d", errno);
	return refused(1, EPERM);
}

struct verdict test_limit_exceeded(void)
{
	struct states states;

	REQUIRE(set_limit(RLIMIT_MEMLOCK, PAGE_LEN) && drop_capabilities(), "cannot lower: errno %d", errno);
	struct verdict verdict = refused(STATES_PER_PAGE + 1, EAGAIN);

	if (!verdict.passed)
		return verdict;
	states = states_alloc(STATES_PER_PAGE);
	REQUIRE(states.first != MAP_FAILED, "the page that is allowed: errno %d", errno);
	verdict = refused(1, EAGAIN);
	if (!verdict.passed)
		return verdict;
	REQUIRE(!states_free(&states), "munmap: errno %d", errno);
	states = states_alloc(1);
	REQUIRE(states.first != MAP_FAILED, "the same page once more: errno %d", errno);
	return pass("1 page allowed, 2 refused with errno %d", EAGAIN);
}

struct verdict test_limit_address_space(void)
{
	/* Less than is mapped already, so no page fits. */
	REQUIRE(set_limit(RLIMIT_AS, PAGE_LEN), "cannot lower: errno %d", errno);
	size_t num = 1, size = 77;
	long got = vgetrandom_alloc(&num, &size, 0);

	REQUIRE(got == -1 && errno == ENOMEM, "returned %#lx, errno %d", got, errno);
	REQUIRE(num == 1 && size == 77, "an output was written");
	return pass("errno %d", ENOMEM);
}
