// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask boot`: the guest's tests on a kernel with glue, once for each processor that the dispatch distinguishes,
//! and clones of a saved guest.

use super::console::Failure;
use super::qemu::{self, Machine};
use super::vm_fork::{self, SCENARIOS, Scenario};
use super::{console, guest, test_kernel};
use crate::packages::{self, Tier};
use crate::{process, progress, workspace};
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One boot.
#[derive(Debug)]
struct Variant {
    /// What it is called in the output.
    name: &'static str,
    cpu: &'static str,
    append: &'static str,
    expected: Expected,
}

/// What must come of a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// Every test passes.
    Pass,
    /// Every test fails, in good order: the proof that the verdict of the other boots means something.
    EveryTestFails {
        /// Why it must.
        because: &'static str,
    },
}

/// The boots. `max` is everything that TCG emulates, which ends at AVX2.
const VARIANTS: [Variant; 7] = [
    Variant { name: "max", cpu: "max", append: "expect_simd=1", expected: Expected::Pass },
    Variant { name: "no-avx2", cpu: "max,-avx2", append: "expect_simd=0", expected: Expected::Pass },
    // The processor claims AVX2 here, and the kernel never enabled the upper halves.
    Variant { name: "no-xsave", cpu: "max,-xsave", append: "expect_simd=0", expected: Expected::Pass },
    // The administrator's word stands above the processor's.
    Variant { name: "lowered", cpu: "max", append: "vgetrandom.simd=0 expect_simd=0", expected: Expected::Pass },
    // A model that has AVX2 and that the glue's list keeps from it, and the administrator's word above the list.
    Variant { name: "slow-avx", cpu: SLOW_AVX, append: "expect_simd=0", expected: Expected::Pass },
    Variant { name: "raised", cpu: SLOW_AVX, append: "vgetrandom.simd=1 expect_simd=1", expected: Expected::Pass },
    // The same kernel, with no vDSO in any process.
    Variant {
        name: "no-vdso",
        cpu: "max",
        append: "vdso=0",
        expected: Expected::EveryTestFails { because: "without a vDSO" },
    },
];

/// Everything that TCG emulates, under the name of one of those models.
const SLOW_AVX: &str = "max,vendor=CentaurHauls,family=6,model=15";

/// Words of the kernel's command line for every boot: nothing may seed the generator fully before the tests begin,
/// because some of them are about a generator that is not ready.
const NOT_SEEDED: &str = "random.trust_cpu=off random.trust_bootloader=off";

/// The names of all boots.
fn names() -> impl Iterator<Item = &'static str> {
    VARIANTS.iter().map(|variant| variant.name).chain(SCENARIOS.iter().map(|scenario| scenario.name))
}

/// Options of `cargo xtask boot`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BootArgs {
    /// Take the kernel's source from this tree, which is only read, instead of the Debian package.
    #[arg(long, value_name = "TREE")]
    pub kernel: Option<PathBuf>,
    /// Boot this finished image (bzImage) instead of building one.
    #[arg(long, value_name = "FILE", conflicts_with = "kernel")]
    pub image: Option<PathBuf>,
    /// Only this boot: a processor, or a machine that is saved and cloned; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
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

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
    }
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
    let wanted = |name: &str| options.cpu.is_empty() || options.cpu.iter().any(|wanted| wanted == name);
    for variant in VARIANTS.iter().filter(|variant| wanted(variant.name)) {
        total.add(boot(variant, &kernel, &initramfs)?);
    }
    for scenario in SCENARIOS.iter().filter(|scenario| wanted(scenario.name)) {
        total.add(clone(scenario, &kernel, &initramfs)?);
    }
    println!("boot: {} passed, {} failed", total.passed, total.failures.len());
    Ok(total)
}

fn boot(variant: &Variant, kernel: &Path, initramfs: &Path) -> anyhow::Result<Counts> {
    let Variant { name, cpu, append, expected } = *variant;
    let append = format!("{NOT_SEEDED} {append}");
    let machine = Machine {
        kernel,
        initramfs,
        cpu,
        append: &append,
        console: super::target().join(format!("console-{name}.log")),
    };
    let run = {
        let _spinner = progress::spinner("Booting", format_args!("{name} (-cpu {cpu})"));
        machine.run()?
    };
    let verdict = meet(expected, console::judge(&run.console, run.ended));
    report(name, verdict, run.elapsed, &machine.console)
}

