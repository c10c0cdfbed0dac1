// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The outcome of one test. */
#include <stdarg.h>
#include <stdio.h>

#include "guest.h"

static struct verdict verdict(bool passed, const char *format, va_list args)
{
	struct verdict verdict = { .passed = passed };

	vsnprintf(verdict.text, sizeof(verdict.text), format, args);
	return verdict;
}

struct verdict pass(const char *figures, ...)
{
	struct verdict result;
	va_list args;

	va_start(args, figures);
	result = verdict(true, figures, args);
	va_end(args);
	return result;
}

struct verdict fail(const char *reason, ...)
{
	struct verdict result;
	va_list args;

	va_start(args, reason);
	result = verdict(false, reason, args);
	va_end(args);
	return result;
}
