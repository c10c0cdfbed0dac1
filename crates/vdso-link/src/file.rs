// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Writing files.

use crate::Error;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file whole, or leaves the one that was there as it was.
///
/// # Errors
/// [`Error::Io`] where its folder does not take it.
pub fn write_whole(path: &Path, data: &[u8]) -> Result<(), Error> {
    let io = |reason| Error::Io { path: path.into(), reason };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Less the user's umask, as any file that a build writes; the crate's own choice is a private file.
    let mut options = tempfile::Builder::new();
    let mut file = options.permissions(Permissions::from_mode(0o666)).tempfile_in(folder).map_err(io)?;
    file.write_all(data).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
