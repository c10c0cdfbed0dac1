// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask boot`: on a kernel of each series the contract's tests, once for each processor that the dispatch
//! distinguishes, clones of a saved guest, and unmodified clients.

use super::builds::{Builds, Finished};
use super::clients;
use super::console;
use super::guest;
use super::outcome::{Counts, report};
use super::qemu::Machine;
use super::selection::{Built, Kernel, Selected, Selection};
use super::suite::Suite;
use super::test_kernel::Content;
use super::tree::SELFTEST_SERIES;
use super::variants::{Boot, Expected, Variant};
use super::verifier_hook;
use super::vm_fork::{self, Scenario};
use crate::digest::sha256;
use crate::packages::{self, Tier};
use crate::progress;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// The boots to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The kernels to boot.
    pub selection: Selection,
    /// The names of boots; empty: all.
    pub variant: Vec<String>,
    /// The names of client programs; empty: all.
    pub client: Vec<String>,
    /// The one guest test to run, by its name or a unique part of it.
    pub test: Option<String>,
    /// Whether to run a shell on this terminal instead of tests.
    pub shell: bool,
    /// Whether missing packages are an error instead of installed.
    pub no_install: bool,
}

/// The names of all boots.
pub fn variant_names() -> Vec<&'static str> {
    Boot::all().map(Boot::name).collect()
}

/// The names of all client programs.
pub fn client_names() -> Vec<&'static str> {
    clients::names()
}

/// The variant of a boot for one guest test.
const TEST_VARIANT: &str = "max";

/// Checks the options, and makes sure that everything that the boots need is there.
///
/// # Errors
/// The options leave no boot, a tree or an image is no kernel, or something is missing; then the message names it and the
/// command that would install it.
pub fn require(options: &Options) -> anyhow::Result<()> {
    options.kernels()?;
    let mut tiers = options.selection.tiers()?;
    tiers.extend([Tier::Guest, Tier::KernelSource(SELFTEST_SERIES)]);
    packages::require(&tiers, !options.no_install)
}

/// Boots whose kernels are being built.
pub struct Boots {
    options: Options,
    /// SHA-256 of the object that every kernel must hold.
    object: String,
    builds: Builds,
}

impl Boots {
    /// Begins to build the kernels, in the background and at low priority: other work can go on meanwhile.
    ///
    /// # Errors
    /// Something is missing.
    pub fn prepare(options: &Options, object: &Path) -> anyhow::Result<Self> {
        require(options)?;
        let builds = Builds::start(options.kernels()?, object.into());
        Ok(Self { options: options.clone(), object: sha256(&fs_err::read(object)?), builds })
    }

    /// Builds changed guests, boots each variant of each kernel as soon as it is built, and prints one
    /// line for each and the verdict.
    ///
    /// # Errors
    /// A kernel or a guest cannot be built or started.
    pub fn run(self) -> anyhow::Result<Counts> {
        let Self { options, object, builds } = self;
        let mut total = Counts::default();
        let guests = guests(&options, &mut total)?;
        for Finished { selected, kernel, stages } in builds {
            total.stages.add(stages);
            match kernel {
                Ok(kernel) => boot_kernel(&options, &selected, &kernel, &object, &guests, &mut total)?,
                Err(error) => {
                    let name = format!("kernel {} with {}", selected.name, selected.content);
                    progress::complain(format_args!("{name}: {error:#}"));
                    total.failures.push(name);
                }
            }
        }
        for skipped in &total.skipped {
            progress::print(format_args!("not run: {skipped}"));
        }
        progress::print(format_args!("boot: {} passed, {} failed", total.passed, total.failures.len()));
        Ok(total)
    }
}

/// Builds guests and kernels where something changed, boots each variant, and prints one line for each and the verdict.
///
/// # Errors
/// Something is missing, or a kernel or a guest cannot be built or started.
pub fn run(options: &Options, object: &Path) -> anyhow::Result<Counts> {
    if options.shell {
        require(options)?;
        let initramfs = Suite::Clients.build()?;
        let kernel = options.kernels()?[0].build(object)?;
        return shell(options, &kernel, &initramfs).map(|()| Counts::default());
    }
    Boots::prepare(options, object)?.run()
}

