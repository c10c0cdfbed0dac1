// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The data pages that the running kernel has mapped before its image.

use rustix::mm::{MremapFlags, mremap_fixed};
use std::io::{Read, Write, pipe};
use std::ops::Range;
use vdso_abi::PAGE_SIZE;

/// Where they are. Lines before 6.13 have one mapping, later ones two.
pub struct KernelPages {
    mappings: Vec<Range<usize>>,
}

impl KernelPages {
    /// Finds them, in this process and up to the kernel's image; `None` where there are none.
    pub fn find() -> Option<Self> {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("procfs");
        let range = |line: &str| {
            let (start, end) = line.split_once(' ')?.0.split_once('-')?;
            Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
        };
        let named = |name: &'static str| maps.lines().filter(move |line| line.contains(name)).filter_map(range);
        let mappings: Vec<_> = named("[vvar").collect();
        let image = named("[vdso]").next()?;
        let in_a_row = mappings.windows(2).all(|pair| pair[0].end == pair[1].start);
        (in_a_row && mappings.last()?.end == image.start).then_some(Self { mappings })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.mappings.iter().map(Range::len).sum::<usize>() / PAGE_SIZE
    }

    /// Moves them to `place`, where they go on to show what the kernel shows. From then on every function of the kernel's
    /// own image faults in this process, so the C library must not be asked for the time.
    ///
    /// # Safety
    /// `place` has room for them, page-aligned, that belongs to the caller.
    pub unsafe fn move_to(self, place: *mut u8) {
        let mut to = place;
        for mapping in self.mappings {
            let (from, len) = (std::ptr::with_exposed_provenance_mut(mapping.start), mapping.len());
            // SAFETY: the kernel's mapping goes as a whole, and the caller answers for the place.
            let moved = unsafe { mremap_fixed(from, len, len, MremapFlags::MAYMOVE, to.cast()) };
            moved.expect("mremap of the kernel's data pages");
            to = to.wrapping_add(len);
        }
    }

    /// Copies what they show at one moment, so that a call which is single-stepped is never overtaken by the
    /// kernel. Pages that the kernel does not show are zero. `sequence` is the offset of a word that the kernel keeps odd
    /// while it writes.
    ///
    /// # Panics
    /// Where no moment without a change was found.
    pub fn snapshot(&self, sequence: usize) -> Vec<u8> {
        /// More than a kernel is likely to write in a row.
        const ATTEMPTS: usize = 1000;
        let mut before = self.read();
        for _ in 0..ATTEMPTS {
            let now = self.read();
            if now == before && now[sequence].is_multiple_of(2) {
                return now;
            }
            before = now;
        }
        panic!("the kernel's data changed each time it was looked at");
    }

    fn read(&self) -> Vec<u8> {
        let pages = self.mappings.iter().flat_map(|mapping| mapping.clone().step_by(PAGE_SIZE));
        pages.flat_map(page).collect()
    }
}

/// The content of a page, or zeros: the kernel reads it for us, since for us a page that it does not show is a fault.
fn page(address: usize) -> Vec<u8> {
    let (mut reader, mut writer) = pipe().expect("pipe");
    let bytes = std::ptr::with_exposed_provenance::<u8>(address);
    let mut page = vec![0; PAGE_SIZE];
    // SAFETY: the kernel maps a page there; what it does not show makes `write` fail, and nothing of it is looked at here.
    let written = writer.write(unsafe { std::slice::from_raw_parts(bytes, PAGE_SIZE) });
    if written.is_ok_and(|written| written == PAGE_SIZE) {
        reader.read_exact(&mut page).expect("as much as was written");
    }
    page
}
