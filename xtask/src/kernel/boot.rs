// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask boot`: on a kernel of each line the contract's tests, once for each processor that the dispatch
//! distinguishes, clones of a saved guest, and unmodified clients.

use super::clients;
use super::console::{self, Failure};
use super::qemu::{self, Machine};
use super::selection::{Built, Kernel, Selected, Selection};
use super::suite::Suite;
use super::test_kernel::Content;
use super::tree::SELFTEST_LINE;
use super::variants::{self, Expected, VARIANTS, Variant};
use super::verifier_hook;
use super::vm_fork::{self, SCENARIOS, Scenario};
use crate::digest::sha256;
use crate::packages::{self, Tier};
use crate::{process, progress, workspace};
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options of `cargo xtask boot`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BootArgs {
    /// Which kernels.
    #[command(flatten)]
    pub selection: Selection,
    /// Only this boot: a processor, a machine that is saved and cloned, or the clients; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(variants::names()))]
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
    let mut tiers = options.selection.tiers()?;
    tiers.extend([Tier::Guest, Tier::KernelSource(SELFTEST_LINE)]);
    packages::require(&tiers, !options.no_install)
}

/// Builds guests and kernels where something changed, boots each variant, and prints one line for each and the verdict.
///
/// # Errors
/// Something is missing, or a kernel or a guest cannot be built or started.
pub fn run(options: &BootArgs, object: &Path) -> anyhow::Result<Counts> {
    anyhow::ensure!(
        options.boots(Suite::Contract) || options.boots(Suite::Clients),
        "no boot is left: clients run in those that are called `clients` and `clients-no-vdso`"
    );
    require(options)?;
    // Without a boot that is wanted, a kernel need not be built.
    let is_booted = |kernel: &Selected| options.boots_of(kernel.content).next().is_some();
    let kernels: Vec<Selected> = options.selection.kernels()?.into_iter().filter(is_booted).collect();
    if options.shell {
        let initramfs = Suite::Clients.build()?;
        let kernel = kernels.first().context("no kernel has such a boot; name another line")?.build(object)?;
        return shell(options, &kernel, &initramfs).map(|()| Counts::default());
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
    let wanted = sha256(&fs_err::read(object)?);
    for selected in kernels {
        let kernel = selected.build(object)?;
        if let Some(built) = &kernel.built {
            total.add(same_object(&selected, &built.object, &wanted));
            if selected.content == Content::Glue && options.is_everything() {
                total.add(verifier_is_heard(built));
            }
        }
        for (suite, initramfs) in &guests {
            let of_kernel = |variant: &&Variant| variant.content == selected.content && variant.suite == *suite;
            for variant in options.variants().filter(of_kernel) {
                total.add(boot(variant, options, &kernel, initramfs)?);
            }
            let is_cloned = selected.content == Content::Glue && *suite == Suite::Contract;
            for scenario in options.scenarios().filter(|_| is_cloned) {
                total.add(clone(scenario, *suite, &kernel, initramfs)?);
            }
        }
    }
    for skipped in &total.skipped {
        println!("not run: {skipped}");
    }
    println!("boot: {} passed, {} failed", total.passed, total.failures.len());
    Ok(total)
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

    /// The boots and clones of kernels with this content, by their names.
    fn boots_of(&self, content: Content) -> impl Iterator<Item = &'static str> {
        let variants = self.variants().filter(move |variant| variant.content == content);
        let scenarios = self.scenarios().filter(move |_| content == Content::Glue);
        variants.map(|variant| variant.name).chain(scenarios.map(|scenario| scenario.name))
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
fn shell(options: &BootArgs, kernel: &Kernel, initramfs: &Path) -> anyhow::Result<()> {
    let variant = options.variants().next().context("a saved machine has no shell; name a processor")?;
    let machine = Machine {
        kernel: &kernel.image,
        initramfs,
        cpu: variant.cpu,
        append: &format!("{} {} shell=1", Suite::Clients.append(), variant.append),
        console: PathBuf::new(),
    };
    progress::line(
        "Booting",
        format_args!("{} {} (-cpu {}); `exit` or Ctrl-A X ends it", kernel.name, variant.name, variant.cpu),
    );
    machine.run_on_terminal()
}

/// One object for all lines: what was linked into a kernel is what was checked, to the byte.
fn same_object(kernel: &Selected, linked: &str, wanted: &str) -> Counts {
    let (name, content) = (kernel.name, kernel.content);
    if linked == wanted {
        println!("boot {name} with {content}: object sha256 {linked}");
        return Counts { passed: 1, ..Counts::default() };
    }
    let failure = format!("boot {name} with {content}: object sha256 {linked} in its vDSO instead of {wanted}");
    println!("{failure}");
    Counts { failures: vec![failure], ..Counts::default() }
}

/// The glue's hook: what the verifier finds fails the build.
fn verifier_is_heard(built: &Built) -> Counts {
    let name = format!("boot {}: a finding fails the build of the vDSO", built.line.name);
    match verifier_hook::check(&built.build, built.line.vdso_dir) {
        Ok(()) => {
            println!("{name}, and leaves no image");
            Counts { passed: 1, ..Counts::default() }
        }
        Err(error) => {
            println!("{name}: {error:#}");
            Counts { failures: vec![name], ..Counts::default() }
        }
    }
}

fn boot(variant: &Variant, options: &BootArgs, kernel: &Kernel, initramfs: &Path) -> anyhow::Result<Counts> {
    let Variant { name, cpu, expected, .. } = *variant;
    let append = options.append(variant);
    let machine = Machine {
        kernel: &kernel.image,
        initramfs,
        cpu,
        append: &append,
        console: super::target().join(format!("console-{}-{name}.log", kernel.name)),
    };
    let run = {
        let _spinner = progress::spinner("Booting", format_args!("{} {name} (-cpu {cpu})", kernel.name));
        machine.run()?
    };
    let verdict = meet(expected, console::judge(&run.console, run.ended));
    report(&format!("{} {name}", kernel.name), verdict, run.elapsed, &machine.console)
}

/// Saves a machine and judges its clones.
fn clone(scenario: &Scenario, suite: Suite, kernel: &Kernel, initramfs: &Path) -> anyhow::Result<Counts> {
    let name = &format!("{} {}", kernel.name, scenario.name);
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
