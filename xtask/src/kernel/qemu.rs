// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One run of the emulator.
//!
//! Always TCG: a KVM device may open and then hang, and only TCG lets one machine stand for many processors.

use super::console::Ended;
use crate::process;
use anyhow::Context;
use duct::cmd;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A boot takes seconds; on a machine that emulates slowly and is loaded, a minute or two.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// The same machine for every boot. It has no display, and not `-nographic` for that: with it the firmware takes the
/// serial port for its screen and writes control sequences in front of the first line.
const FIXED_OPTIONS: &str = "-accel tcg -smp 2 -m 1024 -nodefaults -no-reboot -display none -serial stdio";

/// What to boot.
#[derive(Debug)]
pub struct Machine<'boot> {
    /// The kernel's image.
    pub kernel: &'boot Path,
    /// The first root file system.
    pub initramfs: &'boot Path,
    /// The processor, as QEMU's `-cpu` takes it.
    pub cpu: &'boot str,
    /// Words for the kernel's command line.
    pub append: &'boot str,
    /// Where the console goes.
    pub console: PathBuf,
}

/// What came of it.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub ended: Ended,
    /// Everything that the console showed, bytes that are no UTF-8 replaced.
    pub console: String,
    /// How long it took.
    pub elapsed: Duration,
}

impl Machine<'_> {
    /// Boots and waits for the end, at most five minutes; the emulator does not outlive this call.
    ///
    /// # Errors
    /// The emulator cannot be started, or its console not be read.
    pub fn run(&self) -> anyhow::Result<Run> {
        // A kernel that warns or oopses stops at once, with the reason as the last thing on the console.
        let append = format!("console=ttyS0 quiet panic=-1 oops=panic panic_on_warn=1 {}", self.append);
        let mut arguments: Vec<OsString> = FIXED_OPTIONS.split(' ').map(OsString::from).collect();
        arguments.extend(["-cpu".into(), self.cpu.into(), "-append".into(), append.into()]);
        arguments.extend(["-kernel".into(), self.kernel.into(), "-initrd".into(), self.initramfs.into()]);
        let qemu = cmd("qemu-system-x86_64", arguments);
        let start = Instant::now();
        let child = process::start_bounded(&qemu, &self.console)
            .context("qemu-system-x86_64 cannot be started; install the package qemu-system-x86")?;
        let ended = match child.wait(TIME_LIMIT)? {
            None => Ended::TimeOver,
            Some(status) if status.success() => Ended::Cleanly,
            Some(_) => Ended::WithError,
        };
        drop(child);
        let console = String::from_utf8_lossy(&fs_err::read(&self.console)?).into_owned();
        Ok(Run { ended, console, elapsed: start.elapsed() })
    }
}
