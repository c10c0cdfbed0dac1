// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One run of the emulator.
//!
//! Always TCG: a KVM device may open and then hang, and only TCG lets one machine stand for many processors.

use super::console::Ended;
use crate::process::{self, Bounded};
use anyhow::{Context, ensure};
use duct::{Expression, cmd};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A boot takes seconds; on a machine that emulates slowly and is loaded, a minute or two.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Between two looks at a console.
const PAUSE: Duration = Duration::from_millis(10);

/// The same machine for every boot. It has no display, and not `-nographic` for that: with it the firmware takes the
/// serial port for its screen and writes control sequences before the first line.
const FIXED_OPTIONS: &str = "-accel tcg -smp 2 -m 1024 -nodefaults -no-reboot -display none -serial";

const CANNOT_START: &str = "qemu-system-x86_64 cannot be started; install the package qemu-system-x86";

/// The machine to boot.
#[derive(Debug)]
pub struct Machine<'boot> {
    /// The kernel's image.
    pub kernel: &'boot Path,
    /// The initramfs.
    pub initramfs: &'boot Path,
    /// The processor, as QEMU's `-cpu` takes it.
    pub cpu: &'boot str,
    /// Words for the kernel's command line.
    pub append: &'boot str,
    /// The file for the console's output.
    pub console: PathBuf,
}

/// The outcome of a boot.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub ended: Ended,
    /// Everything that the console showed, bytes that are no UTF-8 replaced.
    pub console: String,
    /// How long it took.
    pub elapsed: Duration,
}

/// A machine that runs, and does not outlive this value.
pub struct Running {
    child: Bounded,
    console: PathBuf,
    start: Instant,
}

impl Machine<'_> {
    /// Boots and waits for the end, at most five minutes; the emulator does not outlive this call.
    ///
    /// # Errors
    /// The emulator cannot be started, or its console not be read.
    pub fn run(&self) -> anyhow::Result<Run> {
        self.start(&self.command(&[]))?.end(TIME_LIMIT)
    }

    /// Boots with the console on this terminal, until the machine or its user ends it.
    ///
    /// # Errors
    /// The emulator cannot be started.
    pub fn run_on_terminal(&self) -> anyhow::Result<()> {
        // Its monitor takes the keys that would end the emulator, so that all others reach the guest.
        self.emulator("mon:stdio", &[]).unchecked().run().context(CANNOT_START)?;
        Ok(())
    }

    /// The emulator's command, with further options of the machine.
    pub fn command(&self, options: &[&str]) -> Expression {
        self.emulator("stdio", options)
    }

    fn emulator(&self, serial: &str, options: &[&str]) -> Expression {
        // A kernel that warns or oopses stops at once, with the reason as the last thing on the console. Its test of the
        // timer counts ticks while it loops, and fails where a loaded host hands out too few.
        let append = format!("console=ttyS0 quiet panic=-1 oops=panic panic_on_warn=1 no_timer_check {}", self.append);
        let mut arguments: Vec<OsString> =
            FIXED_OPTIONS.split(' ').chain([serial]).chain(options.iter().copied()).map(OsString::from).collect();
        arguments.extend(["-cpu".into(), self.cpu.into(), "-append".into(), append.into()]);
        arguments.extend(["-kernel".into(), self.kernel.into(), "-initrd".into(), self.initramfs.into()]);
        cmd("qemu-system-x86_64", arguments)
    }

    /// Starts the emulator by this command, with its console in the file.
    ///
    /// # Errors
    /// The emulator cannot be started.
    pub fn start(&self, command: &Expression) -> anyhow::Result<Running> {
        let start = Instant::now();
        let child = process::start_bounded(command, &self.console).context(CANNOT_START)?;
        Ok(Running { child, console: self.console.clone(), start })
    }
}

impl Running {
    /// Waits for the end, and ends the machine when the time is over.
    ///
    /// # Errors
    /// The console cannot be read.
    pub fn end(self, limit: Duration) -> anyhow::Result<Run> {
        let ended = match self.child.wait(limit)? {
            None => Ended::TimeOver,
            Some(status) if status.success() => Ended::Cleanly,
            Some(_) => Ended::WithError,
        };
        drop(self.child);
        Ok(Run { ended, console: read_console(&self.console)?, elapsed: self.start.elapsed() })
    }

    /// Waits until the console shows these words.
    ///
    /// # Errors
    /// The machine ended before, or the time is over.
    pub fn wait_for(&self, words: &str, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            // The end first: what the machine has shown by then counts.
            let ended = self.child.wait(PAUSE)?;
            if read_console(&self.console)?.contains(words) {
                return Ok(());
            }
            ensure!(ended.is_none(), "the machine ended before its console showed \"{words}\"");
            ensure!(Instant::now() < deadline, "the console does not show \"{words}\" within {limit:?}");
        }
    }
}

/// The console's output so far; bytes that are not UTF-8 are replaced.
///
/// # Errors
/// The file cannot be read.
pub fn read_console(path: &Path) -> anyhow::Result<String> {
    Ok(String::from_utf8_lossy(&fs_err::read(path)?).into_owned())
}
