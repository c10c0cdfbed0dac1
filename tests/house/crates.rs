// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The crates of the workspace and their order.

use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The floors of the workspace, from the ground up: a crate may use those on lower floors.
///
/// Development dependencies are free: tests may see all.
const FLOORS: [&[&str]; 9] = [
    &["vdso-abi"],
    &["vdso-getrandom", "vdso-elf", "vgetrandom"],
    &["vdso-link", "vgetrandom-c", "vgetrandom-preload"],
    &["vdso-native", "vdso-fixtures"],
    &["vdso-inject", "vdso-prove", "vdso-fuzz"],
    &["vdso-model"],
    &["kernel-lab"],
    &["xtask"],
    &["vdso-tests", "vdso-bench"],
];

/// No crate may depend on these, not even its tests.
const TOP: [&str; 3] = ["xtask", "vdso-tests", "vdso-bench"];

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// The directory of its manifest.
    pub directory: PathBuf,
    /// The crates of the workspace that it depends on, and whether its tests alone do.
    pub dependencies: Vec<(String, bool)>,
}

/// The crates of the workspace in a directory, as cargo lists them.
///
/// # Errors
/// cargo fails or prints another form.
pub fn packages(root: &Path) -> anyhow::Result<Vec<Package>> {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root).output()?;
    anyhow::ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    packages.iter().map(package).collect()
}

fn package(value: &serde_json::Value) -> anyhow::Result<Package> {
    let manifest = Path::new(value["manifest_path"].as_str().context("no manifest")?);
    let dependencies = value["dependencies"].as_array().context("no dependencies")?;
    let local = dependencies.iter().filter(|dependency| dependency["path"].is_string());
    Ok(Package {
        name: value["name"].as_str().context("no name")?.to_owned(),
        directory: manifest.parent().context("no directory")?.to_owned(),
        dependencies: local.filter_map(|it| Some((it["name"].as_str()?.to_owned(), it["kind"] == "dev"))).collect(),
    })
}

/// The violations of the order, one line each; crates without a floor are among them.
pub fn violations(packages: &[Package]) -> Vec<String> {
    let floor = |name: &str| FLOORS.iter().position(|floor| floor.contains(&name));
    let mut violations = Vec::new();
    for Package { name, dependencies, .. } in packages {
        let Some(own) = floor(name) else {
            violations.push(format!("{name} has no floor"));
            continue;
        };
        for (used, is_dev) in dependencies.iter().filter(|(used, _)| used != name) {
            let goes_up = !is_dev && floor(used).is_none_or(|used| used >= own);
            if goes_up || TOP.contains(&used.as_str()) {
                violations.push(format!("{name} depends on {used}"));
            }
        }
    }
    violations
}
