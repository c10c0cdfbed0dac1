// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The machine and the software versions of a run.

use crate::peers;
use serde::Serialize;
use std::ffi::CStr;
use std::fmt;
use std::path::Path;

/// The conditions of a run, which are printed with its numbers.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Model name, family, model number and stepping, from `/proc/cpuinfo`.
    pub cpu: String,
    /// Processors that are online.
    pub processors: usize,
    /// Release and version of the kernel.
    pub kernel: String,
    /// Load averages at the start of the run.
    pub load: String,
    /// Peers with their versions.
    pub versions: Vec<String>,
    /// Digest of the object, from the manifest of its build.
    pub object: String,
}

impl Machine {
    /// Collects the conditions. A value that cannot be read is `unknown`, because no measurement depends on it.
    pub fn inspect(products: &Path) -> Self {
        let uname = rustix::system::uname();
        let text = |text: &CStr| text.to_string_lossy().into_owned();
        Self {
            cpu: cpu(&fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default()),
            processors: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: format!("{} {}", text(uname.release()), text(uname.version())),
            load: load(),
            versions: versions(),
            object: object(products).unwrap_or_else(unknown),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "cpu       {}, {} online", self.cpu, self.processors)?;
        writeln!(f, "kernel    {}", self.kernel)?;
        writeln!(f, "versions  {}", self.versions.join(", "))?;
        writeln!(f, "object    sha256 {}", self.object)?;
        write!(f, "load      {}", self.load)
    }
}

fn unknown() -> String {
    "unknown".into()
}

/// The load averages, which show whether other programs compete for the processors.
pub fn load() -> String {
    let all = fs_err::read_to_string("/proc/loadavg").unwrap_or_else(|_| unknown());
    all.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn cpu(cpuinfo: &str) -> String {
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.split('\t').next() == Some(name))?;
        line.split_once(": ").map(|(_, value)| value)
    };
    let of = |name| field(name).unwrap_or("unknown");
    format!("{} (family {} model {} stepping {})", of("model name"), of("cpu family"), of("model"), of("stepping"))
}

fn versions() -> Vec<String> {
    let lock = include_str!("../../Cargo.lock");
    let crates = ["rand", "rand_chacha", "chacha20"]
        .into_iter()
        .flat_map(|name| locked(lock, name).map(move |version| format!("{name} {version}")));
    // SAFETY: a string that lives as long as the C library.
    let glibc = unsafe { CStr::from_ptr(libc::gnu_get_libc_version()) };
    let openssl = peers::openssl_version().unwrap_or_else(|_| "no OpenSSL".into());
    crates.chain([format!("glibc {}", glibc.to_string_lossy()), openssl]).collect()
}

/// The versions of a crate that this program was built with.
fn locked<'a>(lock: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let heading = format!("name = \"{name}\"");
    let lines: Vec<&str> = lock.lines().collect();
    let is_package = |pair: &&[&'a str]| pair[0] == heading;
    let found: Vec<&str> = lines.windows(2).filter(is_package).filter_map(|pair| pair[1].split('"').nth(1)).collect();
    found.into_iter()
}

fn object(products: &Path) -> Option<String> {
    let manifest = fs_err::read_to_string(products.join("manifest.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).ok()?;
    Some(manifest["outputs"]["vgetrandom.o"]["sha256"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_reads_the_model_of_the_first_processor() {
        let text =
            "processor\t: 0\nvendor_id\t: X\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: Y Z\nstepping\t: 1\n";
        assert_eq!(cpu(text), "Y Z (family 25 model 17 stepping 1)");
        assert_eq!(cpu(""), "unknown (family unknown model unknown stepping unknown)");
    }

    #[test]
    fn locked_finds_all_versions_of_a_crate() {
        let lock = "[[package]]\nname = \"rand\"\nversion = \"0.9.5\"\n\n[[package]]\nname = \"rand\"\nversion = \"0.10.4\"\n\
                    \n[[package]]\nname = \"rand_core\"\nversion = \"1.2.3\"\n";
        assert_eq!(locked(lock, "rand").collect::<Vec<_>>(), ["0.9.5", "0.10.4"]);
    }
}
