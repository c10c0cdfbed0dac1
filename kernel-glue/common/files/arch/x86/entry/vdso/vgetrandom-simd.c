// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selects the cipher of the vDSO, once at boot.
 *
 * The kernel knows which registers it enabled. User space would have to execute
 * cpuid, which traps in a virtual machine.
 */

#include <linux/build_bug.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <asm/cpu_device_id.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <vdso/vgetrandom_abi.h>
#include "vgetrandom-data.h"

/* The object is prebuilt, with these offsets. */
static_assert(offsetof(struct vdso_rng_data, generation) == VGETRANDOM_RNG_DATA_GENERATION);
static_assert(offsetof(struct vdso_rng_data, is_ready) == VGETRANDOM_RNG_DATA_IS_READY);
static_assert(offsetof(struct vdso_rng_data, simd) == VGETRANDOM_RNG_DATA_SIMD);
static_assert(sizeof(struct vdso_rng_data) == VGETRANDOM_RNG_DATA_LEN);

/* Value of vgetrandom.simd=, or negative: the processor's model decides. */
static int simd_wanted __initdata = -1;

static int __init parse_simd_wanted(char *arg)
{
	return arg ? kstrtoint(arg, 0, &simd_wanted) : -EINVAL;
}
early_param("vgetrandom.simd", parse_simd_wanted);

/*
 * Processors that have AVX2 but should not use it: glibc disables it on them,
 * under both vendor names, and GCC does not use AVX on the last one.
 *
 * Not listed: processors that lower their clock for AVX-512, because they do not
 * for light 256-bit instructions, and the cipher has no others; processors that
 * split 256-bit instructions, because they still decode half as many.
 */
static const struct x86_cpu_id slow_avx[] __initconst = {
	X86_MATCH_VENDOR_FAM_MODEL(CENTAUR, 6, 0x0f, 0),	/* ZX-C */
	X86_MATCH_VENDOR_FAM_MODEL(CENTAUR, 6, 0x19, 0),
	X86_MATCH_VENDOR_FAM_MODEL(CENTAUR, 7, 0x1b, 0),	/* WuDaoKou */
	X86_MATCH_VENDOR_FAM_MODEL(CENTAUR, 7, 0x3b, 0),	/* LuJiaZui */
	X86_MATCH_VENDOR_FAM_MODEL(ZHAOXIN, 6, 0x0f, 0),
	X86_MATCH_VENDOR_FAM_MODEL(ZHAOXIN, 6, 0x19, 0),
	X86_MATCH_VENDOR_FAM_MODEL(ZHAOXIN, 7, 0x1b, 0),
	X86_MATCH_VENDOR_FAM_MODEL(ZHAOXIN, 7, 0x3b, 0),
	{}
};

/* The widest level to use on this model, enabled by the kernel or not. */
static int __init worthwhile_simd(void)
{
	return x86_match_cpu(slow_avx) ? VGETRANDOM_SIMD_SSE2 : VGETRANDOM_SIMD_AVX512VL;
}

/*
 * Whether user space may execute @feature. The CPU feature is not enough: without
 * XSAVE, cpuid can report AVX2 although the kernel has not enabled the upper
 * halves of the registers.
 */
static bool __init usable(unsigned int feature, u64 xfeatures)
{
	return boot_cpu_has(feature) && cpu_has_xfeatures(xfeatures, NULL);
}

/* The widest level that user space may execute. */
static int __init usable_simd(void)
{
	if (!usable(X86_FEATURE_AVX2, XFEATURE_MASK_SSE | XFEATURE_MASK_YMM))
		return VGETRANDOM_SIMD_SSE2;
	if (!usable(X86_FEATURE_AVX512VL, XFEATURE_MASK_AVX512))
		return VGETRANDOM_SIMD_AVX2;
	return VGETRANDOM_SIMD_AVX512VL;
}

/*
 * An initcall: all processors are up, and boot_cpu_has() is limited to features
 * that all of them have. An earlier call from user space would read 0, SSE2, and
 * its state would stay valid, as states do not depend on the cipher.
 */
static int __init vgetrandom_simd_init(void)
{
	int wanted = simd_wanted < 0 ? worthwhile_simd() : simd_wanted;

	WRITE_ONCE(vdso_k_rng_data->simd, min(usable_simd(), wanted));
	return 0;
}
arch_initcall(vgetrandom_simd_init);
