// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask boot`: the guest's tests on a kernel with glue, once for each processor that the dispatch distinguishes.

use super::qemu::Machine;
use super::{console, guest, test_kernel};
use crate::packages::{self, Tier};
use crate::{process, progress, workspace};
use std::path::{Path, PathBuf};

/// One boot.
#[derive(Debug)]
struct Variant {
    /// What it is called in the output.
    name: &'static str,
    cpu: &'static str,
    append: &'static str,
}

/// The boots. `max` is everything that TCG emulates, which ends at AVX2.
const VARIANTS: [Variant; 3] = [
    Variant { name: "max", cpu: "max", append: "expect_simd=1" },
    Variant { name: "no-avx2", cpu: "max,-avx2", append: "expect_simd=0" },
    // The processor claims AVX2 here, and the kernel never enabled the upper halves.
    Variant { name: "no-xsave", cpu: "max,-xsave", append: "expect_simd=0" },
];

/// Options of `cargo xtask boot`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BootArgs {
    /// Take the kernel's source from this tree, which is only read, instead of the Debian package.
    #[arg(long, value_name = "TREE")]
    pub kernel: Option<PathBuf>,
    /// Boot this finished image (bzImage) instead of building one.
    #[arg(long, value_name = "FILE", conflicts_with = "kernel")]
    pub image: Option<PathBuf>,
    /// Boot with this processor only; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = VARIANTS.map(|variant| variant.name))]
    pub cpu: Vec<String>,
    /// Do not install missing packages.
    #[arg(long)]
    pub no_install: bool,
}

/// What the boots came to.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Tests that passed, over all boots.
    pub passed: usize,
    /// Every test that failed and everything else that was wrong, over all boots.
    pub failures: Vec<String>,
}

/// Sees to it that everything that the boots need is there.
///
/// # Errors
/// Something is missing; the message names it and the command that would install it.
pub fn require(options: &BootArgs) -> anyhow::Result<()> {
    let tiers: &[Tier] = match (&options.image, &options.kernel) {
        (Some(_), _) => &[Tier::Guest],
        (None, Some(_)) => &[Tier::Guest, Tier::KernelBuild],
        (None, None) => &[Tier::Guest, Tier::KernelBuild, Tier::KernelSource],
    };
    packages::require(tiers, !options.no_install)
}

/// Builds kernel and guest where something changed, boots each variant, and prints one line for each and the verdict.
///
/// # Errors
/// Something is missing, or the kernel or the guest cannot be built or started.
pub fn run(options: &BootArgs, object: &Path) -> anyhow::Result<Counts> {
    require(options)?;
    let initramfs = guest::build()?;
    let kernel = match &options.image {
        Some(image) => fs_err::canonicalize(image)?,
        None => test_kernel::build(options.kernel.as_deref(), object)?,
    };

    let mut total = Counts::default();
    let wanted = |variant: &&Variant| options.cpu.is_empty() || options.cpu.iter().any(|name| name == variant.name);
    for variant in VARIANTS.iter().filter(wanted) {
        let counts = boot(variant, &kernel, &initramfs)?;
        total.passed += counts.passed;
        total.failures.extend(counts.failures);
    }
    println!("boot: {} passed, {} failed", total.passed, total.failures.len());
    Ok(total)
}

fn boot(variant: &Variant, kernel: &Path, initramfs: &Path) -> anyhow::Result<Counts> {
    let Variant { name, cpu, append } = *variant;
    let machine =
        Machine { kernel, initramfs, cpu, append, console: super::target().join(format!("console-{name}.log")) };
    let run = {
        let _spinner = progress::spinner("Booting", format_args!("{name} (-cpu {cpu})"));
        machine.run()?
    };
    let seconds = run.elapsed.as_secs_f32();
    match console::judge(&run.console, run.ended) {
        Ok(passed) => {
            println!("boot {name}: {passed} passed, 0 failed, {seconds:.1} s");
            Ok(Counts { passed, failures: Vec::new() })
        }
        Err(failure) => {
            println!("boot {name}: FAILED, {seconds:.1} s");
            for reason in &failure.reasons {
                println!("  {reason}");
            }
            println!("the end of {}:\n{}", workspace::shown(&machine.console), process::tail(&run.console));
            let failures = failure.reasons.iter().map(|reason| format!("boot {name}: {reason}")).collect();
            Ok(Counts { passed: failure.passed, failures })
        }
    }
}
