// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object and the images of this workspace, built when a test needs them.

use crate::toolchain::run;
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The environment variable that names a directory with another build, which is used as it is.
pub const PRODUCTS: &str = "VDSO_PRODUCTS";

/// The sources of the object, of the images, and of the commands that make them; relative to the root of the workspace.
const SOURCES: [&str; 7] = [
    "Cargo.lock",
    "crates/vdso-abi",
    "crates/vdso-elf",
    "crates/vdso-getrandom",
    "crates/vdso-link/src",
    "linker",
    "xtask/src",
];

/// Returns the directory with the object and the images: the one that [`PRODUCTS`] names, or `target/vdso`.
///
/// Runs `cargo xtask build-vdso` if a source is newer than the last build that a test asked for. Processes that ask at the
/// same time wait for one build.
///
/// # Panics
/// If the build fails.
pub fn directory() -> PathBuf {
    if let Some(directory) = std::env::var_os(PRODUCTS) {
        return directory.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = root.join("target");
    let (products, stamp) = (target.join("vdso"), target.join("vdso-built-for-tests"));
    let sources = SOURCES.iter().filter_map(|source| newest(&root.join(source))).max().expect("there are sources");
    if !is_current(&products, &stamp, sources) {
        fs::create_dir_all(&target).expect("target is writable");
        let lock = File::create(stamp.with_extension("lock")).expect("target is writable");
        flock(&lock, FlockOperation::LockExclusive).expect("a file can be locked");
        // Another process may have built while this one waited.
        if !is_current(&products, &stamp, sources) {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let build = ["run", "--quiet", "--package", "xtask", "--", "build-vdso", "--quiet"];
            run(Command::new(cargo).args(build).current_dir(&root));
            File::create(&stamp).expect("target is writable");
        }
    }
    products
}

/// Whether the products are there, and no source is newer than the stamp.
fn is_current(products: &Path, stamp: &Path, sources: SystemTime) -> bool {
    let built = fs::metadata(stamp).and_then(|stamp| stamp.modified());
    built.is_ok_and(|built| built > sources) && products.join("manifest.json").exists()
}

/// Returns the time of the last change of a file, or of any file in a directory; `None` if the path does not exist.
fn newest(path: &Path) -> Option<SystemTime> {
    let metadata = fs::metadata(path).ok()?;
    let own = metadata.modified().ok();
    let within = metadata.is_dir().then(|| fs::read_dir(path).ok()).flatten().into_iter().flatten().flatten();
    within.filter_map(|entry| newest(&entry.path())).chain(own).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn products_are_current_only_if_built_after_every_source() {
        let directory = tempfile::tempdir().unwrap();
        let [products, stamp, sources] = ["vdso", "stamp", "src"].map(|name| directory.path().join(name));
        let now = SystemTime::now();
        let write = |path: &Path, age| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(path).unwrap().set_modified(now - Duration::from_secs(age)).unwrap();
        };
        write(&sources.join("deep/old.rs"), 20);
        File::open(sources.join("deep")).unwrap().set_modified(now - Duration::from_secs(20)).unwrap();
        File::open(&sources).unwrap().set_modified(now - Duration::from_secs(20)).unwrap();
        let is_current = || is_current(&products, &stamp, newest(&sources).unwrap());
        assert!(!is_current(), "nothing was built");
        write(&stamp, 10);
        assert!(!is_current(), "the products were removed");
        write(&products.join("manifest.json"), 15);
        assert!(is_current());
        write(&sources.join("deep/new.rs"), 5);
        assert!(!is_current(), "a source is newer");
        assert_eq!(newest(&directory.path().join("absent")), None);
    }
}
