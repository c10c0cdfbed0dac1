// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps generators in user space in step with the kernel's: publishes each
 * reseeding in the page of shared data, and sees to it that one happens.
 */

#include <linux/workqueue.h>
#include <asm/barrier.h>
#include <vdso/rng_data.h>
#include "random_vdso.h"

static void reseed(struct work_struct *work);
static DECLARE_DELAYED_WORK(reseed_work, reseed);

/**
 * random_vdso_publish - tell user space that its keys are outdated
 * @generation: generation of the base key, never ULONG_MAX
 *
 * To be called after the base key and its generation changed, and before
 * anybody who waits for the first full seeding is woken.
 */
void random_vdso_publish(unsigned long generation)
{
	/*
	 * Whoever sees the new number has to get a key that derives from the
	 * new base key: pairs with the vDSO's read barrier between generation
	 * and getrandom(). The kernel counts from 0, which in the page means
	 * that there was no seeding yet.
	 */
	smp_store_release(&_vdso_rng_data.generation, generation + 1);
	/* Ready promises a valid generation, so it comes second. */
	smp_store_release(&_vdso_rng_data.is_ready, 1);
}

/*
 * Without this, the base key would only be replaced on behalf of consumers in
 * the kernel. When they reseed first, the timer finds the key young enough and
 * waits for the rest of its interval.
 */
static void reseed(struct work_struct *work)
{
	queue_delayed_work(system_unbound_wq, &reseed_work, crng_reseed_if_due());
}

/**
 * random_vdso_start_reseeding - start the timer
 *
 * To be called when the generator is ready and work queues exist; once is
 * enough, and more does no harm. The timer stands still during suspend;
 * random.c reseeds on resumption, and where it does not, with PM_AUTOSLEEP, the
 * timer goes on with the interval that it was in.
 */
void random_vdso_start_reseeding(void)
{
	queue_delayed_work(system_unbound_wq, &reseed_work, 0);
}
