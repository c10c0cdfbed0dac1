// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The names that the object exports and those that it leaves to the linker.

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

/// The four exports, all functions: `__vdso_` names are global, the short ones weak aliases of them.
pub const EXPORTS: [Export; 4] = [
    Export { name: "__vdso_vgetrandom", weak: false },
    Export { name: "vgetrandom", weak: true },
    Export { name: "__vdso_getrandom", weak: false },
    Export { name: "getrandom", weak: true },
];

/// The exports of a kernel without `MAP_DROPPABLE`: the four-argument function only. Whoever finds the other one maps its
/// states with that flag.
pub const EXPORTS_WITHOUT_PROBE: &[Export] = &[EXPORTS[0], EXPORTS[1]];

/// What the strong name of a function has before the weak one.
pub const STRONG_PREFIX: &str = "__vdso_";

/// The `struct vdso_data` that belongs to the process (in a time namespace: its offsets). It does not begin its page on
/// every kernel line, so this is the address that [`CLOCK_MODE_OFFSET`](crate::rng_data::CLOCK_MODE_OFFSET) counts from.
pub const VDSO_DATA: &str = "vvar__vdso_data";
/// The same place in the page where, in a time namespace, the real data is found.
pub const TIMENS_VDSO_DATA: &str = "timens__vdso_data";
/// The generation data of the random number generator, at its usual place.
pub const VDSO_RNG_DATA: &str = "vvar__vdso_rng_data";

/// The hidden symbols that the object leaves undefined: the linker script of each kernel gives them values.
pub const DATA_SYMBOLS: [&str; 3] = [VDSO_DATA, TIMENS_VDSO_DATA, VDSO_RNG_DATA];
