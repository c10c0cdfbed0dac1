// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The claims about a finished path, each as a function of the machine.

use crate::fault::{Claim, Fault};
use crate::machine::general_register::{KEPT, NAMES};
use crate::machine::{Machine, PIECE, VECTOR_WIDTH, entry_vector, general};
use crate::memory::{Access, Place, Region, WORD, WORD_LEN};
use crate::spec::BLOCK_WORDS;
use crate::term::{Symbol, Terms, Value};
use vdso_abi::state::{BLOCK_LEN, KEY_LEN};

/// A fault and the instruction that it is about, if the machine knows which one.
pub type Located = (Option<u64>, Fault);

/// Whether the first `len` bytes at `start` are the blocks.
pub fn output(
    terms: &Terms,
    machine: &Machine,
    start: Place,
    blocks: &[Vec<Value>],
    len: usize,
) -> Result<(), Located> {
    for at in (0..len).step_by(4) {
        let place = Place { offset: start.offset + at as i64, ..start };
        let (block, word) = (at / BLOCK_LEN, at % BLOCK_LEN / 4);
        debug_assert!(word < BLOCK_WORDS);
        let wanted = &blocks[block][word];
        let found = machine.memory.stored(place, 32);
        if found.as_ref() != Some(wanted) {
            let store =
                machine.memory.accesses().iter().rev().find(|access| {
                    access.stored.is_some() && access.touches(place.region, place.offset, place.offset + 4)
                });
            let text = match found {
                Some(found) => {
                    let (is, wanted) = terms.parting(&found, wanted);
                    format!("block {block}, word {word}: is {}, wanted {}", terms.text(&is), terms.text(&wanted))
                }
                None => format!("block {block}, word {word}: not stored"),
            };
            return Err((store.map(|store| store.instruction), Fault::new(Claim::Output, text)));
        }
    }
    Ok(())
}

/// Whether every access lies within what the routine may touch; `loads` and `stores` are parts of regions.
pub fn memory(machine: &Machine, loads: &[(Region, i64, i64)], stores: &[(Region, i64, i64)]) -> Result<(), Located> {
    for access in machine.memory.accesses() {
        let allowed = if access.stored.is_some() { stores } else { loads };
        let is_allowed = access.place.region == Region::Image && access.stored.is_none()
            || allowed.iter().any(|(region, from, to)| access.is_within(*region, *from, *to));
        if !is_allowed {
            let kind = if access.stored.is_some() { "store" } else { "load" };
            let Access { place, len, .. } = access;
            let text = format!("{kind} of {len} bytes at {:?}{:+}", place.region, place.offset);
            return Err((Some(access.instruction), Fault::new(Claim::Memory, text)));
        }
    }
    Ok(())
}

/// Whether no load of the key follows a store over it.
pub fn key_order(machine: &Machine) -> Result<(), Located> {
    let accesses = machine.memory.accesses();
    let is_key = |access: &&Access| access.touches(Region::State, 0, KEY_LEN as i64);
    let stored = accesses.iter().position(|access| access.stored.is_some() && is_key(&access));
    let late = stored.and_then(|at| accesses[at..].iter().find(|access| access.stored.is_none() && is_key(access)));
    late.map_or(Ok(()), |access| {
        Err((Some(access.instruction), Fault::new(Claim::KeyOrder, "the key is loaded after a store over it")))
    })
}

/// Whether a successful check of the tag stands between the last load of the key and each store of output to the state.
///
/// `is_output` tells which values are output. A check is a load of the word whose comparison the path has assumed to be equal.
pub fn tag_check(
    terms: &mut Terms,
    machine: &Machine,
    tag: &Value,
    is_output: impl Fn(&Value) -> bool,
) -> Result<(), Located> {
    let (mut words, mut is_checked) = (0, false);
    let assumed = |terms: &mut Terms, number| {
        let word = terms.symbol(Symbol::Indexed("word", number), 64, false);
        let difference = terms.subtract(&word, tag);
        let equal = terms.is_zero(&difference);
        machine.assumed(&equal) == Some(true)
    };
    for access in machine.memory.accesses() {
        match &access.stored {
            None if access.touches(Region::State, 0, KEY_LEN as i64) => is_checked = false,
            None if access.touches(Region::State, WORD, WORD + WORD_LEN) => {
                words += 1;
                is_checked = assumed(terms, words);
            }
            Some(value) if access.place.region == Region::State && is_output(value) && !is_checked => {
                let text = "output is stored without a check of the tag after the last load of the key";
                return Err((Some(access.instruction), Fault::new(Claim::TagCheck, text)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether each vector register is zero, or as it was at entry where it was never written.
pub fn zeroed(terms: &mut Terms, machine: &Machine) -> Result<(), Located> {
    for (number, vector) in machine.vectors.iter().enumerate() {
        let entry = entry_vector(terms, number);
        for piece in 0..VECTOR_WIDTH / PIECE {
            let bits = vector.extract(piece * PIECE, PIECE);
            let was_written = machine.written[number] & 1 << piece != 0;
            if was_written && !bits.is_zero() || !was_written && bits != entry.extract(piece * PIECE, PIECE) {
                let bit = piece * PIECE;
                let text = format!("vector register {number}, from bit {bit} on: {}", terms.text(&bits));
                return Err((None, Fault::new(Claim::Zeroed, text)));
            }
        }
    }
    Ok(())
}

/// Whether registers that the caller keeps are as they were at entry.
pub fn kept(terms: &mut Terms, machine: &Machine) -> Result<(), Located> {
    for number in KEPT {
        if machine.registers[number] != general(terms, number) {
            let text = format!("{} is changed: {}", NAMES[number], terms.text(&machine.registers[number]));
            return Err((None, Fault::new(Claim::Registers, text)));
        }
    }
    Ok(())
}

/// Whether registers that the caller keeps are as they were at entry, and none holds a secret.
pub fn registers(terms: &mut Terms, machine: &Machine) -> Result<(), Located> {
    kept(terms, machine)?;
    match machine.registers.iter().find(|register| terms.is_secret(register)) {
        None => Ok(()),
        Some(register) => {
            let text = format!("a secret in a general register: {}", terms.text(register));
            Err((None, Fault::new(Claim::Secrets, text)))
        }
    }
}
