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
    /// The kernel, or the reason why there is none.
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

    #[test]
    fn finished_builds_come_in_order_and_failures_with_their_reason() {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("bzImage");
        fs_err::write(&image, "").unwrap();
        let kernels = Selection { image: Some(image.clone()), ..Selection::default() }.kernels().unwrap();
        let finished: Vec<Finished> = Builds::start([kernels.clone(), kernels].concat(), image.clone()).collect();
        assert_eq!(finished.len(), 2);
        assert!(finished.iter().all(|one| one.kernel.as_ref().is_ok_and(|kernel| kernel.image.ends_with("bzImage"))));
    }
}
