// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chooses the cipher of the vDSO, once at boot.
 *
 * The kernel knows what it enabled; user space would have to ask cpuid, which
 * traps under virtualisation.
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

/* The object is prebuilt: what it reads must be where it looks. */
static_assert(offsetof(struct vdso_rng_data, generation) == VGETRANDOM_RNG_DATA_GENERATION);
static_assert(offsetof(struct vdso_rng_data, is_ready) == VGETRANDOM_RNG_DATA_IS_READY);
static_assert(offsetof(struct vdso_rng_data, simd) == VGETRANDOM_RNG_DATA_SIMD);
static_assert(sizeof(struct vdso_rng_data) == VGETRANDOM_RNG_DATA_LEN);

/* What vgetrandom.simd= says; negative: nothing, so the processor's model decides. */
static int simd_wanted __initdata = -1;

static int __init parse_simd_wanted(char *arg)
{
	return arg ? kstrtoint(arg, 0, &simd_wanted) : -EINVAL;
}
early_param("vgetrandom.simd", parse_simd_wanted);

/*
 * Processors that have AVX2 and better do without: glibc hides it on them under
 * either name of the vendor, and GCC does not use AVX on the last one.
 *
 * Absent with a reason: processors whose clock falls with AVX-512, which keep it
 * for light instructions of 256 bits, and the cipher has no others; processors
 * that run 256-bit instructions as two halves, which still decode half as many.
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

/* The widest level that pays on this model, enabled or not. */
static int __init worthwhile_simd(void)
{
	return x86_match_cpu(slow_avx) ? VGETRANDOM_SIMD_SSE2 : VGETRANDOM_SIMD_AVX512VL;
}

/*
 * Whether user space may execute @feature. The processor's word is not enough:
 * without XSAVE, cpuid can report AVX2 while the upper halves of the registers
 * are not enabled.
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
 * An initcall, because by then all processors are up and the boot processor's
 * features are only those that all have. Any call of user space before it would
 * see 0, SSE2: states do not depend on the cipher.
 */
static int __init vgetrandom_simd_init(void)
{
	int wanted = simd_wanted < 0 ? worthwhile_simd() : simd_wanted;

	WRITE_ONCE(vdso_k_rng_data->simd, min(usable_simd(), wanted));
	return 0;
}
arch_initcall(vgetrandom_simd_init);
