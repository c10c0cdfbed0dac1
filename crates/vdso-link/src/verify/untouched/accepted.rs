// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The differences that a splice may make to its original.

use crate::diff::Acceptance;

/// The differences that a splice may make. Bytes appended after the load segment of the original are not a difference.
pub static ACCEPTED: &[Acceptance] = &[
    Acceptance {
        subjects: &["ehdr"],
        fields: &["e_shoff", "e_shnum"],
        reason: "the section headers follow the appended bytes, and there are more of them",
    },
    Acceptance {
        subjects: &["phdr[PT_LOAD]"],
        fields: &["p_filesz", "p_memsz"],
        reason: "what was appended is mapped",
    },
    Acceptance {
        subjects: &["phdr[PT_GNU_EH_FRAME]"],
        fields: &["p_offset", "p_vaddr", "p_paddr", "p_filesz", "p_memsz"],
        reason: "the unwind tables are made anew, since their addresses are relative, and appended",
    },
    Acceptance {
        subjects: &[
            "dynamic[DT_HASH]",
            "dynamic[DT_GNU_HASH]",
            "dynamic[DT_SYMTAB]",
            "dynamic[DT_STRTAB]",
            "dynamic[DT_VERSYM]",
        ],
        fields: &["d_ptr"],
        reason: "tables that hold the new symbols are made anew and appended",
    },
    Acceptance {
        subjects: &["dynamic[DT_STRSZ]"],
        fields: &["d_val"],
        reason: "the new string table is the old one with names added",
    },
    Acceptance {
        subjects: &[
            "shdr[.hash]",
            "shdr[.gnu.hash]",
            "shdr[.dynsym]",
            "shdr[.dynstr]",
            "shdr[.gnu.version]",
            "shdr[.eh_frame]",
            "shdr[.eh_frame_hdr]",
        ],
        fields: &["sh_addr", "sh_offset", "sh_size"],
        reason: "the section header follows the table that was made anew",
    },
    Acceptance {
        subjects: &["shdr[.dynsym]"],
        fields: &["sh_info"],
        reason: "the index after the last local symbol of the new table",
    },
    Acceptance {
        subjects: &["shdr[*]"],
        fields: &["sh_offset(unmapped)"],
        reason: "unmapped sections follow the appended bytes",
    },
    Acceptance {
        subjects: &["shdr[.shstrtab]", "content[.shstrtab]"],
        fields: &["sh_size", "appended"],
        reason: "the names of the new sections are added",
    },
    Acceptance {
        subjects: &["shdr[.symtab]", "shdr[.strtab]", "content[.strtab]"],
        fields: &["sh_size", "sh_info", "appended"],
        reason: "the symbols of the object are added, or debuggers print ??; image-untouched/debug-symbols looks at the rest",
    },
    Acceptance {
        subjects: &["shdr[.text.vgetrandom]", "shdr[.rodata.vgetrandom]"],
        fields: &["added"],
        reason: "the sections of the object; symbols need an index, or debuggers print ??",
    },
    Acceptance { subjects: &["shdr[.vgetrandom.original]"], fields: &["added"], reason: "how to undo the splice" },
];
