/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* A memory cgroup, by which a test controls memory pressure. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>

/* Makes a cgroup of this name. The functions below use it. */
bool cgroup_create(const char *name);
/* Moves the calling process into it permanently. Memory charged before stays where it is. */
bool cgroup_join(void);
/* Writes a file of the cgroup, such as memory.max. */
bool cgroup_set(const char *file, const char *value);
/* A counter of the file memory.events, or -1. */
long cgroup_events(const char *event);
/* Reclaims everything that can be reclaimed from the cgroup. */
void cgroup_reclaim(void);

/* Writes a file of /proc or /sys. */
bool write_file(const char *path, const char *text);

#endif /* CGROUP_H */
