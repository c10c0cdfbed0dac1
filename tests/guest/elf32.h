/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The parts of a 32-bit ELF image that a lookup in its dynamic symbol table reads (System V ABI, chapters 4 and 5).
 *
 * No libc header: <elf.h> needs the headers of a 32-bit libc, which only multilib packages bring.
 */
#ifndef ELF32_H
#define ELF32_H

#include <stdint.h>

enum { PT_DYNAMIC = 2 };
enum { DT_NULL = 0, DT_HASH = 4, DT_STRTAB = 5, DT_SYMTAB = 6 };
enum { SHN_UNDEF = 0 };
enum { AT_NULL = 0, AT_SYSINFO_EHDR = 33 };

struct elf32_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf32_segment {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct elf32_dynamic {
	int32_t tag;
	uint32_t value;
};

struct elf32_symbol {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t shndx;
};

/* An entry of the auxiliary vector; x32 has the same one. */
struct elf32_auxv {
	uint32_t type, value;
};

_Static_assert(sizeof(struct elf32_header) == 52, "ELF header of the 32-bit class");
_Static_assert(sizeof(struct elf32_segment) == 32, "program header of the 32-bit class");
_Static_assert(sizeof(struct elf32_dynamic) == 8, "dynamic entry of the 32-bit class");
_Static_assert(sizeof(struct elf32_symbol) == 16, "symbol of the 32-bit class");

#endif /* ELF32_H */
