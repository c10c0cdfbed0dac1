// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The first root file system of the guest: a `newc` archive (Linux `Documentation/driver-api/early-userspace/buffer-format.rst`).

use cpio::newc::{self, Builder, ModeFileType};
use std::io::Write;
use std::path::Path;

/// Folders that the client mounts on or creates files in.
const FOLDERS: [&str; 4] = ["dev", "proc", "sys", "tmp"];

/// Character devices with their numbers (Linux `Documentation/admin-guide/devices.txt`): the kernel opens the console
/// for `/init` before anything could have made it.
const DEVICES: [(&str, u32, u32); 2] = [("dev/console", 5, 1), ("dev/null", 1, 3)];

/// The archive with these programs, each by its name in the root folder. Equal programs give equal bytes.
///
/// # Errors
/// A program cannot be read, or is larger than the format allows.
pub fn pack(programs: &[(String, &Path)]) -> anyhow::Result<Vec<u8>> {
    let mut archive = Vec::new();
    let mut inode = 0;
    let mut entry = |name: &str, kind: ModeFileType, mode: u32| {
        inode += 1;
        Builder::new(name).ino(inode).mode(mode).set_mode_file_type(kind)
    };
    for folder in FOLDERS {
        archive = entry(folder, ModeFileType::Directory, 0o755).nlink(2).write(archive, 0).finish()?;
    }
    for (device, major, minor) in DEVICES {
        let node = entry(device, ModeFileType::Char, 0o600).rdev_major(major).rdev_minor(minor);
        archive = node.write(archive, 0).finish()?;
    }
    for (name, path) in programs {
        let bytes = fs_err::read(path)?;
        let mut file = entry(name, ModeFileType::Regular, 0o755).write(archive, u32::try_from(bytes.len())?);
        file.write_all(&bytes)?;
        archive = file.finish()?;
    }
    Ok(newc::trailer(archive)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpio::newc::Reader;

    #[test]
    fn everything_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("p");
        fs_err::write(&program, "12345").unwrap();
        let archive = pack(&[("init".into(), &program)]).unwrap();
        assert_eq!(archive, pack(&[("init".into(), &program)]).unwrap());

        let mut rest = &archive[..];
        let mut found = Vec::new();
        loop {
            let mut reader = Reader::new(rest).unwrap();
            let entry = reader.entry().clone();
            if entry.is_trailer() {
                break;
            }
            let mut bytes = String::new();
            std::io::Read::read_to_string(&mut reader, &mut bytes).unwrap();
            found.push((entry.name().to_owned(), entry.mode(), (entry.rdev_major(), entry.rdev_minor()), bytes));
            rest = reader.finish().unwrap();
        }
        let has = |name: &str, mode, device, bytes: &str| found.contains(&(name.into(), mode, device, bytes.into()));
        assert!(has("proc", 0o040755, (0, 0), ""), "{found:?}");
        assert!(has("dev/console", 0o020600, (5, 1), "") && has("dev/null", 0o020600, (1, 3), ""), "{found:?}");
        assert!(has("init", 0o100755, (0, 0), "12345"), "{found:?}");
        assert!(found.iter().position(|entry| entry.0 == "dev") < found.iter().position(|entry| entry.0 == "dev/null"));
    }
}
