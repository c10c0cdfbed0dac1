// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The vDSO's address, from the auxiliary vector.

use crate::abi::AT_SYSINFO_EHDR;
use crate::{kernel, libc};

/// Words of the vector that are read. Linux writes some 22 pairs.
const WORDS: usize = 128;

/// Address of the vDSO's ELF header; 0 if the kernel maps none, or its address is unknown.
///
/// Asks the C library, then reads `/proc/self/auxv`, then calls `prctl(PR_GET_AUXV)`. The file exists on every kernel with
/// `/proc` mounted; the command works without it, from Linux 6.4 on.
pub fn vdso_base() -> usize {
    libc::auxiliary_value(AT_SYSINFO_EHDR).unwrap_or_else(ask_kernel)
}

fn ask_kernel() -> usize {
    let sources: [fn(&mut [usize]) -> isize; 2] =
        [|words| kernel::read_file(c"/proc/self/auxv", words), kernel::auxiliary_vector];
    let found = sources.iter().find_map(|source| {
        let mut words = [0; WORDS];
        let bytes = usize::try_from(source(&mut words)).ok()?;
        entry(words.get(..bytes / size_of::<usize>()).unwrap_or(&words), AT_SYSINFO_EHDR)
    });
    found.unwrap_or(0)
}

/// The value of the first entry with this tag.
fn entry(vector: &[usize], tag: usize) -> Option<usize> {
    let pairs = vector.as_chunks::<2>().0;
    pairs.iter().find(|pair| pair[0] == tag).map(|pair| pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_and_the_kernel_agree() {
        let base = libc::auxiliary_value(AT_SYSINFO_EHDR).expect("the tests have a C library");
        assert_eq!(ask_kernel(), base);
    }

    #[test]
    fn entry_finds_a_tag_and_misses_one() {
        assert_eq!(entry(&[6, 4096, 33, 7, 0, 0], 33), Some(7));
        assert_eq!(entry(&[6, 33, 0, 0], 33), None);
        assert_eq!(entry(&[33], 33), None);
    }
}
