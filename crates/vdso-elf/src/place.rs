// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A place in a file, as messages name it.

use serde::Serialize;

/// Where in a file something was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Name of the section or table.
    pub section: String,
    /// Offset in that section, in bytes.
    pub offset: u64,
    /// Name of the symbol, demangled; empty where there is none.
    pub symbol: String,
}

impl Place {
    /// A place in a section, in no symbol.
    pub fn new(section: impl Into<String>, offset: u64) -> Self {
        Self { section: section.into(), offset, symbol: String::new() }
    }

    /// The same place, in a symbol whose name may be mangled.
    #[must_use]
    pub fn in_symbol(mut self, name: &str) -> Self {
        self.symbol = format!("{:#}", rustc_demangle::demangle(name));
        self
    }
}
