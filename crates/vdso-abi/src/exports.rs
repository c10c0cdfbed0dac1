// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The symbols that the object exports, and those that the linker must define.

/// Version node of every export (Linux `arch/x86/entry/vdso/vdso.lds.S`).
pub const VERSION: &str = "LINUX_2.6";

/// `DT_SONAME` of an x86-64 vDSO image.
pub const SONAME: &str = "linux-vdso.so.1";

/// One exported function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// The name of the symbol.
    pub name: &'static str,
    /// Whether the binding is `STB_WEAK`; otherwise it is `STB_GLOBAL`.
    pub weak: bool,
}

/// The four exports. All are functions: the `__vdso_` names are global, and the short names are their weak aliases.
pub const EXPORTS: [Export; 4] = [
    Export { name: "__vdso_vgetrandom", weak: false },
    Export { name: "vgetrandom", weak: true },
    Export { name: "__vdso_getrandom", weak: false },
    Export { name: "getrandom", weak: true },
];

/// The exports for a kernel without `MAP_DROPPABLE`: the four-argument function only. A C library that finds the
/// five-argument function maps its states with that flag.
pub const EXPORTS_WITHOUT_PROBE: &[Export] = &[EXPORTS[0], EXPORTS[1]];

/// The prefix that turns the weak name of a function into its strong name.
pub const STRONG_PREFIX: &str = "__vdso_";

/// The `struct vdso_data` in the default data page, which holds clock offsets in a time namespace. Some kernel series do not
/// place it at the start of the page. [`CLOCK_MODE_OFFSET`](crate::rng_data::CLOCK_MODE_OFFSET) counts from this address.
pub const VDSO_DATA: &str = "vvar__vdso_data";
/// The same offset in the time-namespace data page, which holds the real data.
pub const TIMENS_VDSO_DATA: &str = "timens__vdso_data";
/// The `struct vdso_rng_data` in the default data page.
pub const VDSO_RNG_DATA: &str = "vvar__vdso_rng_data";

/// The hidden symbols that the object leaves undefined. The linker script of each kernel defines them.
pub const DATA_SYMBOLS: [&str; 3] = [VDSO_DATA, TIMENS_VDSO_DATA, VDSO_RNG_DATA];
