// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! No byte of a good image can be another one without a rule that speaks, but for those that are listed with the reason.
//!
//! That an image "loads" is not even asked: what is verified here is little enough.

use goblin::elf::Elf;
use object::elf::{DT_NULL, DT_SYMBOLIC, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_GNU_STACK, PT_LOAD, PT_NOTE, ProgramType};
use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;
use vdso_fixtures::edit::Edit;
use vdso_fixtures::images::{GoodImages, Kind};

/// Bytes that may be others.
struct DontCare {
    what: &'static str,
    reason: &'static str,
    /// Where they are in an image.
    ranges: fn(&Image<'_>) -> Vec<Range<usize>>,
}

/// A good image taken apart.
struct Image<'a> {
    data: &'a [u8],
    elf: Elf<'a>,
    edit: Edit,
}

impl<'a> Image<'a> {
    fn of(data: &'a [u8]) -> Self {
        Self { data, elf: Elf::parse(data).expect("a good image"), edit: Edit::new(data) }
    }

    /// How much of the file is mapped, in bytes.
    fn mapped(&self) -> usize {
        self.edit.u64(self.edit.segment(PT_LOAD) + 32) as usize
    }

    fn has(&self, kind: ProgramType) -> bool {
        self.elf.program_headers.iter().any(|it| it.p_type == kind.0)
    }

    /// A field of some program headers, where there are such.
    fn of_segments(&self, kinds: &[ProgramType], field: Range<usize>) -> Vec<Range<usize>> {
        let starts = kinds.iter().filter(|kind| self.has(**kind)).map(|kind| self.edit.segment(*kind));
        starts.map(|start| start + field.start..start + field.end).collect()
    }

    /// The content of mapped sections by their names.
    fn sections(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let mapped = self.elf.section_headers.iter().filter(|it| it.is_alloc() && it.sh_size > 0);
        mapped.map(|it| (self.elf.shdr_strtab.get_at(it.sh_name).unwrap(), it.file_range().unwrap()))
    }

    fn content(&self, name: &str) -> Range<usize> {
        self.sections().find(|(it, _)| *it == name).expect("the section is there").1
    }

    /// A field of every dynamic entry with one of some tags, `DT_NULL` included.
    fn of_entries(&self, tags: &[u64]) -> Vec<Range<usize>> {
        let table = self.content(".dynamic");
        let entries = table.clone().step_by(16).filter(|&entry| tags.contains(&self.edit.u64(entry)));
        entries.map(|entry| entry + 8..entry + 16).collect()
    }
}

