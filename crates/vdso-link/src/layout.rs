// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The data-page layouts: where a kernel series keeps the shared data, relative to its vDSO image.

mod symbols;

pub use symbols::layout_of;

use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::{TIMENS_VDSO_DATA, VDSO_DATA, VDSO_RNG_DATA};

/// Places of the data before an image, as negative offsets from the image's base, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPageLayout {
    /// The kernel series that have it, in words.
    pub name: &'static str,
    /// How many pages lie before the image.
    pub pages: usize,
    /// Value of [`VDSO_DATA`].
    pub vdso_data: i64,
    /// Value of [`TIMENS_VDSO_DATA`]. Where time namespaces do not swap the rng data it equals `vdso_data`, so that the
    /// object, which adds the same offset to both, arrives at the one place that there is.
    pub timens_vdso_data: i64,
    /// Value of [`VDSO_RNG_DATA`].
    pub vdso_rng_data: i64,
}

/// Maximum number of pages of an image: two for the kernel's functions in the supported series, four for the object with its
/// six cipher routines, its constants and its names.
pub const PAGE_BUDGET: u64 = 2 + 4;

const PAGE: i64 = PAGE_SIZE as i64;

/// Where Linux 6.1 to 6.12 place `struct vdso_data` in its page, in bytes (`DECLARE_VVAR` in
/// `arch/x86/include/asm/vvar.h`; 6.13 moved it to the start of the page).
const VDSO_DATA_OFFSET: i64 = 128;
/// Where Linux 6.12 places the rng data in the same page, in bytes; the glue for 6.1 does as it does.
const VDSO_RNG_DATA_OFFSET: i64 = 640;

/// Linux 6.1 to 6.12: rng data after `struct vdso_data` in the first of four pages, swapped by time namespaces
/// (`arch/x86/include/asm/vvar.h`, `arch/x86/entry/vdso/vdso-layout.lds.S`).
pub const SHARED_PAGE: DataPageLayout = DataPageLayout {
    name: "Linux 6.1 to 6.12",
    pages: 4,
    vdso_data: -4 * PAGE + VDSO_DATA_OFFSET,
    timens_vdso_data: -PAGE + VDSO_DATA_OFFSET,
    vdso_rng_data: -4 * PAGE + VDSO_RNG_DATA_OFFSET,
};

/// Linux 6.16 to 6.18 and 7.3: rng data in a separate page, the third of six (`include/vdso/datapage.h`,
/// `arch/x86/include/asm/vdso/vsyscall.h`).
pub const OWN_PAGE: DataPageLayout = DataPageLayout {
    name: "Linux 6.16 to 6.18 and 7.3",
    pages: 6,
    vdso_data: -6 * PAGE,
    timens_vdso_data: -6 * PAGE,
    vdso_rng_data: -4 * PAGE,
};

impl DataPageLayout {
    /// The layout of a kernel by its `LINUX_VERSION_CODE`, or `None` for an unknown series.
    pub fn of_version(code: u32) -> Option<&'static Self> {
        match (code >> 16, code >> 8 & 0xff) {
            (6, 1..=12) => Some(&SHARED_PAGE),
            (6, 16..=18) | (7, 3) => Some(&OWN_PAGE),
            _ => None,
        }
    }

    /// The value of one of the object's data symbols, or `None` for any other name.
    pub fn value_of(&self, symbol: &str) -> Option<i64> {
        match symbol {
            VDSO_DATA => Some(self.vdso_data),
            TIMENS_VDSO_DATA => Some(self.timens_vdso_data),
            VDSO_RNG_DATA => Some(self.vdso_rng_data),
            _ => None,
        }
    }
}
