// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Mappings and accounting of this process, from /proc/self. */
#include <stdio.h>
#include <string.h>

#include "guest.h"

bool vma_at(const void *address, struct vma *vma)
{
	unsigned long wanted = (unsigned long)address, start, end;
	char line[512], permissions[5];
	bool inside = false, found = false;
	FILE *smaps = fopen("/proc/self/smaps", "r");

	if (!smaps)
		return false;
	while (!(found && !inside) && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) == 3) {
			inside = start <= wanted && wanted < end;
			if (!inside)
				continue;
			found = true;
			memset(vma, 0, sizeof(*vma));
			vma->start = start;
			vma->end = end;
			strcpy(vma->permissions, permissions);
		} else if (inside) {
			sscanf(line, "Rss: %lu", &vma->rss_kb);
			sscanf(line, "Locked: %lu", &vma->locked_kb);
			sscanf(line, "Swap: %lu", &vma->swap_kb);
			sscanf(line, "AnonHugePages: %lu", &vma->huge_kb);
			/* Each flag is followed by a space, the last one too. */
			sscanf(line, "VmFlags:%127[^\n]", vma->vm_flags);
		}
	}
	fclose(smaps);
	return found;
}

size_t vmas_named(const char *name, struct vma *vmas, size_t room)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	size_t count = 0;

	while (maps && count < room && fgets(line, sizeof(line), maps)) {
		const char *found = strchr(line, '[');
		struct vma *vma = &vmas[count];

		if (found && !strncmp(found, name, strlen(name)) &&
		    sscanf(line, "%lx-%lx %4s", &vma->start, &vma->end, vma->permissions) == 3)
			count++;
	}
	if (maps)
		fclose(maps);
	return count;
}

bool vma_has(const struct vma *vma, const char *vm_flag)
{
	char word[8];

	snprintf(word, sizeof(word), " %s ", vm_flag);
	return strstr(vma->vm_flags, word);
}

long locked_kb(void)
{
	char line[256];
	long locked = -1;
	FILE *status = fopen("/proc/self/status", "r");

	if (!status)
		return -1;
	while (locked < 0 && fgets(line, sizeof(line), status))
		sscanf(line, "VmLck: %ld", &locked);
	fclose(status);
	return locked;
}

uint64_t mappings_hash(void)
{
	/* Static, so that reading maps no memory. FNV-1a. */
	static unsigned char text[32768];
	uint64_t hash = 0xcbf29ce484222325;
	FILE *maps = fopen("/proc/self/maps", "r");
	size_t len;

	if (!maps)
		return 0;
	setvbuf(maps, NULL, _IONBF, 0);
	len = fread(text, 1, sizeof(text), maps);
	fclose(maps);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ text[i]) * 0x100000001b3;
	return hash;
}
