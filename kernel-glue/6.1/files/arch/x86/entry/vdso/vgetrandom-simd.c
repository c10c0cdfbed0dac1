// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chooses the cipher of the vDSO, once at boot.
 *
 * The kernel knows what it enabled; user space would have to ask cpuid, which
 * traps under virtualisation.
 */

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <vdso/rng_data.h>
#include <vdso/vgetrandom_abi.h>

/* What vgetrandom.simd= allows. */
static u8 simd_limit __initdata = U8_MAX;

static int __init parse_simd_limit(char *arg)
{
	return arg ? kstrtou8(arg, 0, &simd_limit) : -EINVAL;
}
early_param("vgetrandom.simd", parse_simd_limit);

/*
 * Whether user space may execute @feature. The processor's word is not enough:
 * without XSAVE, cpuid can report AVX2 while the upper halves of the registers
 * are not enabled.
 */
static bool __init usable(unsigned int feature, u64 xfeatures)
{
	return boot_cpu_has(feature) && cpu_has_xfeatures(xfeatures, NULL);
}

static u8 __init widest_simd(void)
{
	if (!usable(X86_FEATURE_AVX2, XFEATURE_MASK_SSE | XFEATURE_MASK_YMM))
		return VGETRANDOM_SIMD_SSE2;
	if (!usable(X86_FEATURE_AVX512VL, XFEATURE_MASK_AVX512))
		return VGETRANDOM_SIMD_AVX2;
	return VGETRANDOM_SIMD_AVX512VL;
}

/* Any call before this one sees 0, SSE2: states do not depend on the cipher. */
static int __init vgetrandom_simd_init(void)
{
	WRITE_ONCE(_vdso_rng_data.simd, min(widest_simd(), simd_limit));
	return 0;
}
arch_initcall(vgetrandom_simd_init);
