// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /init of the guest tests: runs the table. With "vm_fork" on the kernel command line it prepares a guest to be saved and
 * cloned instead.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "guest.h"

#define TEST(name, function) test_fn function;
#define GLUE_TEST TEST
#define DROPPABLE_TEST TEST
#include "tests.h"
#undef DROPPABLE_TEST
#undef GLUE_TEST
#undef TEST

static const char *never(void)
{
	return NULL;
}

static const char *without_glue(void)
{
	return by_getrandom() ? "the kernel has the object without the glue" : NULL;
}

static const char *with_own_droppable(void)
{
	return has_own_droppable() ? "MAP_DROPPABLE is the kernel's own" : NULL;
}

static const struct {
	const char *name;
	test_fn *run;
	/* Why this kernel cannot run it, or NULL. */
	const char *(*is_left_out)(void);
} tests[] = {
#define TEST(name, function) { #name, function, never },
#define GLUE_TEST(name, function) { #name, function, without_glue },
#define DROPPABLE_TEST(name, function) { #name, function, with_own_droppable },
#include "tests.h"
#undef DROPPABLE_TEST
#undef GLUE_TEST
#undef TEST
};

#define COUNT (sizeof(tests) / sizeof(tests[0]))

/* With "test=NAME" on the kernel command line, only the test of that name. */
static bool is_chosen(size_t i)
{
	const char *only = getenv("test");

	return !only || !strcmp(only, tests[i].name);
}

static void run_test(size_t i)
{
	const char *reason = tests[i].is_left_out();
	struct verdict verdict;

	if (reason) {
		report_skip(tests[i].name, reason);
		return;
	}
	report_begin(tests[i].name);
	/*
	 * In a child process, so that it may lower its limits, and that a crash is
	 * one failed test. Without the function all would only crash.
	 */
	verdict = vdso.vgetrandom ? in_child(tests[i].run) : fail("the vDSO has no __vdso_vgetrandom");
	report_end(tests[i].name, &verdict);
}

static void become_ready(void)
{
	unsigned char byte;

	while (getrandom(&byte, 1, 0) < 0 && errno == EINTR)
		;
}

static void run_tests(void)
{
	size_t chosen = 0;

	for (size_t i = 0; i < COUNT; i++)
		chosen += is_chosen(i);
	report_plan(chosen);
	for (size_t i = 0; i < COUNT; i++)
		if (is_chosen(i))
			run_test(i);
		else if (tests[i].run == test_becomes_ready)
			/* The tests after this one need a generator that is ready. */
			become_ready();
}

int main(void)
{
	machine_begin();
	vdso_find();
	if (getenv("vm_fork"))
		vm_fork();
	else
		run_tests();
	return machine_end();
}
