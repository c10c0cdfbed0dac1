// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A machine that is saved at a known point and restored several times. Clones under its own generation id go on with
//! the same bytes, which proves that they are clones; with a new id, each draws different bytes at once.
//!
//! The callers in the guest draw only through the vDSO (`tests/guest/vm_fork.c`): they notice a fork only by the generation
//! in the data page.

mod compare;

use super::console::Failure;
use super::qemu::{Machine, Run};
use super::qmp::Monitor;
use super::selection::Kernel;
use crate::workspace::shown;
use anyhow::Context;
use compare::{Comparison, Restored, compare};
use duct::Expression;
use std::io::{PipeReader, Write, pipe};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A machine to save, and whether its kernel is notified of a new generation id.
#[derive(Debug)]
pub struct Scenario {
    /// Its name in the output.
    pub name: &'static str,
    append: &'static str,
    /// Whether the kernel has a driver for the device with the id.
    pub hears: bool,
}

/// The machine of the promise, and the one that shows what happens without: the device is described by ACPI.
pub static SCENARIOS: [Scenario; 2] = [
    Scenario { name: "vm-fork", append: "", hears: true },
    Scenario { name: "vm-fork-deaf", append: "acpi=off", hears: false },
];

/// Generation ids of the saved machine and of its clones.
const SAVED_ID: &str = "6f1d7a52-0c1e-4b0e-9a37-3f0d5f3a8c01";
const NEW_IDS: [&str; 2] = ["b1c6a0de-52f4-4d3b-8a59-7be8f6c1d202", "0e94b7c3-9d68-47a1-b0c5-21d3a8e7f403"];

/// How often a machine is saved anew because its timer reseeded before the clones had drawn.
const ATTEMPTS: usize = 3;

/// Until the guest has come to its point: a boot, and some seconds that it waits by itself.
const UNTIL_SAVED: Duration = Duration::from_secs(180);

/// Until a clone has drawn, which takes less than a second.
const UNTIL_DRAWN: Duration = Duration::from_secs(60);

/// The guest's line when its callers wait.
const AT_POINT: &str = "# waiting";

/// The kernel's line after the reseeding for a new generation id (Linux `drivers/char/random.c`).
const HEARD: &str = "crng reseeded due to virtual machine fork";

/// The outcome of a scenario.
pub struct Outcome {
    /// The number of callers that passed, or the failure.
    pub verdict: Result<usize, Failure>,
    /// The console of the machine that was saved; those of its clones lie beside it.
    pub console: PathBuf,
    /// How long it took.
    pub elapsed: Duration,
}

/// Saves a machine, restores it under the same and under new ids, and compares the output of the clones.
///
/// # Errors
/// No temporary directory could be created.
pub fn run(scenario: &Scenario, kernel: &Kernel, initramfs: &Path, append: &str) -> anyhow::Result<Outcome> {
    let start = Instant::now();
    let append = format!("{append} {} loglevel=6 vm_fork=1", scenario.append);
    let scene = Scene { scenario, kernel, initramfs, append, directory: tempfile::tempdir()? };
    let verdict = scene.attempts();
    Ok(Outcome { verdict, console: scene.console("saved"), elapsed: start.elapsed() })
}

struct Scene<'boot> {
    scenario: &'boot Scenario,
    kernel: &'boot Kernel,
    initramfs: &'boot Path,
    append: String,
    /// Holds the saved machine and the socket of the monitor, whose path must be short.
    directory: TempDir,
}

impl Scene<'_> {
    fn attempts(&self) -> Result<usize, Failure> {
        for _ in 0..ATTEMPTS {
            match self.attempt() {
                Ok(Comparison::Passed(passed)) => return Ok(passed),
                Ok(Comparison::Failed(failure)) => return Err(failure),
                Ok(Comparison::Overtaken) => {}
                Err(error) => return Err(Failure::broken(format!("{error:#}"))),
            }
        }
        Err(Failure::broken(format!("{ATTEMPTS} times the timer reseeded before all clones had drawn")))
    }

    fn attempt(&self) -> anyhow::Result<Comparison> {
        let in_machine = |name| move || format!("machine {name}, whose console is {}", shown(&self.console(name)));
        let restore = |name, id, hears| self.restore(name, id, hears).with_context(in_machine(name));
        self.save("saved").with_context(in_machine("saved"))?;
        let same = [restore("same-1", SAVED_ID, false)?, restore("same-2", SAVED_ID, false)?];
        let hears = self.scenario.hears;
        let new = [restore("new-1", NEW_IDS[0], hears)?, restore("new-2", NEW_IDS[1], hears)?];
        Ok(compare(&same, &new))
    }

    fn save(&self, name: &str) -> anyhow::Result<()> {
        let machine = self.machine(name);
        // Kept open: at the end of its input the guest would go on.
        let (input, _end) = pipe()?;
        let running = machine.start(&self.command(&machine, SAVED_ID, &[], input))?;
        let mut monitor = Monitor::connect(&self.socket())?;
        running.wait_for(AT_POINT, UNTIL_SAVED)?;
        monitor.save("state")
    }

    /// Restores the machine under an id; with `hears`, its kernel prints that it noticed.
    fn restore(&self, name: &'static str, id: &str, hears: bool) -> anyhow::Result<Restored> {
        let machine = self.machine(name);
        let (input, mut word) = pipe()?;
        let command = self.command(&machine, id, &["-incoming", "exec:cat state"], input);
        let running = machine.start(&command)?;
        Monitor::connect(&self.socket())?.resume()?;
        if hears {
            running.wait_for(HEARD, UNTIL_DRAWN)?;
        }
        word.write_all(b"\n")?;
        let Run { ended, console, .. } = running.end(UNTIL_DRAWN)?;
        Ok(Restored { name, ended, console })
    }

    fn machine(&self, name: &str) -> Machine<'_> {
        Machine {
            kernel: &self.kernel.image,
            initramfs: self.initramfs,
            cpu: "max",
            append: &self.append,
            console: self.console(name),
        }
    }

    fn console(&self, name: &str) -> PathBuf {
        super::target().join(format!("console-{}-{}-{name}.log", self.kernel.name, self.scenario.name))
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("monitor")
    }

    /// Runs in the directory, so the names of the state and the socket are short and need no quotes.
    fn command(&self, machine: &Machine, id: &str, options: &[&str], input: PipeReader) -> Expression {
        let device = format!("vmgenid,guid={id}");
        let mut all = vec!["-device", &device, "-qmp", "unix:monitor,server=on,wait=off"];
        all.extend(options);
        // One machine at a time listens there; a killed one leaves its socket in place.
        machine.command(&all).dir(self.directory.path()).stdin_file(input)
    }
}
