// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Reading files.

use crate::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// More than any object or image takes with all its debug information, in bytes; a sparse file can be larger than memory.
pub const LARGEST: u64 = 64 << 20;

/// Reads a file whole.
///
/// # Errors
/// [`Error::Io`] where it cannot be read, [`Error::Refused`] where it is of another order of size than what we look at.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |reason| Error::Io { path: path.into(), reason };
    let mut data = Vec::new();
    File::open(path).map_err(io)?.take(LARGEST + 1).read_to_end(&mut data).map_err(io)?;
    if data.len() as u64 > LARGEST {
        return Err(Error::Refused {
            path: path.into(),
            what: format!("a file of more than {} MiB", LARGEST >> 20),
            next: "name an object or a vDSO image, which take some kilobytes".into(),
        });
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_would_fill_the_memory_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 42).unwrap();
        let error = read_whole(file.path()).unwrap_err().to_string();
        assert!(error.contains("more than 64 MiB; name an object"), "{error}");
        file.as_file().set_len(LARGEST).unwrap();
        assert_eq!(read_whole(file.path()).unwrap().len() as u64, LARGEST);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_whole(folder.path()).unwrap_err().to_string();
        assert!(error.contains("directory") && error.contains(folder.path().to_str().unwrap()), "{error}");
    }
}
