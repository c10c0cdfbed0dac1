// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Turns what a linker complains about into what to do.

/// The beginning of the text of every `ASSERT` in `linker/vdso.lds`.
const ASSERT_MARK: &str = "vDSO: ";

/// Words of a linker, and the instruction that helps. The first that fits a line speaks for it, so the special ones stand
/// before the general ones.
const KNOWN: [(&[&str], &str); 11] = [
    (
        &["symbol not found: OFFSET_OF_", "symbol not found: IMAGE_BUDGET", "referenced in expression"],
        "linker/vdso.lds takes its numbers from --defsym: link with the arguments of `StandaloneLink::arguments`",
    ),
    (
        &["undefined hidden symbol", "undefined symbol", "undefined reference to"],
        "the object may leave only the three data-page symbols undefined: `nm -u` on the object shows what else it asks \
         for. A `memcpy`, `memset` or `core::panicking` name is a call that the compiler made up: avoid the construct",
    ),
    (
        &["version script assignment of"],
        "the object lacks an export that linker/vdso.lds names: compare `nm` on the object with vdso_abi::exports",
    ),
    (
        &["cannot refer to absolute symbol"],
        "lld refuses PC-relative references to absolute symbols: define the data symbols relative to `.` in the script",
    ),
    (
        &["is being placed in", "unplaced orphan section"],
        "the object holds a section that the image has no place for: only .text*, .rodata* and .eh_frame may be allocated",
    ),
    (
        &["incompatible section flags for .never_"],
        "the object holds thread-local data, which no loader sets up for a vDSO: keep the value in the opaque state",
    ),
    (
        &["out of range", "relocation truncated to fit"],
        "a PC-relative reference reaches further than 2 GiB: an offset was added to the address of a data-page symbol",
    ),
    (
        &["recompile with -fPIC", "cannot be used with -shared"],
        "the object holds an absolute or thread-local address: build it with -C relocation-model=pic and reach symbols by \
         `lea sym(%rip)`",
    ),
    (
        &["unknown directive", "file format not recognized"],
        "the object is no ELF file: build it again with `cargo xtask build-vdso`",
    ),
    (
        &["unknown argument", "unrecognized option", "unrecognised emulation", "unknown emulation"],
        "this linker is too old or of another kind: the rust-lld of Rust 1.95 and GNU ld 2.40 are known to work",
    ),
    (&["cannot open output file"], "the output directory does not exist or is read-only: choose another with --out"),
];

/// The instructions that fit what a linker wrote to its standard error, each once, in the order of the complaints.
///
/// Empty where nothing is known: then the linker's own words must do.
pub fn advice(stderr: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in stderr.lines() {
        // The script's asserts are written as advice already.
        let own = line.split_once(ASSERT_MARK).map(|(_, text)| text.to_owned());
        let known = || {
            let (_, text) = KNOWN.iter().find(|(words, _)| words.iter().any(|word| line.contains(word)))?;
            Some((*text).to_owned())
        };
        if let Some(text) = own.or_else(known)
            && !found.contains(&text)
        {
            found.push(text);
        }
    }
    found
}
