// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* An interactive shell on the console. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

/* /dev/console cannot be a controlling terminal, and without one Ctrl-C does not stop a program. */
static void take_terminal(void)
{
	int terminal;

	setsid();
	mknod("/dev/ttyS0", S_IFCHR | 0600, makedev(4, 64));
	terminal = open("/dev/ttyS0", O_RDWR);
	if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0))
		return;
	for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
		dup2(terminal, standard);
}

int run_shell(void)
{
	pid_t child = fork();

	if (!child) {
		take_terminal();
		setenv("PS1", "guest# ", 1);
		execl("/usr/bin/busybox", "sh", "-c",
		      "busybox --install -s /usr/bin; echo 'clients: list the clients, clients NAME: run one'; exec sh -i",
		      (char *)NULL);
		printf("no shell: errno %d\n", errno);
		_exit(1);
	}
	/* As process 1 this also reaps orphans. */
	for (pid_t ended = 0; ended != child && (ended >= 0 || errno == EINTR);)
		ended = wait(NULL);
	return reboot(RB_AUTOBOOT);
}
