// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* An x32 process: no vgetrandom, and a vDSO that works as before. Freestanding. */
#include "../other_abi_program.h"

/* Linux arch/x86/include/uapi/asm/unistd.h, __X32_SYSCALL_BIT. */
#define X32_BIT 0x40000000
#define NR_EXIT 60
#define NR_CLOCK_GETTIME 228

static long system_call(long nr, long a, long b, long c)
{
	long long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long long)(nr | X32_BIT)), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

ABI_MAIN

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall abi_main\n\thlt");