/// The suites that are asked for, each with its initramfs.
fn guests(options: &Options, total: &mut Counts) -> anyhow::Result<Vec<(Suite, PathBuf)>> {
    let mut guests = Vec::new();
    for suite in Suite::ALL.into_iter().filter(|suite| options.boots().any(|boot| boot.suite() == *suite)) {
        match total.stages.time(format!("packages of {suite:?}"), || suite.fetch()) {
            // A run of everything goes on with the other boots; a user who named this one gets the error.
            Err(error) if options.is_everything() => total.skipped.push(format!("boots of clients: {error:#}")),
            fetched => {
                let build = || fetched.and_then(|()| suite.build());
                guests.push((suite, total.stages.time(format!("guest of {suite:?}"), build)?));
            }
        }
    }
    Ok(guests)
}

/// Checks what a build made, and boots each variant of the kernel.
fn boot_kernel(
    options: &Options,
    selected: &Selected,
    kernel: &Kernel,
    object: &str,
    guests: &[(Suite, PathBuf)],
    total: &mut Counts,
) -> anyhow::Result<()> {
    if let Some(built) = &kernel.built {
        total.add(same_object(selected, &built.object, object));
        if selected.content == Content::Glue && options.is_everything() {
            total.add(verifier_is_heard(built));
        }
    }
    for (suite, initramfs) in guests {
        for each in options.boots().filter(|it| it.content() == selected.content && it.suite() == *suite) {
            let counts = total.stages.time(format!("boot {} {}", kernel.name, each.name()), || match each {
                Boot::Start(variant) => boot(variant, options, kernel, initramfs),
                Boot::Clone(scenario) => clone(scenario, *suite, kernel, initramfs),
            });
            total.add(counts?);
        }
    }
    Ok(())
}

impl Options {
    /// The boots that are asked for.
    fn boots(&self) -> impl Iterator<Item = Boot> {
        let is_named = |boot: &Boot| self.variant.is_empty() || self.variant.iter().any(|name| name == boot.name());
        let has_clients = |boot: &Boot| self.client.is_empty() || boot.suite() == Suite::Clients;
        let has_test = |boot: &Boot| match (&self.test, boot) {
            (None, _) => true,
            (Some(_), Boot::Start(variant)) => {
                variant.suite == Suite::Contract && (!self.variant.is_empty() || variant.name == TEST_VARIANT)
            }
            (Some(_), Boot::Clone(_)) => false,
        };
        Boot::all().filter(is_named).filter(has_clients).filter(has_test)
    }

    /// The kernels that have one of these boots, at least one.
    fn kernels(&self) -> anyhow::Result<Vec<Selected>> {
        self.guest_test()?;
        anyhow::ensure!(
            self.boots().next().is_some(),
            "no boot is left: --client runs in the variants `clients` and `clients-no-vdso`, --test in those without clients and clones"
        );
        if self.shell {
            self.shell_variant()?;
        }
        // Without a boot that was selected, a kernel need not be built.
        let is_booted = |kernel: &Selected| self.boots().any(|boot| boot.content() == kernel.content);
        let kernels: Vec<Selected> = self.selection.kernels()?.into_iter().filter(is_booted).collect();
        anyhow::ensure!(!kernels.is_empty(), "no selected kernel has such a boot; name another series");
        Ok(kernels)
    }

    /// The boot whose guest has the shell.
    fn shell_variant(&self) -> anyhow::Result<&'static Variant> {
        let start = |boot| if let Boot::Start(variant) = boot { Some(variant) } else { None };
        self.boots().find_map(start).context("a saved machine has no shell; name another variant")
    }

    fn is_everything(&self) -> bool {
        self.variant.is_empty() && self.client.is_empty() && self.test.is_none()
    }

    /// The guest test that --test names.
    fn guest_test(&self) -> anyhow::Result<Option<&'static str>> {
        self.test.as_deref().map(guest::test_named).transpose()
    }

    /// The kernel's command line for a boot.
    fn append(&self, variant: &Variant) -> anyhow::Result<String> {
        let mut words = vec![variant.suite.append().to_owned(), variant.append.to_owned()];
        if !self.client.is_empty() {
            words.push(format!("client={}", self.client.join(",")));
        }
        words.extend(self.guest_test()?.map(|name| format!("test={name}")));
        Ok(words.join(" "))
    }
}

