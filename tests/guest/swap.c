// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Swap on a RAM disk. */
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest.h"
#include "swap.h"

/* The header in the first page (Linux include/linux/swap.h, union swap_header). */
enum { VERSION_AT = 1024, LAST_PAGE_AT = 1028, MAGIC_AT = PAGE_LEN - 10 };

static bool write_header(int disk)
{
	static unsigned char header[PAGE_LEN];
	uint32_t version = 1, last_page;
	uint64_t bytes;

	if (ioctl(disk, BLKGETSIZE64, &bytes))
		return false;
	last_page = (uint32_t)(bytes / PAGE_LEN) - 1;
	memcpy(header + VERSION_AT, &version, sizeof(version));
	memcpy(header + LAST_PAGE_AT, &last_page, sizeof(last_page));
	memcpy(header + MAGIC_AT, "SWAPSPACE2", 10);
	return pwrite(disk, header, sizeof(header), 0) == sizeof(header) && !fsync(disk);
}

bool swap_start(void)
{
	bool ready;
	int disk;

	mknod(SWAP_DEVICE, S_IFBLK | 0600, makedev(1, 0));
	disk = open(SWAP_DEVICE, O_RDWR);
	if (disk < 0)
		return false;
	/* A RAM disk that is flushed forgets everything. */
	ready = !ioctl(disk, BLKFLSBUF, 0) && write_header(disk);
	close(disk);
	return ready && !swapon(SWAP_DEVICE, 0);
}

bool swap_stop(void)
{
	return !swapoff(SWAP_DEVICE);
}
