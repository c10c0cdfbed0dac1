// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where the library draws from: each test runs with all of them.

use std::ops::Range;
use std::sync::OnceLock;
use vdso_fixtures::child::in_child;
use vdso_fixtures::products;
use vdso_link::Image;
use vdso_link::layout::SHARED_PAGE;
use vdso_native::NativeImage;
use vgetrandom::{Source, Why};

/// The vDSO that the library finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// The vDSO of the running kernel, with `getrandom` or without.
    Running,
    /// The stand-alone image of this project, beside data pages of the test's.
    Built,
    /// None, so that each draw is a system call.
    Syscall,
}

impl Path {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Running, Self::Built, Self::Syscall];

    /// Makes the library use it, and find it. To be called once, in a child, before the first draw.
    pub fn enter(self) {
        self.enter_unasked();
        let source = vgetrandom::source();
        match self {
            Self::Running => {}
            Self::Built => assert!(matches!(source, Source::Vdso { state_len: 512, .. }), "{source:?}"),
            Self::Syscall => assert_eq!(source, Source::Syscall(Why::NoVdso)),
        }
    }

    /// [`enter`](Self::enter) without a question, so that the first draw finds the vDSO.
    pub fn enter_unasked(self) {
        let header: *const u8 = match self {
            Self::Running => return,
            Self::Built => built().base().as_ptr(),
            Self::Syscall => std::ptr::null(),
        };
        // SAFETY: null, or an image that stays mapped; nothing was drawn in this process.
        unsafe { vgetrandom::set_vdso(header.cast()) };
    }

    /// Whether draws are served by a vDSO. To be asked in a child that has entered the path.
    pub fn is_vdso() -> bool {
        matches!(vgetrandom::source(), Source::Vdso { .. })
    }

    /// Runs `test` with each path, in children.
    pub fn for_each(test: impl Fn(Self)) {
        for path in Self::ALL {
            in_child(|| {
                path.enter();
                test(path);
            });
        }
    }
}

/// The image of the last build, mapped for the rest of the process: generator ready, generation 7.
pub fn built() -> &'static NativeImage {
    let file = products::directory().join("vdso64.so.dbg");
    let image = Image::read(&file).unwrap_or_else(|error| panic!("{error}"));
    let image = NativeImage::map(&image, &SHARED_PAGE).unwrap_or_else(|error| panic!("{error}"));
    image.data().set_generation(7);
    image.data().set_ready(true);
    let image = Box::leak(Box::new(image));
    BUILT.set(image.base().as_ptr().addr()).expect("once in a process");
    image
}

/// Where the image of the last build is mapped.
static BUILT: OnceLock<usize> = OnceLock::new();

/// Addresses of the vDSO that the library uses; of the running kernel's where it uses none.
pub fn vdso_range() -> Range<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the file can be read");
    let range_of = |line: &str| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
    };
    let wanted = |line: &&str| match BUILT.get() {
        Some(base) => line.starts_with(&format!("{base:x}-")),
        None => line.ends_with("[vdso]"),
    };
    let mut lines = maps.lines();
    // An image without a name may lie in several mappings; its code is in the first, with its header.
    lines.find(wanted).and_then(range_of).unwrap_or(0..0)
}