/// Saves a machine and judges its clones.
fn clone(scenario: &Scenario, kernel: &Path, initramfs: &Path) -> anyhow::Result<Counts> {
    let name = scenario.name;
    let expected = match scenario.hears {
        true => Expected::Pass,
        false => Expected::EveryTestFails { because: "in a kernel that is not told" },
    };
    let outcome = {
        let _spinner = progress::spinner("Cloning", name);
        vm_fork::run(scenario, kernel, initramfs, NOT_SEEDED)?
    };
    report(name, meet(expected, outcome.verdict), outcome.elapsed, &outcome.console)
}

/// Prints what came of a boot, the end of its console where something was wrong.
fn report(
    name: &str,
    verdict: Result<(usize, String), Failure>,
    elapsed: Duration,
    console: &Path,
) -> anyhow::Result<Counts> {
    let seconds = elapsed.as_secs_f32();
    let failure = match verdict {
        Ok((passed, words)) => {
            println!("boot {name}: {words}, {seconds:.1} s");
            return Ok(Counts { passed, failures: Vec::new() });
        }
        Err(failure) => failure,
    };
    println!("boot {name}: FAILED, {seconds:.1} s");
    for reason in failure.reasons() {
        println!("  {reason}");
    }
    let text = qemu::read_console(console)?;
    println!("the end of {}:\n{}", workspace::shown(console), process::tail(&text));
    let failures = failure.reasons().map(|reason| format!("boot {name}: {reason}")).collect();
    Ok(Counts { passed: failure.passed, failures })
}

/// How many tests a boot counts for and what to say of it, if it came out as expected.
fn meet(expected: Expected, verdict: Result<usize, Failure>) -> Result<(usize, String), Failure> {
    match (expected, verdict) {
        (Expected::Pass, Ok(passed)) => Ok((passed, format!("{passed} passed, 0 failed"))),
        (Expected::Pass, Err(failure)) => Err(failure),
        (Expected::EveryTestFails { .. }, Ok(passed)) => {
            Err(Failure::broken(format!("all {passed} tests passed, and every one had to fail: they do not test")))
        }
        (Expected::EveryTestFails { because }, Err(failure)) if failure.passed == 0 && failure.broken.is_empty() => {
            Ok((1, format!("all {} tests failed, as they must {because}", failure.failed.len())))
        }
        (Expected::EveryTestFails { .. }, Err(mut failure)) => {
            if failure.passed > 0 {
                failure.broken.push(format!("{} tests passed that had to fail", failure.passed));
            }
            Err(Failure { passed: 0, failed: Vec::new(), broken: failure.broken })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(passed: usize, failed: &[&str], broken: &[&str]) -> Failure {
        let own = |words: &[&str]| words.iter().map(|&words| words.to_owned()).collect();
        Failure { passed, failed: own(failed), broken: own(broken) }
    }

    #[test]
    fn an_ordinary_boot_must_pass() {
        assert_eq!(meet(Expected::Pass, Ok(7)).unwrap().0, 7);
        let failure = failure(6, &["fork: equal bytes"], &[]);
        assert_eq!(meet(Expected::Pass, Err(failure.clone())), Err(failure));
    }

    #[test]
    fn a_control_must_fail_in_every_test_and_in_good_order() {
        let meet = |verdict| meet(Expected::EveryTestFails { because: "without a vDSO" }, verdict);
        assert_eq!(meet(Err(failure(0, &["a: no vDSO", "b: no vDSO"], &[]))).unwrap().0, 1);
        for wrong in [
            Ok(2),
            Err(failure(1, &["a: no vDSO"], &[])),
            Err(failure(0, &[], &["no verdict"])),
            Err(failure(0, &["a: no vDSO"], &["hung in b: the time is over"])),
        ] {
            let failure = meet(wrong).unwrap_err();
            assert!(failure.passed == 0 && !failure.broken.is_empty(), "{failure:?}");
        }
    }
}
