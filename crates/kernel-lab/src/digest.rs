// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! SHA-256, as the lower-case hexadecimal digits that records and stamps hold.

use sha2::{Digest, Sha256};

/// The digest of one piece of data.
pub fn sha256(data: &[u8]) -> String {
    let mut digest = Inputs::default();
    digest.0.update(data);
    digest.finish()
}

/// The digest of several named inputs; no two different lists of inputs have the same byte stream.
#[derive(Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Adds one input.
    pub fn add(&mut self, name: &str, data: &[u8]) {
        for part in [name.as_bytes(), data] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    /// The digest of everything that was added.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_border_between_inputs_counts() {
        let of = |inputs: &[(&str, &[u8])]| {
            let mut digest = Inputs::default();
            inputs.iter().for_each(|(name, data)| digest.add(name, data));
            digest.finish()
        };
        assert_ne!(of(&[("a", b"bc")]), of(&[("ab", b"c")]));
        assert_ne!(of(&[("a", b""), ("b", b"")]), of(&[("a", b"b")]));
    }
}
