// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The tested implementation, and the kernel that publishes generations for it.

use crate::Error;
use crate::case::{DataPage, Entry};
use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::{MAP_ANONYMOUS, STATE_MMAP_PROT};
use vdso_abi::rng_data::{VdsoRngData, simd};
use vdso_abi::routines::CIPHER_ROUTINES;
use vdso_abi::state::{STATE_LEN, VgetrandomOpaqueParams};
use vdso_link::{Image, LinkedImage};
use vdso_native::{CpuLevel, NativeImage, RunningImage, cpu_levels};

/// `RNDRESEEDCRNG` (Linux `include/uapi/linux/random.h`): the generator takes a new key, and its generation moves.
const RNDRESEEDCRNG: libc::c_ulong = 0x5207;

/// An implementation that is called in this process.
pub struct Target {
    /// For an image, the path of its file.
    name: String,
    code: Range<usize>,
    functions: Vec<(Entry, usize)>,
    entries: Vec<Entry>,
    levels: Vec<u8>,
    state: StateKind,
    kernel: Kernel,
}

/// How a state is mapped.
#[derive(Clone, Copy, Debug)]
pub struct StateKind {
    /// Its length in bytes; at most a page.
    pub len: usize,
    /// `prot` for `mmap(2)`.
    pub prot: u32,
    /// `flags` for `mmap(2)`.
    pub flags: u32,
}

/// `MAP_PRIVATE` (Linux `include/uapi/linux/mman.h`).
const MAP_PRIVATE: u32 = 2;

impl StateKind {
    /// One for the function without a probe: wiped on fork by `madvise(2)`.
    const PLAIN: Self = Self { len: STATE_LEN, prot: STATE_MMAP_PROT, flags: MAP_PRIVATE | MAP_ANONYMOUS };
}

/// The publisher of generations.
enum Kernel {
    /// This process, on pages that it maps.
    Own(Box<NativeImage>),
    /// The running kernel, which reseeds on request through this file.
    Running { rng_data: *const VdsoRngData, random: Option<File> },
    /// None: the target has no generations.
    None,
}

impl Target {
    /// An image, mapped with separate data pages.
    ///
    /// # Errors
    /// It cannot be read or mapped, or exports neither function.
    pub fn image(path: &Path) -> Result<Self, Error> {
        let linked = LinkedImage::found(Image::read(path)?)?;
        let (len, layout) = (linked.image.data().len(), linked.layout);
        let native = NativeImage::map(&linked.image, &layout)?;
        native.data().set_generation(1);
        native.data().set_ready(true);
        let base = native.base().as_ptr().addr();
        let functions = functions(|name| native.function(name).ok().map(|function| function.as_ptr().addr()));
        Self {
            name: path.display().to_string(),
            code: base..base + len,
            entries: functions.iter().map(|(entry, _)| *entry).collect(),
            functions,
            levels: levels(),
            state: StateKind::PLAIN,
            kernel: Kernel::Own(Box::new(native)),
        }
        .probed()
    }

    /// The same target again, for a separate process: forked children share the data pages that we map.
    ///
    /// # Errors
    /// As for the first one.
    pub fn again(&self) -> Result<Self, Error> {
        match &self.kernel {
            Kernel::Own(_) => Self::image(Path::new(&self.name)),
            Kernel::Running { .. } => Self::running_kernel(),
            Kernel::None => {
                let (_, function) = self.functions[0];
                // SAFETY: the promise was made for the same function.
                Ok(unsafe { Self::function(&self.name, function, self.code.len()) })
            }
        }
    }

    /// The running kernel's own vDSO, beside its own data pages.
    ///
    /// # Errors
    /// The kernel has none, or none that draws random bytes.
    pub fn running_kernel() -> Result<Self, Error> {
        let running = RunningImage::find()?;
        let functions = functions(|name| running.function(name).map(|offset| running.base + offset))
            .into_iter()
            .collect::<Vec<_>>();
        let random = File::options().write(true).open("/dev/random").ok().filter(reseed);
        let base = running.base;
        Self {
            name: "the running kernel's vDSO".into(),
            code: base..base + running.image.data().len(),
            entries: functions.iter().map(|(entry, _)| *entry).collect(),
            functions,
            levels: vec![simd::SSE2],
            state: StateKind::PLAIN,
            kernel: Kernel::Running {
                rng_data: base.wrapping_add_signed(running.layout.vdso_rng_data as isize) as *const VdsoRngData,
                random,
            },
        }
        .probed()
    }

    /// A function of this program with the signature of `__vdso_vgetrandom`, whose code takes `len` bytes.
    ///
    /// # Safety
    /// It is such a function, and survives to be stopped anywhere.
    pub unsafe fn function(name: &str, function: usize, len: usize) -> Self {
        Self {
            name: name.into(),
            code: function..function + len,
            functions: vec![(Entry::Vgetrandom, function)],
            entries: vec![Entry::Vgetrandom],
            levels: vec![simd::SSE2],
            state: StateKind::PLAIN,
            kernel: Kernel::None,
        }
    }

