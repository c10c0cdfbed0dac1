/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Shared code of the programs of the other ABIs. Both are ELFCLASS32 and have no libc. Each
 * defines system_call() and its numbers, and starts at _start with the initial stack.
 */
#ifndef OTHER_ABI_PROGRAM_H
#define OTHER_ABI_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf32.h"
#include "other_abi.h"

static long system_call(long nr, long a, long b, long c);

static const unsigned char *image;

static const void *dynamic(int32_t tag)
{
	const struct elf32_header *header = (const void *)image;
	const struct elf32_segment *segments = (const void *)(image + header->phoff);

	for (unsigned int i = 0; i < header->phnum; i++) {
		if (segments[i].type != PT_DYNAMIC)
			continue;
		for (const struct elf32_dynamic *entry = (const void *)(image + segments[i].vaddr); entry->tag != DT_NULL;
		     entry++)
			if (entry->tag == tag)
				return image + entry->value;
	}
	return NULL;
}

static bool equal(const char *left, const char *right)
{
	while (*left && *left == *right)
		left++, right++;
	return *left == *right;
}

static const void *function(const char *name)
{
	const struct elf32_symbol *symbols = dynamic(DT_SYMTAB);
	const uint32_t *hash = dynamic(DT_HASH);
	const char *strings = dynamic(DT_STRTAB);

	/* The second word of the hash table is the number of symbols. */
	for (uint32_t i = 0; symbols && hash && strings && i < hash[1]; i++)
		if (symbols[i].shndx != SHN_UNDEF && equal(strings + symbols[i].name, name))
			return image + symbols[i].value;
	return NULL;
}

static long number(const char *digits)
{
	long value = 0;

	while (*digits >= '0' && *digits <= '9')
		value = 10 * value + *digits++ - '0';
	return value;
}

/* struct timespec of these ABIs; x32 has 64-bit members, of which the low half comes first. */
struct clock {
#ifdef __x86_64__
	int64_t seconds, nanoseconds;
#else
	int32_t seconds, nanoseconds;
#endif
};

typedef int clock_gettime_fn(int clock, struct clock *now);

static enum abi_status check_clock(long nr)
{
	enum { CLOCK_MONOTONIC = 1, SECONDS_APART = 1 };
	clock_gettime_fn *clock_gettime = (clock_gettime_fn *)(uintptr_t)function("__vdso_clock_gettime");
	struct clock fast = { 0 }, slow = { 0 };

	if (!clock_gettime)
		return NO_CLOCK;
	if (clock_gettime(CLOCK_MONOTONIC, &fast))
		return CLOCK_FAILED;
	system_call(nr, CLOCK_MONOTONIC, (long)(uintptr_t)&slow, 0);
	/* Both run from boot; the machine may pause between the two calls. */
	if (!fast.seconds || slow.seconds < fast.seconds || slow.seconds - fast.seconds > SECONDS_APART)
		return CLOCK_WRONG;
	return ABI_OK;
}

static enum abi_status check(const uintptr_t *stack, long nr_clock_gettime)
{
	enum { ENOSYS_NR = 38 };
	uintptr_t arguments = stack[0];
	const char *const *argv = (const char *const *)(stack + 1);
	const struct elf32_auxv *auxv;
	uint32_t num[2] = { 1, 0 }, size[2] = { 0, 0 };

	if (arguments < 2)
		return NO_NUMBER;
	if (system_call(number(argv[1]), (long)(uintptr_t)num, (long)(uintptr_t)size, 0) != -ENOSYS_NR)
		return NOT_ENOSYS;

	/* The auxiliary vector follows the arguments and the environment, which end with NULL each. */
	for (stack += arguments + 2; *stack; stack++)
		;
	for (auxv = (const void *)(stack + 1); auxv->type != AT_NULL; auxv++)
		if (auxv->type == AT_SYSINFO_EHDR)
			image = (const unsigned char *)(uintptr_t)auxv->value;
	if (!image)
		return NO_VDSO;
	if (function("__vdso_vgetrandom") || function("vgetrandom"))
		return HAS_VGETRANDOM;
	return check_clock(nr_clock_gettime);
}

#define ABI_MAIN                                                                     \
	__attribute__((used)) static void abi_main(const uintptr_t *stack)           \
	{                                                                                \
		system_call(NR_EXIT, check(stack, NR_CLOCK_GETTIME), 0, 0);              \
	}

#endif /* OTHER_ABI_PROGRAM_H */
