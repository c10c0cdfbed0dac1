// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A file told as the difference from another one that holds most of its bytes.
//!
//! A sequence of steps, each three LEB128 numbers and some bytes: how far to go on in the other file (signed), how many bytes
//! to copy from there, how many bytes follow in the delta itself. Those usually stand in for as many of the other file, so
//! its place moves on past them too. Missing bytes at the end are zero, as after the end of a file in its last page.

use gimli::leb128::write::Leb128;
use gimli::{EndianSlice, LittleEndian, Reader as _};
use std::ops::Range;

/// The fewest equal bytes that are worth a step.
const WORTHWHILE: usize = 4;

/// One step.
struct Step {
    /// Offset in the other file.
    from: usize,
    /// How many bytes are copied from there.
    copy: usize,
    /// The bytes after them.
    literal: Vec<u8>,
}

/// Tells `file` as a difference from `other`. `moved` says where to look: ranges of `file` with the offset in `other` at which
/// their bytes may be found. Of ranges that overlap, the first tells.
pub(super) fn encode(file: &[u8], other: &[u8], mut moved: Vec<(Range<usize>, usize)>) -> Vec<u8> {
    moved.sort_by_key(|(range, _)| range.start);
    let mut steps = vec![Step { from: 0, copy: 0, literal: Vec::new() }];
    let mut at = 0;
    for (range, place) in moved {
        let start = range.start.clamp(at, file.len());
        let end = range.end.clamp(start, file.len());
        literal(&mut steps, &file[at..start]);
        let from = place + (start - range.start.min(start));
        compare(&mut steps, &file[start..end], other.get(from..).unwrap_or_default(), from);
        at = end;
    }
    literal(&mut steps, &file[at..]);
    if let Some(last) = steps.last_mut() {
        let zeros = last.literal.iter().rev().take_while(|&&byte| byte == 0).count();
        last.literal.truncate(last.literal.len() - zeros);
    }
    write(&steps)
}

/// Puts a file together again that has `length` bytes.
///
/// # Errors
/// In words, where the steps do not lead there.
pub(super) fn decode(delta: &[u8], other: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let mut reader = EndianSlice::new(delta, LittleEndian);
    let (mut file, mut place) = (Vec::new(), 0_i64);
    while !reader.is_empty() {
        let skip = reader.read_sleb128().map_err(|error| error.to_string())?;
        let mut number = || reader.read_uleb128().ok().and_then(|number| usize::try_from(number).ok());
        let (Some(copy), Some(own)) = (number(), number()) else { return Err("a step is cut short".into()) };
        let from = place.checked_add(skip).and_then(|from| usize::try_from(from).ok());
        let copied = from.and_then(|from| other.get(from..from.checked_add(copy)?));
        let (Some(from), Some(copied)) = (from, copied) else { return Err("a step leaves the image".into()) };
        let literal = reader.split(own).map_err(|error| error.to_string())?;
        // Before they are taken: a step of a few bytes may copy all of the other file, and there may be many.
        if file.len() + copied.len() + literal.len() > length {
            return Err(format!("the steps give more than {length} bytes"));
        }
        file.extend_from_slice(copied);
        file.extend_from_slice(literal.slice());
        place = (from + copy + own) as i64;
    }
    file.resize(length, 0);
    Ok(file)
}

/// Steps for bytes of which most equal those of `other`, which begin at the offset `from`.
fn compare(steps: &mut Vec<Step>, bytes: &[u8], other: &[u8], from: usize) {
    let mut at = 0;
    while at < bytes.len() {
        let rest = other.get(at..).unwrap_or_default();
        let equal = bytes[at..].iter().zip(rest).take_while(|(a, b)| a == b).count();
        if equal >= WORTHWHILE {
            steps.push(Step { from: from + at, copy: equal, literal: Vec::new() });
        } else {
            // With the one that differs, if there is one.
            literal(steps, &bytes[at..bytes.len().min(at + equal + 1)]);
        }
        at += if equal >= WORTHWHILE { equal } else { equal + 1 };
    }
}

/// Adds bytes of the file's own to the last step.
fn literal(steps: &mut [Step], bytes: &[u8]) {
    if let Some(last) = steps.last_mut() {
        last.literal.extend_from_slice(bytes);
    }
}

/// The steps as bytes.
fn write(steps: &[Step]) -> Vec<u8> {
    let (mut delta, mut place) = (Vec::new(), 0);
    for Step { from, copy, literal } in steps.iter().filter(|step| step.copy + step.literal.len() > 0) {
        delta.extend_from_slice(Leb128::signed(*from as i64 - place).bytes());
        delta.extend_from_slice(Leb128::unsigned(*copy as u64).bytes());
        delta.extend_from_slice(Leb128::unsigned(literal.len() as u64).bytes());
        delta.extend_from_slice(literal);
        place = (from + copy + literal.len()) as i64;
    }
    delta
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

    /// The delta of a file, which must lead back to it.
    fn delta(file: &[u8], moved: &[(Range<usize>, usize)]) -> Vec<u8> {
        let delta = encode(file, OTHER, moved.to_vec());
        assert_eq!(decode(&delta, OTHER, file.len()).as_deref(), Ok(file));
        delta
    }

    #[test]
    fn equal_bytes_and_zeros_at_the_end_cost_nothing() {
        assert_eq!(delta(OTHER, &[(0..OTHER.len(), 0)]), [0, 36, 0]);
        let padded = [&OTHER[..10], &[0; 4000]].concat();
        assert_eq!(delta(&padded, &[(0..10, 0)]), [0, 10, 0]);
        assert!(delta(&[0; 100], &[(0..100, 0)]).is_empty());
    }

    #[test]
    fn what_moved_is_found_and_what_differs_is_kept() {
        assert_eq!(delta(b"uvwxyz01234", &[(0..6, 30), (6..11, 0)]), [30, 6, 0, 0x5c, 5, 0]);
        assert_eq!(delta(b"01234-6789abc", &[(0..13, 0)]), [0, 5, 1, b'-', 0, 7, 0]);
        // Three equal bytes between two others do not form a separate step.
        assert_eq!(delta(b"01234-678-abcd", &[(0..14, 0)]), [0, 5, 5, b'-', b'6', b'7', b'8', b'-', 0, 4, 0]);
    }

    #[test]
    fn hints_that_are_wrong_overlap_or_lead_nowhere_do_no_harm() {
        delta(b"zyxwvutsrq", &[(0..10, 0)]);
        delta(b"0123456789", &[(0..8, 0), (2..4, 30), (4..10, 4)]);
        delta(b"0123456789", &[(0..5, 34), (5..99, 1000)]);
        delta(b"", &[(3..9, 0)]);
        delta(b"abc", &[]);
    }

    #[test]
    fn a_delta_that_is_none_is_refused() {
        let said = |delta: &[u8]| decode(delta, OTHER, 40).unwrap_err();
        assert_eq!(said(&[0, 37, 0]), "a step leaves the image");
        assert_eq!(said(&[0x7f, 1, 0]), "a step leaves the image");
        assert_eq!(said(&[0, 36]), "a step is cut short");
        assert_eq!(said(&[0, 36, 0, 0x5c, 36, 0]), "the steps give more than 40 bytes");
        // A number beyond 64 bits, and bytes that are not there.
        assert!(decode(&[[0xff; 10].as_slice(), &[0; 10]].concat(), OTHER, 40).is_err());
        assert!(decode(&[0, 0, 5, 1, 2], OTHER, 40).is_err());
    }
}
