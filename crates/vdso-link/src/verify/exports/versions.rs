// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rule for version definitions, and the version of each function.

use super::functions;
use crate::{Examination, LinkedImage};
use object::elf::{self, VER_DEF_CURRENT, VER_FLG_BASE, VersionFlags};
use std::collections::BTreeSet;
use vdso_abi::exports::{SONAME, VERSION};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::place::Place;
use vdso_elf::symbols::Symbols;
use vdso_elf::versions::{Definition, definitions};

pub(super) fn check(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let definitions = definitions(&dynamic);
    let mut indices = BTreeSet::new();
    for definition in &definitions {
        let Definition { revision, index, hash, name, names, .. } = *definition;
        let shown = String::from_utf8_lossy(name.unwrap_or(b"?"));
        let place = Place::new(".gnu.version_d", definition.offset).in_symbol(&shown);
        examination.expect(
            revision == VER_DEF_CURRENT && names == 1,
            place.clone(),
            format_args!("a definition of revision {revision} with {names} names"),
            "revision 1, one name",
        );
        let right = name.map(elf::hash);
        examination.expect(
            right == Some(hash),
            place.clone(),
            format_args!("vd_hash {hash:#x}"),
            right.map_or("a name".into(), |right| format!("{right:#x}")),
        );
        let found = format!("vd_ndx {index} is taken already or reserved");
        examination.expect(
            index > 0 && indices.insert(index),
            place.clone(),
            found,
            "an index that no other definition has",
        );
        let known = definition.flags == if definition.base { VER_FLG_BASE } else { VersionFlags(0) };
        examination.expect(
            known,
            place.clone(),
            format_args!("vd_flags {:?}", definition.flags),
            "VER_FLG_BASE or none",
        );
        let wanted = if definition.base { SONAME } else { VERSION };
        let found = format!("defines {shown}");
        examination.expect(name == Some(wanted.as_bytes()), place, found, wanted);
    }
    // A chain that leaves the image ends this walk, and crashes clients that do not check addresses.
    if let Some(last) = definitions.last() {
        let found =
            format_args!("vd_next {:#x} leads out of the image, or to more definitions than any image has", last.next);
        examination.expect(
            last.next == 0,
            Place::new(".gnu.version_d", last.offset),
            found,
            "0 in the last definition",
        );
    }
    let ours = definitions.iter().find(|it| !it.base && it.name == Some(VERSION.as_bytes()));
    let place = Place::new(".gnu.version_d", 0);
    examination.expect(ours.is_some(), place, "no such version", format_args!("a definition of {VERSION}"));
    let Some(ours) = ours else { return Ok(()) };
    for export in functions(&elf) {
        let version = Symbols::of(&dynamic).version(export.index);
        let right = version.is_some_and(|version| version.index().0 == ours.index && !version.is_hidden());
        let found = version.map_or("no version".into(), |version| format!("version index {:#x}", version.0));
        examination.expect(right, export.place(), found, format_args!("{}, for {VERSION}", ours.index));
    }
    Ok(())
}
