// SPDX-License-Identifier: GPL-2.0-only
/*
 * Publishes each reseed of the kernel's generator in the data page, and reseeds
 * it by a timer.
 */

#include <linux/workqueue.h>
#include <asm/barrier.h>
#include <vdso/rng_data.h>
#include "random_vdso.h"

static void reseed(struct work_struct *work);
static DECLARE_DELAYED_WORK(reseed_work, reseed);

/**
 * random_vdso_publish - publish that keys in user space are outdated
 * @generation: generation of the base key, never ULONG_MAX
 *
 * Call this after the base key and its generation change, and before threads
 * that wait for the first full seeding are woken.
 */
void random_vdso_publish(unsigned long generation)
{
	/*
	 * A call that reads the new number must get a key derived from the
	 * new base key: pairs with the vDSO's read barrier between generation
	 * and getrandom(). The kernel counts from 0, which in the data page
	 * means that the generator is not seeded yet.
	 */
	smp_store_release(&_vdso_rng_data.generation, generation + 1);
	/* is_ready implies a valid generation, so it is stored second. */
	smp_store_release(&_vdso_rng_data.is_ready, 1);
}

/*
 * Without the timer, only draws of kernel code would replace the base key. If one
 * of them reseeds first, the timer waits for the rest of the key's interval.
 */
static void reseed(struct work_struct *work)
{
	queue_delayed_work(system_unbound_wq, &reseed_work, crng_reseed_if_due());
}

/**
 * random_vdso_start_reseeding - start the timer
 *
 * Call this when the generator is ready and work queues exist. Further calls
 * have no effect. The timer stops during suspend. random.c reseeds on resume;
 * with PM_AUTOSLEEP it does not, and the timer continues its interval.
 */
void random_vdso_start_reseeding(void)
{
	queue_delayed_work(system_unbound_wq, &reseed_work, 0);
}
