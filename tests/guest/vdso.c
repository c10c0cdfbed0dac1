// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Finds functions and notes in the image that the kernel mapped, as a client without a libc does. */
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "guest.h"

struct vdso vdso = { .alloc_nr = -1 };

static const char version_name[] = "LINUX_2.6";

static const ElfW(Phdr) *segment(unsigned int type)
{
	const ElfW(Ehdr) *header = (const void *)vdso.image;
	const ElfW(Phdr) *segments = (const void *)(vdso.image + header->e_phoff);

	for (unsigned int i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == type)
			return &segments[i];
	return NULL;
}

size_t vdso_image_len(void)
{
	const ElfW(Phdr) *load = segment(PT_LOAD);

	return load ? load->p_memsz : 0;
}

/* The image is linked at address 0, so that values in it are offsets. */
static const void *dynamic(ElfW(Sxword) tag)
{
	const ElfW(Phdr) *entries = segment(PT_DYNAMIC);

	if (!entries)
		return NULL;
	for (const ElfW(Dyn) *entry = (const void *)(vdso.image + entries->p_vaddr);
	     entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return vdso.image + entry->d_un.d_ptr;
	return NULL;
}

static bool is_our_version(unsigned int index)
{
	const ElfW(Verdef) *definition = dynamic(DT_VERDEF);
	const char *strings = dynamic(DT_STRTAB);

	while (definition) {
		const ElfW(Verdaux) *name = (const void *)((const char *)definition + definition->vd_aux);

		if (definition->vd_ndx == index)
			return !strcmp(strings + name->vda_name, version_name);
		if (!definition->vd_next)
			break;
		definition = (const void *)((const char *)definition + definition->vd_next);
	}
	return false;
}

void *vdso_function(const char *name)
{
	const ElfW(Sym) *symbols = dynamic(DT_SYMTAB);
	const ElfW(Word) *hash = dynamic(DT_HASH);
	const ElfW(Half) *versions = dynamic(DT_VERSYM);
	const char *strings = dynamic(DT_STRTAB);

	if (!symbols || !hash || !versions || !strings)
		return NULL;
	/* The second word of the hash table is the number of symbols. */
	for (ElfW(Word) i = 0; i < hash[1]; i++)
		if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC &&
		    symbols[i].st_shndx != SHN_UNDEF &&
		    !strcmp(strings + symbols[i].st_name, name) &&
		    is_our_version(versions[i] & 0x7fff))
			return (void *)(vdso.image + symbols[i].st_value);
	return NULL;
}

static long note_number(void)
{
	const ElfW(Phdr) *notes = segment(PT_NOTE);
	const unsigned char *at = notes ? vdso.image + notes->p_vaddr : NULL;
	const unsigned char *end = notes ? at + notes->p_memsz : NULL;

	while (at && at + sizeof(ElfW(Nhdr)) <= end) {
		const ElfW(Nhdr) *note = (const void *)at;
		const char *owner = (const char *)(note + 1);
		const unsigned char *desc = (const unsigned char *)owner + ((note->n_namesz + 3) & ~3u);
		uint32_t number;

		if (note->n_type == VGETRANDOM_NOTE_TYPE_ALLOC_NR &&
		    note->n_namesz == sizeof(VGETRANDOM_NOTE_OWNER) &&
		    note->n_descsz == sizeof(number) &&
		    !memcmp(owner, VGETRANDOM_NOTE_OWNER, sizeof(VGETRANDOM_NOTE_OWNER))) {
			memcpy(&number, desc, sizeof(number));
			return number;
		}
		at = desc + ((note->n_descsz + 3) & ~3u);
	}
	return -1;
}

bool by_getrandom(void)
{
	const char *interface = getenv("interface");

	return interface && !strcmp(interface, "getrandom");
}

static ssize_t draw_by_getrandom(void *buffer, size_t len, unsigned int flags, void *state)
{
	return vdso.getrandom(buffer, len, flags, state, VGETRANDOM_STATE_LEN);
}

void vdso_find(void)
{
	vdso.image = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);
	if (!vdso.image)
		return;
	data_page_find();
	vdso.getrandom = (getrandom_fn *)vdso_function("__vdso_getrandom");
	vdso.vgetrandom = by_getrandom() ? draw_by_getrandom : (vgetrandom_fn *)vdso_function("__vdso_vgetrandom");
	vdso.alloc_nr = note_number();
}
