// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What cannot be looked at ends in one error that names the place, and never in a panic.

use crate::bad_bytes::{put, relocation, section};
use crate::fixture::{GOOD, assemble, judge};
use vdso_link::Error;

fn refusal(bytes: Vec<u8>) -> String {
    match judge(bytes) {
        Err(error @ Error::Malformed { .. }) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(Ok(_)) => panic!("it passed"),
        Ok(Err(report)) => panic!("it was looked at: {report}"),
    }
}

#[test]
fn each_refusal_names_the_place() {
    let good = assemble(GOOD);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        refusal(bytes)
    };
    let machine = changed(&|bytes| put(bytes, 18, &[183]));
    assert_eq!(
        machine,
        "vgetrandom.o: at offset 0x12: a file for EM_AARCH64; wanted a complete ELF64 little-endian file for x86-64; \
         name another file, or make this one anew"
    );
    let entry = relocation(&good, ".rela.text.entry", |_, _| true);
    let symbol = changed(&|bytes| put(bytes, entry + 12, &[0xff; 4]));
    assert!(symbol.contains(&format!("at offset {entry:#x}: a relocation by symbol 4294967295")), "{symbol}");

    let entry = section(&good, ".symtab").data + 24;
    let home = changed(&|bytes| put(bytes, entry + 6, &[0x77, 0x77]));
    assert!(home.contains(&format!("at offset {entry:#x}: a symbol in section 30583")), "{home}");

    let header = section(&good, ".rela.text.entry").header;
    let target = changed(&|bytes| put(bytes, header + 44, &[0xff; 4]));
    assert!(target.contains("sh_info"), "{target}");

    let eh_frame = section(&good, ".eh_frame").data;
    let cfi = changed(&|bytes| put(bytes, eh_frame, &[0x77; 4]));
    assert!(cfi.contains(&format!("at offset {eh_frame:#x}: .eh_frame cannot be parsed")), "{cfi}");

    let cut = refusal(good[..good.len() - 1].to_vec());
    assert!(cut.contains(&format!("at offset {:#x}: the file ends", good.len() - 1)), "{cut}");
    for (change, wanted) in
        [((4, 1), "0x4: a 32-bit file"), ((5, 2), "0x5: a big-endian file"), ((0, 0), "0x0: no ELF file")]
    {
        let error = changed(&|bytes| put(bytes, change.0, &[change.1]));
        assert!(error.contains(wanted), "{error}");
    }
    assert!(refusal(b"#!/bin/sh\n".to_vec()).contains("no ELF file; wanted a complete ELF64 little-endian file"));
    assert!(refusal(Vec::new()).contains("an empty file"));
}

#[test]
fn no_truncation_panics() {
    let good = assemble(GOOD);
    for len in (0..good.len()).step_by(64) {
        let verdict = judge(good[..len].to_vec());
        assert!(!matches!(verdict, Ok(Ok(_))), "the first {len} bytes passed");
    }
}

#[test]
fn no_wild_byte_panics() {
    let good = assemble(GOOD);
    for offset in 0..good.len() {
        let mut bytes = good.clone();
        bytes[offset] ^= 0xff;
        // Whatever comes back will do; the tables, the code and the CFI are all behind these offsets.
        let _ = judge(bytes);
    }
}
