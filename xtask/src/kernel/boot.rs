// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask boot`: the contract's tests on a kernel with glue, once for each processor that the dispatch distinguishes,
//! clones of a saved guest, and unmodified clients on it.

use super::console::Failure;
use super::qemu::{self, Machine};
use super::suite::Suite;
use super::vm_fork::{self, SCENARIOS, Scenario};
use super::{clients, console, test_kernel};
use crate::packages::{self, Tier};
use crate::{process, progress, workspace};
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One boot.
#[derive(Debug)]
struct Variant {
    /// What it is called in the output.
    name: &'static str,
    suite: Suite,
    cpu: &'static str,
    append: &'static str,
    expected: Expected,
}

impl Variant {
    /// A boot in which every test of the contract must pass.
    const fn contract(name: &'static str, cpu: &'static str, append: &'static str) -> Self {
        Self { name, suite: Suite::Contract, cpu, append, expected: Expected::Pass }
    }

    /// A boot in which every client must behave as `append` says.
    const fn clients(name: &'static str, append: &'static str) -> Self {
        Self { name, suite: Suite::Clients, cpu: "max", append, expected: Expected::Pass }
    }
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
const VARIANTS: [Variant; 9] = [
    Variant::contract("max", "max", "expect_simd=1"),
    Variant::contract("no-avx2", "max,-avx2", "expect_simd=0"),
    // The processor claims AVX2 here, and the kernel never enabled the upper halves.
    Variant::contract("no-xsave", "max,-xsave", "expect_simd=0"),
    // The administrator's word stands above the processor's.
    Variant::contract("lowered", "max", "vgetrandom.simd=0 expect_simd=0"),
    // A model that has AVX2 and that the glue's list keeps from it, and the administrator's word above the list.
    Variant::contract("slow-avx", SLOW_AVX, "expect_simd=0"),
    Variant::contract("raised", SLOW_AVX, "vgetrandom.simd=1 expect_simd=1"),
    // The same kernel, with no vDSO in any process.
    Variant {
        expected: Expected::EveryTestFails { because: "without a vDSO" },
        ..Variant::contract("no-vdso", "max", "vdso=0")
    },
    Variant::clients("clients", "expect_vdso=1"),
    // The control: every draw must be seen as a system call.
    Variant::clients("clients-no-vdso", "vdso=0 expect_vdso=0"),
];

/// Everything that TCG emulates, under the name of one of those models.
const SLOW_AVX: &str = "max,vendor=CentaurHauls,family=6,model=15";

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
    /// Only this boot: a processor, a machine that is saved and cloned, or the clients; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(names()))]
    pub cpu: Vec<String>,
    /// Run only this client; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(clients::names()))]
    pub client: Vec<String>,
    /// Run no test, but a shell on this terminal in a guest with the clients.
    #[arg(long, conflicts_with = "client")]
    pub shell: bool,
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
    /// What could not be run, and why.
    pub skipped: Vec<String>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.skipped.extend(other.skipped);
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

/// Builds guests and kernel where something changed, boots each variant, and prints one line for each and the verdict.
///
/// # Errors
/// Something is missing, or the kernel or a guest cannot be built or started.
pub fn run(options: &BootArgs, object: &Path) -> anyhow::Result<Counts> {
    anyhow::ensure!(
        options.boots(Suite::Contract) || options.boots(Suite::Clients),
        "no boot is left: clients run in those that are called `clients` and `clients-no-vdso`"
    );
    require(options)?;
    if options.shell {
        let initramfs = Suite::Clients.build()?;
        return shell(options, &kernel(options, object)?, &initramfs).map(|()| Counts::default());
    }

    let mut total = Counts::default();
    let mut guests = Vec::new();
    for suite in Suite::ALL.into_iter().filter(|suite| options.boots(*suite)) {
        match suite.fetch() {
            // Who asked for it by name wants to know; in a run of everything the rest can still be run.
            Err(error) if options.is_everything() => total.skipped.push(format!("boots of clients: {error:#}")),
            fetched => guests.push((suite, fetched.and_then(|()| suite.build())?)),
        }
    }
    let kernel = kernel(options, object)?;
    for (suite, initramfs) in guests {
        for variant in options.variants().filter(|variant| variant.suite == suite) {
            total.add(boot(variant, options, &kernel, &initramfs)?);
        }
        for scenario in options.scenarios().filter(|_| suite == Suite::Contract) {
            total.add(clone(scenario, suite, &kernel, &initramfs)?);
        }
    }
    for skipped in &total.skipped {
        println!("not run: {skipped}");
    }
    println!("boot: {} passed, {} failed", total.passed, total.failures.len());
    Ok(total)
}

/// The image that is booted.
fn kernel(options: &BootArgs, object: &Path) -> anyhow::Result<PathBuf> {
    match &options.image {
        Some(image) => Ok(fs_err::canonicalize(image)?),
        None => test_kernel::build(options.kernel.as_deref(), object),
    }
}

impl BootArgs {
    /// The boots that are asked for.
    fn variants(&self) -> impl Iterator<Item = &'static Variant> {
        let of_clients = |variant: &&Variant| self.client.is_empty() || variant.suite == Suite::Clients;
        VARIANTS.iter().filter(|variant| self.names(variant.name)).filter(of_clients)
    }

