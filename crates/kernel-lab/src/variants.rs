// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The boots of a kernel: which processor, what runs in the guest, and what must come of it.

use super::suite::Suite;
use super::test_kernel::Content;
use super::vm_fork::{SCENARIOS, Scenario};

/// A machine to be started.
#[derive(Debug)]
pub struct Variant {
    /// Its name in the output.
    pub name: &'static str,
    /// The parts of this project in the kernel.
    pub content: Content,
    /// The tests in the guest.
    pub suite: Suite,
    /// The processor, as QEMU's `-cpu` takes it.
    pub cpu: &'static str,
    /// Words of the kernel's command line.
    pub append: &'static str,
    /// The outcome that is required.
    pub expected: Expected,
}

impl Variant {
    /// A boot in which every test of the contract must pass.
    const fn contract(name: &'static str, cpu: &'static str, append: &'static str) -> Self {
        Self { name, content: Content::Glue, suite: Suite::Contract, cpu, append, expected: Expected::Pass }
    }

    /// A boot in which every client program must behave as `append` requires.
    const fn clients(name: &'static str, append: &'static str) -> Self {
        Self { suite: Suite::Clients, ..Self::contract(name, "max", append) }
    }
}

/// The required outcome of a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Every test passes.
    Pass,
    /// Every test fails, in good order: the proof that the verdict of the other boots means something.
    EveryTestFails {
        /// Why it must.
        because: &'static str,
    },
}

/// The machines that are started. `max` is everything that TCG emulates, which ends at AVX2.
static VARIANTS: [Variant; 10] = [
    Variant::contract("max", "max", "expect_simd=1"),
    Variant::contract("no-avx2", "max,-avx2", "expect_simd=0"),
    // The processor claims AVX2 here, and the kernel never enabled the upper halves.
    Variant::contract("no-xsave", "max,-xsave", "expect_simd=0"),
    // The administrator's word stands above the processor's.
    Variant::contract("lowered", "max", "vgetrandom.simd=0 expect_simd=0"),
    // A model that has AVX2 and that the glue's list keeps from it, and the administrator's word above the list.
    Variant::contract("slow-avx", SLOW_AVX, "expect_simd=0"),
    Variant::contract("raised", SLOW_AVX, "vgetrandom.simd=1 expect_simd=1"),
    // The same kernel, with no vDSO in any process.
    Variant {
        expected: Expected::EveryTestFails { because: "without a vDSO" },
        ..Variant::contract("no-vdso", "max", "vdso=0")
    },
    // The kernel's own code leaves 0 in the place of the simd byte, which is padding there.
    Variant {
        content: Content::ObjectAlone,
        ..Variant::contract("object-alone", "max", "interface=getrandom expect_simd=0")
    },
    Variant::clients("clients", "expect_vdso=1"),
    // The control: every draw must be seen as a system call.
    Variant::clients("clients-no-vdso", "vdso=0 expect_vdso=0"),
];

/// Everything that TCG emulates, under the name of one of those models.
const SLOW_AVX: &str = "max,vendor=CentaurHauls,family=6,model=15";

/// A boot of either kind.
#[derive(Clone, Copy, Debug)]
pub enum Boot {
    /// A machine that is started; its console is checked at the end.
    Start(&'static Variant),
    /// A machine that is saved and whose clones are compared: the contract's guest on a kernel with the glue.
    Clone(&'static Scenario),
}

impl Boot {
    /// Every one, in the order in which they run.
    pub fn all() -> impl Iterator<Item = Self> {
        VARIANTS.iter().map(Self::Start).chain(SCENARIOS.iter().map(Self::Clone))
    }

    /// Its name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start(variant) => variant.name,
            Self::Clone(scenario) => scenario.name,
        }
    }

    /// The parts of this project in the kernel.
    pub fn content(self) -> Content {
        match self {
            Self::Start(variant) => variant.content,
            Self::Clone(_) => Content::Glue,
        }
    }

    /// The tests in the guest.
    pub fn suite(self) -> Suite {
        match self {
            Self::Start(variant) => variant.suite,
            Self::Clone(_) => Suite::Contract,
        }
    }
}
