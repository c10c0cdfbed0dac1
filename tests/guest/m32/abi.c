// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A 32-bit process: no vgetrandom, and a vDSO that works as before. Freestanding. */
#include "../other_abi_program.h"

#define NR_EXIT 1
#define NR_CLOCK_GETTIME 265

static long system_call(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

ABI_MAIN

__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall abi_main\n\thlt");
