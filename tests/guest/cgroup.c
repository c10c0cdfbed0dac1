// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* A memory cgroup for a test. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"

static char directory[64];

bool write_file(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);
	ssize_t put = file < 0 ? -1 : write(file, text, strlen(text));

	if (file >= 0)
		close(file);
	return put == (ssize_t)strlen(text);
}

bool cgroup_create(const char *name)
{
	mkdir("/cgroup", 0755);
	if (mount("cgroup2", "/cgroup", "cgroup2", 0, NULL) && errno != EBUSY)
		return false;
	snprintf(directory, sizeof(directory), "/cgroup/%s", name);
	return write_file("/cgroup/cgroup.subtree_control", "+memory") && !mkdir(directory, 0755);
}

bool cgroup_join(void)
{
	return cgroup_set("cgroup.procs", "0");
}

bool cgroup_set(const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return write_file(path, value);
}

long cgroup_events(const char *event)
{
	char path[128], line[64], name[32];
	long count = -1, value;
	FILE *events;

	snprintf(path, sizeof(path), "%s/memory.events", directory);
	events = fopen(path, "r");
	if (!events)
		return -1;
	while (fgets(line, sizeof(line), events))
		if (sscanf(line, "%31s %ld", name, &value) == 2 && !strcmp(name, event))
			count = value;
	fclose(events);
	return count;
}

void cgroup_reclaim(void)
{
	/* Requests more than the cgroup has, so the write fails with EAGAIN after reclaim. */
	cgroup_set("memory.reclaim", "1G");
}
