// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Counts getrandom system calls. A seccomp filter reports each call and lets it
 * proceed once the report is read. All threads and children inherit the filter,
 * and unlike a debugger it changes nothing else about them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

struct run {
	char *const *command;
	/* Descriptor that replaces the standard output and error of the command. */
	int output;
	/* Descriptor that delivers reports; set before the command starts. */
	int listener;
	pthread_barrier_t listening;
	int status;
};

/* Installs the filter for this thread and its children. Returns the listener's descriptor, or -1. */
static int report_getrandom(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog filter = { .len = sizeof(program) / sizeof(program[0]), .filter = program };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
}

/* Runs in a separate thread: the thread that reads the reports must not have the filter. */
static void *start(void *argument)
{
	struct run *run = argument;
	pid_t child;

	run->listener = report_getrandom();
	pthread_barrier_wait(&run->listening);
	if (run->listener < 0)
		return NULL;
	child = fork();
	if (!child) {
		dup2(run->output, STDOUT_FILENO);
		dup2(run->output, STDERR_FILENO);
		execvp(run->command[0], run->command);
		dprintf(STDOUT_FILENO, "%s did not start: errno %d\n", run->command[0], errno);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &run->status, 0) != child)
		run->status = -1;
	return NULL;
}

/* Returns when no process has the filter any more. */
static long count_reports(int listener)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	long calls = 0;

	while (poll(&ready, 1, -1) == 1 && ready.revents & POLLIN) {
		struct seccomp_notif report = { 0 };
		struct seccomp_notif_resp pass = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

		/* A signal has interrupted the call: the kernel drops the report. */
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &report))
			continue;
		calls++;
		pass.id = report.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &pass);
	}
	return calls;
}

struct counted run_counted(char *const command[], int output)
{
	struct counted counted = { .calls = -1 };
	struct run run = { .command = command, .output = output, .status = -1 };
	pthread_t thread;

	pthread_barrier_init(&run.listening, NULL, 2);
	if (pthread_create(&thread, NULL, start, &run))
		return counted;
	pthread_barrier_wait(&run.listening);
	if (run.listener >= 0)
		counted.calls = count_reports(run.listener);
	pthread_join(thread, NULL);
	close(run.listener);
	counted.status = run.status;
	return counted;
}

bool has_ended_well(const struct counted *run)
{
	return run->calls >= 0 && WIFEXITED(run->status) && !WEXITSTATUS(run->status);
}