#[expect(clippy::single_range_in_vec_init, reason = "one range is what is meant")]
const DONT_CARE: [DontCare; 13] = [
    DontCare {
        what: "after PT_LOAD",
        reason: "no process finds it there: section headers, names, symbols for debuggers; a changed undo record of a splice is \
                 found all the same",
        ranges: |image| vec![image.mapped()..image.data.len()],
    },
    DontCare {
        what: "between sections",
        reason: "padding, which nothing refers to",
        ranges: |image| {
            let headers = [0..64, 64..64 + 56 * image.elf.program_headers.len()];
            let mut taken: Vec<_> = image.sections().map(|(_, range)| range).chain(headers).collect();
            taken.push(image.mapped()..image.mapped());
            // Bytes that a splice has replaced must be as they were: another rule requires it.
            taken.sort_by_key(|range| range.start);
            let mut end = 0;
            let mut gaps = Vec::new();
            for range in taken {
                gaps.push(end..range.start.max(end));
                end = end.max(range.end);
            }
            gaps
        },
    },
    DontCare {
        what: "between functions",
        reason: "int3, which no path leads to; the object has none in its code",
        ranges: |image| {
            let code = image.sections().filter(|(name, _)| name.starts_with(".text")).flat_map(|(_, range)| range);
            code.filter(|&at| image.data[at] == 0xcc).map(|at| at..at + 1).collect()
        },
    },
    DontCare { what: "e_entry", reason: "no program starts a shared object", ranges: |_| vec![24..32] },
    DontCare {
        what: "p_align of what PT_LOAD holds",
        reason: "only PT_LOAD is mapped; readers of notes go by their format where the number is neither 4 nor 8",
        ranges: |image| image.of_segments(&[PT_DYNAMIC, PT_NOTE, PT_GNU_EH_FRAME], 48..56),
    },
    DontCare {
        what: "fields of PT_GNU_STACK",
        reason: "one bit of it is read, which says that the stack is not executable",
        ranges: |image| image.of_segments(&[PT_GNU_STACK], 4..56),
    },
    DontCare {
        what: "the null symbol and its chain",
        reason: "its index ends every chain, so that no lookup reads it or its version",
        ranges: |image| {
            let (symbols, hash) = (image.content(".dynsym").start, image.content(".hash").start);
            let chain = hash + 4 * (2 + image.edit.u32(hash) as usize);
            let version = image.content(".gnu.version").start;
            vec![symbols..symbols + 24, chain..chain + 4, version..version + 2]
        },
    },
    DontCare {
        what: "upper bits of st_other",
        reason: "x86-64 defines visibility and nothing else",
        ranges: |image| image.content(".dynsym").step_by(24).map(|symbol| symbol + 5..symbol + 6).collect(),
    },
    DontCare {
        what: "the empty string",
        reason: "it is the name of the null symbol only",
        ranges: |image| vec![image.content(".dynstr").start..image.content(".dynstr").start + 1],
    },
    DontCare {
        what: "vd_ndx of the file's own definition, vda_next of single names",
        reason: "no symbol has this version; clients read as many names as vd_cnt says, or the first",
        ranges: |image| {
            let start = image.content(".gnu.version_d").start;
            // Two definitions of 20 bytes, each followed by a name of 8.
            vec![start + 4..start + 6, start + 24..start + 28, start + 52..start + 56]
        },
    },
    DontCare {
        what: "values of DT_NULL and DT_SYMBOLIC",
        reason: "the tag says it all",
        ranges: |image| image.of_entries(&[DT_NULL.0 as u64, DT_SYMBOLIC.0 as u64]),
    },
    DontCare {
        what: "the build-id",
        reason: "a name for debuggers, which is as good as another; a splice keeps its original's",
        ranges: |image| {
            let id = image.edit.find(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16;
            vec![id..id + 20]
        },
    },
    DontCare {
        what: "unwind instructions without effect",
        reason: "padding, and other spellings of a number: the rows are held against those of object and original",
        ranges: |image| vec![image.content(".eh_frame")],
    },
];

/// The values that stand in for a byte.
fn others(byte: u8) -> [u8; 4] {
    [byte ^ 1, byte ^ 0x80, !byte, byte.wrapping_add(1)]
}

/// The offsets in a range of a good image at which another value is verified, and how many files were looked at.
fn verified(good: &GoodImages, kind: Kind, range: Range<usize>) -> (Vec<usize>, usize) {
    let mut looked_at = 0;
    let mut passes = |at: &usize| {
        let byte = good.data(kind)[*at];
        others(byte).iter().filter(|&&other| other != byte).any(|&other| {
            looked_at += 1;
            let mut data = good.data(kind).to_vec();
            data[*at] = other;
            good.is_verified(kind, data)
        })
    };
    let found = range.filter(&mut passes).collect();
    (found, looked_at)
}

#[test]
fn no_other_byte_is_verified_where_somebody_would_care() {
    let good = GoodImages::get();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for kind in Kind::ALL {
        let data = good.data(kind);
        let image = Image::of(data);
        let ranges: Vec<_> = DONT_CARE.iter().map(|it| (it, (it.ranges)(&image))).collect();
        let middle = data.len() / 2;
        let halves = thread::scope(|scope| {
            let first = scope.spawn(|| verified(good, kind, 0..middle));
            let second = verified(good, kind, middle..data.len());
            [first.join().expect("no panic"), second]
        });
        for (found, files) in halves {
            looked_at += files;
            for at in found {
                match ranges.iter().find(|(_, ranges)| ranges.iter().any(|range| range.contains(&at))) {
                    Some((it, _)) => *uses.entry(it.what).or_default() += 1,
                    None => wrong.push(format!("{kind:?}: {at:#x} may be other than {:#04x}", data[at])),
                }
            }
        }
    }
    println!("{looked_at} files with one other byte; bytes that may be others: {uses:#?}");
    assert!(looked_at > 50_000, "{looked_at} files");
    assert!(wrong.is_empty(), "{} bytes, of which the first: {:#?}", wrong.len(), &wrong[..wrong.len().min(40)]);
    for it in &DONT_CARE {
        assert!(uses.contains_key(it.what), "{} need not be listed: {}", it.what, it.reason);
    }
}
