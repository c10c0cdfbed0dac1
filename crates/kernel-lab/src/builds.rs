// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Kernels that are built in the background, in the order in which they are booted.

use super::selection::{Kernel, Selected};
use crate::stages::Stages;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

/// A kernel whose build has ended.
pub struct Finished {
    /// The selected kernel.
    pub selected: Selected,
    /// The kernel, or the error of its build.
    pub kernel: anyhow::Result<Kernel>,
    /// The time of the build.
    pub stages: Stages,
}

/// The builds: an iterator that waits for each kernel. When it is dropped, the build under way ends, and no other one begins.
pub struct Builds {
    finished: Option<Receiver<Finished>>,
    thread: Option<JoinHandle<()>>,
}

impl Builds {
    /// Builds kernels with `object`, one after the other.
    pub fn start(kernels: Vec<Selected>, object: PathBuf) -> Self {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || {
            for selected in kernels {
                let mut stages = Stages::default();
                let stage = format!("kernel {} with {}", selected.name, selected.content);
                let kernel = stages.time(stage, || selected.build(&object));
                // Without a receiver the boots were given up.
                if sender.send(Finished { selected, kernel, stages }).is_err() {
                    return;
                }
            }
        });
        Self { finished: Some(receiver), thread: Some(thread) }
    }
}

impl Iterator for Builds {
    type Item = Finished;

    fn next(&mut self) -> Option<Finished> {
        self.finished.as_ref()?.recv().ok()
    }
}

impl Drop for Builds {
    fn drop(&mut self) {
        // Before the wait: the thread must not begin another build.
        self.finished = None;
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::selection::Selection;
    use super::*;
    use std::path::Path;

    fn kernels(image: &Path) -> Vec<Selected> {
        fs_err::write(image, [vec![0; 0x202], b"HdrS".to_vec()].concat()).unwrap();
        Selection { image: Some(image.into()), ..Selection::default() }.kernels().unwrap()
    }

    #[test]
    fn finished_builds_come_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let images = ["first", "second"].map(|name| directory.path().join(name));
        let builds = Builds::start(images.iter().flat_map(|image| kernels(image)).collect(), images[0].clone());
        let finished: Vec<PathBuf> = builds.map(|one| one.kernel.unwrap().image).collect();
        assert_eq!(finished, images.map(|image| fs_err::canonicalize(image).unwrap()));
    }

    #[test]
    fn a_failed_build_is_passed_on_and_dropped_builds_end() {
        let directory = tempfile::tempdir().unwrap();
        // A tree of a known series, which is gone before the build.
        let vdso = directory.path().join("arch/x86/entry/vdso");
        fs_err::create_dir_all(&vdso).unwrap();
        fs_err::write(vdso.join("Makefile"), "").unwrap();
        fs_err::write(directory.path().join("Makefile"), "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\n").unwrap();
        let selection = Selection { kernel: Some(directory.path().into()), ..Selection::default() };
        let kernels = selection.kernels().unwrap();
        drop(directory);
        let start = || Builds::start(kernels.clone(), "/no/such/object".into());
        let error = format!("{:#}", start().next().unwrap().kernel.unwrap_err());
        assert!(error.contains(selection.kernel.unwrap().to_str().unwrap()), "{error}");
        drop(start());
    }
}
