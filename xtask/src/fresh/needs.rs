// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Removing one entry from the list of needs of a checkout: the proof that the fresh run would notice its absence.

use anyhow::ensure;
use std::path::Path;

/// The file with the list.
const LIST: &str = "crates/kernel-lab/src/packages.rs";

/// Removes the need that `package` meets from the list of the checkout `at`.
///
/// # Errors
/// The list does not have it exactly once.
pub fn remove(at: &Path, package: &str) -> anyhow::Result<()> {
    let place = at.join(LIST);
    let text = fs_err::read_to_string(&place)?;
    Ok(fs_err::write(&place, without(&text, package)?)?)
}

fn without(text: &str, package: &str) -> anyhow::Result<String> {
    let end = format!("\"{package}\"),");
    let is_need = |line: &str| line.trim_start().starts_with("Need(") && line.trim_end().ends_with(&end);
    let count = text.lines().filter(|line| is_need(line)).count();
    ensure!(
        count == 1,
        "fresh: --without {package}: {count} needs are met by it in {LIST}; name the package of one need"
    );
    Ok(text.lines().filter(|line| !is_need(line)).map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_need_is_removed() {
        let text = include_str!("../../../crates/kernel-lab/src/packages.rs");
        let less = without(text, "bison").unwrap();
        assert_eq!(text.lines().count() - 1, less.lines().count());
        assert!(text.contains("\"bison\"") && !less.contains("\"bison\""));
        let error = format!("{:#}", without(text, "no-such-package").unwrap_err());
        assert!(error.contains("0 needs"), "{error}");
    }
}
