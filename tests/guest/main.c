// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * /init of the contract's tests: runs the table of them. With "vm_fork" on the kernel command line it is the machine to be
 * saved and cloned instead.
 */
#include <stdlib.h>

#include "guest.h"

#define TEST(name, function) test_fn function;
#define GLUE_TEST TEST
#define DROPPABLE_TEST TEST
#include "tests.h"
#undef DROPPABLE_TEST
#undef GLUE_TEST
#undef TEST

static bool never(void)
{
	return false;
}

static const struct {
	const char *name;
	test_fn *run;
	bool (*is_left_out)(void);
} tests[] = {
#define TEST(name, function) { #name, function, never },
#define GLUE_TEST(name, function) { #name, function, by_getrandom },
#define DROPPABLE_TEST(name, function) { #name, function, has_own_droppable },
#include "tests.h"
#undef DROPPABLE_TEST
#undef GLUE_TEST
#undef TEST
};

static void run_tests(void)
{
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct verdict verdict;

		if (tests[i].is_left_out())
			continue;
		report_begin(tests[i].name);
		/*
		 * In a process of its own, so that it may lower its limits, and that a
		 * crash is one failed test. Without the function all would only crash.
		 */
		verdict = vdso.vgetrandom ? in_child(tests[i].run)
					  : fail("the vDSO has no __vdso_vgetrandom");
		report_end(tests[i].name, &verdict);
	}
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
