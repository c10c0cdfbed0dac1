// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Checks that a peer fills its buffer, because a peer that does not would win every comparison.

use super::Peer;
use crate::buffer::Buffer;
use crate::sizes::{SIZES, Size};
use anyhow::{Result, ensure};

/// Number of calls after which a random byte was 0 in all of them with probability 2⁻⁶⁴.
const CALLS: usize = 8;

/// Calls the peer with each size, and checks that it writes each byte and returns the count.
///
/// # Errors
/// A byte was not written, or the count is wrong.
pub fn check(peer: &Peer) -> Result<()> {
    let lengths = SIZES.iter().filter(|size| size.suits(peer.name)).filter_map(|size| match size {
        Size::Fixed(len) => Some(*len),
        Size::Mixed => None,
    });
    for len in lengths {
        let missing = first_unwritten(peer, len)?;
        ensure!(missing.is_none(), "{}: a call for {len} bytes did not write byte {}", peer.name, missing.unwrap_or(0));
    }
    Ok(())
}

/// Index of the first byte that no call has written.
fn first_unwritten(peer: &Peer, len: usize) -> Result<Option<usize>> {
    let mut buffer = Buffer::new(len);
    let mut seen = vec![0; len];
    for _ in 0..CALLS {
        buffer.bytes().fill(0);
        // SAFETY: the buffer has that length.
        let returned = unsafe { peer.call(buffer.start(), len) };
        ensure!(returned == len as isize, "{}: a call for {len} bytes returned {returned}", peer.name);
        seen.iter_mut().zip(buffer.bytes()).for_each(|(seen, byte)| *seen |= *byte);
    }
    Ok(seen.iter().position(|byte| *byte == 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::{EmptyCall, Generator, Name};

    /// Writes all bytes but the last, or returns an error.
    struct Careless {
        returns: bool,
    }

    impl Generator for Careless {
        fn fill(&mut self, bytes: &mut [u8]) -> bool {
            let end = bytes.len() - 1;
            bytes[..end].fill(0xaa);
            self.returns
        }
    }

    #[test]
    fn a_peer_that_leaves_a_byte_is_refused() {
        let error = |peer| check(&peer).unwrap_err().to_string();
        assert!(error(Peer::of(Name::Memcpy, Careless { returns: true })).contains("4 bytes did not write byte 3"));
        assert!(error(Peer::of(Name::Memcpy, Careless { returns: false })).contains("returned -1"));
        assert!(error(Peer::of(Name::EmptyCall, EmptyCall)).contains("did not write byte 0"));
    }
}