/// A guest with the clients with a shell for a user, as the first of the wanted boots has it.
fn shell(options: &Options, kernel: &Kernel, initramfs: &Path) -> anyhow::Result<()> {
    let variant = options.shell_variant()?;
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

/// Checks that every kernel holds the verified object, byte for byte: all series share one object.
fn same_object(kernel: &Selected, linked: &str, wanted: &str) -> Counts {
    let (name, content) = (kernel.name, kernel.content);
    if linked == wanted {
        progress::print(format_args!("boot {name} with {content}: object sha256 {linked}"));
        return Counts { passed: 1, ..Counts::default() };
    }
    let failure = format!("boot {name} with {content}: object sha256 {linked} in its vDSO instead of {wanted}");
    progress::print(&failure);
    Counts { failures: vec![failure], ..Counts::default() }
}

/// The glue's hook: what the verifier finds fails the build.
fn verifier_is_heard(built: &Built) -> Counts {
    let name = format!("boot {}: a finding fails the build of the vDSO", built.series.name);
    match verifier_hook::check(&built.build, built.series.vdso_dir) {
        Ok(()) => {
            progress::print(format_args!("{name}, and leaves no image"));
            Counts { passed: 1, ..Counts::default() }
        }
        Err(error) => {
            progress::print(format_args!("{name}: {error:#}"));
            Counts { failures: vec![name], ..Counts::default() }
        }
    }
}

fn boot(variant: &Variant, options: &Options, kernel: &Kernel, initramfs: &Path) -> anyhow::Result<Counts> {
    let Variant { name, cpu, expected, .. } = *variant;
    let append = options.append(variant)?;
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
    let verdict = console::check(&run.console, run.ended);
    report(&format!("{} {name}", kernel.name), expected, verdict, run.elapsed, &machine.console)
}

/// Saves a machine and checks its clones.
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
    report(name, expected, outcome.verdict, outcome.elapsed, &outcome.console)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_run_with_and_without_the_vdso_and_nothing_else_is() {
        let options = Options { client: vec!["go".into(), "glibc".into()], ..Options::default() };
        let append = |boot| match boot {
            Boot::Start(variant) => options.append(variant).unwrap(),
            Boot::Clone(scenario) => panic!("{} is a machine without clients", scenario.name),
        };
        let lines: Vec<String> = options.boots().map(append).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.ends_with(" client=go,glibc")), "{lines:?}");
        assert!(!lines[0].contains("vdso=0 ") && lines[1].contains("vdso=0 "), "{lines:?}");
        assert_eq!(Options::default().boots().count(), Boot::all().count());
    }

    #[test]
    fn a_guest_test_is_run_in_one_variant_unless_others_are_named() {
        let options = |test: &str, variants: &[&str]| Options {
            test: Some(test.into()),
            variant: variants.iter().map(|name| name.to_string()).collect(),
            ..Options::default()
        };
        let lines = |options: &Options| -> Vec<String> {
            let line = |boot| match boot {
                Boot::Start(variant) => options.append(variant).unwrap(),
                Boot::Clone(scenario) => panic!("{} runs no test", scenario.name),
            };
            options.boots().map(line).collect()
        };
        let one = lines(&options("not_ready", &[]));
        assert!(matches!(&one[..], [line] if line.ends_with(" test=e5_not_ready")), "{one:?}");
        assert_eq!(lines(&options("threads", &["no-avx2", "no-vdso", "vm-fork", "clients"])).len(), 2);
        let error = options("no such test", &[]).kernels().unwrap_err().to_string();
        assert!(error.contains("no such guest test"), "{error}");
        let error = options("threads", &["clients"]).kernels().unwrap_err().to_string();
        assert!(error.contains("no boot is left"), "{error}");
    }
}
