// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The test suites of a guest.

use super::{clients, guest};
use std::path::PathBuf;

/// The tests of one `/init`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// The contract's, `tests/guest/`.
    Contract,
    /// Unmodified programs, `tests/clients/`.
    Clients,
}

impl Suite {
    /// Every one, in the order in which they run.
    pub const ALL: [Self; 2] = [Self::Contract, Self::Clients];

    /// Fetches the packages that the build needs.
    ///
    /// # Errors
    /// They cannot be fetched.
    pub fn fetch(self) -> anyhow::Result<()> {
        match self {
            Self::Contract => Ok(()),
            Self::Clients => clients::fetch(),
        }
    }

    /// Builds the initramfs and returns its path.
    ///
    /// # Errors
    /// Something is missing, or a program cannot be compiled.
    pub fn build(self) -> anyhow::Result<PathBuf> {
        match self {
            Self::Contract => guest::build(),
            Self::Clients => clients::build(),
        }
    }

    /// Words for the kernel's command line.
    pub fn append(self) -> &'static str {
        match self {
            // Nothing may seed the generator fully before the tests begin: some are about one that is not ready.
            Self::Contract => "random.trust_cpu=off random.trust_bootloader=off",
            Self::Clients => "random.trust_cpu=on",
        }
    }
}
