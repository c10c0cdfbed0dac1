// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* unlocked COMMAND…: runs a command without CAP_IPC_LOCK and with RLIMIT_MEMLOCK 0. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "draws.h"

enum { UID_NOBODY = 65534 };

int main(int argc, char **argv)
{
	static const struct rlimit none = { 0 };
	static char page;

	if (argc < 2)
		die("usage: unlocked COMMAND...");
	if (setrlimit(RLIMIT_MEMLOCK, &none) || setgid(UID_NOBODY) || setuid(UID_NOBODY))
		die("cannot be lowered: errno %d", errno);
	if (!mlock(&page, 1))
		die("a page can be locked");
	execv(argv[1], argv + 1);
	die("%s cannot be started: errno %d", argv[1], errno);
}
