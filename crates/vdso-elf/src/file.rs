// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Reading files.

use crate::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Maximum size of a file, in bytes: above any object or image with debug information. A sparse file can be larger than memory.
pub const LARGEST: u64 = 64 << 20;

/// Reads a file whole.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Refused`] if it exceeds the maximum size.
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
    fn read_whole_refuses_a_file_above_the_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(1 << 42).unwrap();
        let error = read_whole(file.path()).unwrap_err().to_string();
        assert!(error.contains("more than 64 MiB; name an object"), "{error}");
        file.as_file().set_len(LARGEST).unwrap();
        assert_eq!(read_whole(file.path()).unwrap().len() as u64, LARGEST);
    }

    #[test]
    fn read_whole_names_a_path_that_it_cannot_read() {
        let directory = tempfile::tempdir().unwrap();
        let error = read_whole(directory.path()).unwrap_err().to_string();
        assert!(error.contains("directory") && error.contains(directory.path().to_str().unwrap()), "{error}");
    }
}