    /// Asks the size probe, where there is one, how to map a state.
    fn probed(mut self) -> Result<Self, Error> {
        type Getrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut VgetrandomOpaqueParams, usize) -> isize;
        if self.functions.is_empty() {
            return Err(Error::Target(format!(
                "{}: exports neither __vdso_vgetrandom nor __vdso_getrandom (Linux 6.11 and later have the second one)",
                self.name
            )));
        }
        if let Some((_, function)) = self.functions.iter().find(|(entry, _)| *entry == Entry::Getrandom) {
            let mut params =
                VgetrandomOpaqueParams { size_of_opaque_state: 0, mmap_prot: 0, mmap_flags: 0, reserved: [0; 13] };
            // SAFETY: a function of this name has this signature, and these are the arguments of its probe.
            let returned = unsafe {
                let function = std::mem::transmute::<usize, Getrandom>(*function);
                function(null_mut(), 0, 0, &raw mut params, usize::MAX)
            };
            let len = params.size_of_opaque_state as usize;
            if returned != 0 || len == 0 || len > PAGE_SIZE {
                return Err(Error::Target(format!(
                    "{}: the size probe returned {returned} and a state of {len} bytes",
                    self.name
                )));
            }
            self.state = StateKind { len, prot: params.mmap_prot, flags: params.mmap_flags };
        }
        Ok(self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Addresses of its code.
    pub fn code(&self) -> &Range<usize> {
        &self.code
    }

    /// How its states are mapped.
    pub fn state(&self) -> StateKind {
        self.state
    }

    /// Its functions.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Address of a function that it has.
    pub fn address(&self, entry: Entry) -> usize {
        let function = self.functions.iter().find(|(of, _)| *of == entry);
        function.expect("cases are made of the functions that there are").1
    }

    /// Values of the `simd` byte that it and this processor tell apart.
    pub fn levels(&self) -> &[u8] {
        &self.levels
    }

    /// The contents of the data pages that can be chosen.
    pub fn data_pages(&self) -> &'static [DataPage] {
        match self.kernel {
            Kernel::Own(_) => &[DataPage::Default, DataPage::TimeNamespace, DataPage::NoGeneration],
            _ => &[DataPage::Default],
        }
    }

    /// Whether all processes see the generation that moves here.
    pub fn is_shared(&self) -> bool {
        matches!(self.kernel, Kernel::Running { .. })
    }

    /// Whether its generation can be moved.
    pub fn moves_generation(&self) -> bool {
        match &self.kernel {
            Kernel::Own(_) => true,
            Kernel::Running { random, .. } => random.is_some(),
            Kernel::None => false,
        }
    }

    /// The published generation; 0 if there is none.
    pub fn generation(&self) -> u64 {
        match &self.kernel {
            Kernel::Own(native) => native.data().generation(),
            // SAFETY: within the data pages, which are always readable; the kernel aligns the field.
            Kernel::Running { rng_data, .. } => unsafe { (&raw const (**rng_data).generation).read_volatile() },
            Kernel::None => 0,
        }
    }

    /// Moves the generation on, where that is possible.
    pub fn move_generation(&self) {
        match &self.kernel {
            Kernel::Own(native) => native.data().set_generation(native.data().generation() + 1),
            Kernel::Running { random: Some(random), .. } => {
                reseed(random);
            }
            _ => {}
        }
    }

    /// Publishes whether the generator is ready, where that is possible.
    pub fn set_ready(&self, ready: bool) {
        if let Kernel::Own(native) = &self.kernel {
            native.data().set_ready(ready);
        }
    }

    /// Publishes the data page and the `simd` byte of a case.
    ///
    /// # Errors
    /// The operating system refuses a change of access.
    pub fn set_data_page(&self, data_page: DataPage, simd: u8) -> Result<(), Error> {
        if let Kernel::Own(native) = &self.kernel {
            let generation = native.data().generation().max(1);
            native.enter_time_namespace(data_page == DataPage::TimeNamespace)?;
            native.data().set_generation(if data_page == DataPage::NoGeneration { 0 } else { generation });
            native.data().set_simd(simd);
        }
        Ok(())
    }
}

/// The entry points that `address` finds by name.
fn functions(address: impl Fn(&str) -> Option<usize>) -> Vec<(Entry, usize)> {
    [(Entry::Vgetrandom, "__vdso_vgetrandom"), (Entry::Getrandom, "__vdso_getrandom")]
        .into_iter()
        .filter_map(|(entry, name)| Some((entry, address(name)?)))
        .collect()
}

/// The CPU levels of this processor for which there are routines, in ascending order.
fn levels() -> Vec<u8> {
    let has = |level: &CpuLevel| CIPHER_ROUTINES.iter().any(|routine| routine.name.ends_with(level.suffix));
    cpu_levels().into_iter().filter(has).map(|level| level.simd).collect()
}

/// Returns whether the kernel reseeded, which takes `CAP_SYS_ADMIN`.
fn reseed(random: &File) -> bool {
    // SAFETY: the request takes no argument.
    unsafe { libc::ioctl(random.as_raw_fd(), RNDRESEEDCRNG) == 0 }
}