    /// The machines that are to be saved and cloned.
    fn scenarios(&self) -> impl Iterator<Item = &'static Scenario> {
        SCENARIOS.iter().filter(|scenario| self.client.is_empty() && self.names(scenario.name))
    }

    /// Whether any of them runs this suite; machines are cloned with the contract's.
    fn boots(&self, suite: Suite) -> bool {
        self.variants().any(|variant| variant.suite == suite)
            || suite == Suite::Contract && self.scenarios().next().is_some()
    }

    fn names(&self, boot: &str) -> bool {
        self.cpu.is_empty() || self.cpu.iter().any(|name| name == boot)
    }

    fn is_everything(&self) -> bool {
        self.cpu.is_empty() && self.client.is_empty()
    }

    /// The kernel's command line for a boot.
    fn append(&self, variant: &Variant) -> String {
        let mut words = vec![variant.suite.append().to_owned(), variant.append.to_owned()];
        if !self.client.is_empty() {
            words.push(format!("client={}", self.client.join(",")));
        }
        words.join(" ")
    }
}

/// A guest with the clients for a person to look around in, as the first of the wanted boots has it.
fn shell(options: &BootArgs, kernel: &Path, initramfs: &Path) -> anyhow::Result<()> {
    let variant = options.variants().next().context("a saved machine has no shell; name a processor")?;
    let machine = Machine {
        kernel,
        initramfs,
        cpu: variant.cpu,
        append: &format!("{} {} shell=1", Suite::Clients.append(), variant.append),
        console: PathBuf::new(),
    };
    progress::line("Booting", format_args!("{} (-cpu {}); `exit` or Ctrl-A X ends it", variant.name, variant.cpu));
    machine.run_on_terminal()
}

fn boot(variant: &Variant, options: &BootArgs, kernel: &Path, initramfs: &Path) -> anyhow::Result<Counts> {
    let Variant { name, cpu, expected, .. } = *variant;
    let append = options.append(variant);
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
fn clone(scenario: &Scenario, suite: Suite, kernel: &Path, initramfs: &Path) -> anyhow::Result<Counts> {
    let name = scenario.name;
    let expected = match scenario.hears {
        true => Expected::Pass,
        false => Expected::EveryTestFails { because: "in a kernel that is not told" },
    };
    let outcome = {
        let _spinner = progress::spinner("Cloning", name);
        vm_fork::run(scenario, kernel, initramfs, suite.append())?
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
            return Ok(Counts { passed, ..Counts::default() });
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
    Ok(Counts { passed: failure.passed, failures, ..Counts::default() })
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
    fn a_client_is_run_with_and_without_the_vdso_and_nothing_else_is() {
        let options = BootArgs { client: vec!["go".into(), "glibc".into()], ..BootArgs::default() };
        let lines: Vec<String> = options.variants().map(|variant| options.append(variant)).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.ends_with(" client=go,glibc")), "{lines:?}");
        assert!(!lines[0].contains("vdso=0 ") && lines[1].contains("vdso=0 "), "{lines:?}");
        assert_eq!(options.scenarios().count(), 0);
        let everything = BootArgs::default();
        assert_eq!((everything.variants().count(), everything.scenarios().count()), (VARIANTS.len(), SCENARIOS.len()));
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
