// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The version definitions, found through the dynamic table.

use crate::dynamic::Dynamic;
use crate::symbols::Symbols;
use object::LittleEndian as LE;
use object::elf::{DT_VERDEF, VER_FLG_BASE, Verdaux, Verdef, VersionFlags};

/// One version that an image defines.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'data> {
    /// Where it stands, from the start of `DT_VERDEF`, in bytes.
    pub offset: u64,
    /// `vd_version`: the revision of the structure.
    pub revision: u16,
    /// `vd_flags`
    pub flags: VersionFlags,
    /// Whether it names the file itself instead of a version.
    pub base: bool,
    /// `vd_ndx`, by which symbols refer to it.
    pub index: u16,
    /// `vd_hash`: what stands there, which need not be right.
    pub hash: u32,
    /// `vd_cnt`: how many names it has, parents included.
    pub names: u16,
    /// `vd_next`: how far it is to the next one, in bytes; 0 in the last.
    pub next: u32,
    /// Its own name, where it can be read.
    pub name: Option<&'data [u8]>,
}

/// As many definitions are read; a vDSO has two, one of which is the file itself.
const MOST_DEFINITIONS: usize = 64;

/// All definitions, in the order of the chain. The chain must go forward, which also ends every walk.
pub fn definitions<'data>(dynamic: &Dynamic<'data>) -> Vec<Definition<'data>> {
    let mut definitions = Vec::new();
    let Some(start) = dynamic.value(DT_VERDEF) else { return definitions };
    let symbols = Symbols::of(dynamic);
    let mut address = start;
    while let Some(entry) = dynamic.memory.value::<Verdef<LE>>(address).filter(|_| definitions.len() < MOST_DEFINITIONS)
    {
        let name = || {
            let first: &Verdaux<LE> = dynamic.memory.value(address.checked_add(entry.vd_aux.get(LE).into())?)?;
            symbols.string(first.vda_name.get(LE).into())
        };
        definitions.push(Definition {
            offset: address - start,
            revision: entry.vd_version.get(LE),
            flags: entry.vd_flags.get(LE),
            base: entry.vd_flags.get(LE).contains(VER_FLG_BASE),
            index: entry.vd_ndx.get(LE).0,
            hash: entry.vd_hash.get(LE),
            names: entry.vd_cnt.get(LE),
            next: entry.vd_next.get(LE),
            name: name(),
        });
        let step = u64::from(entry.vd_next.get(LE));
        let Some(next) = address.checked_add(step).filter(|_| step > 0) else { break };
        address = next;
    }
    definitions
}
