// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The vDSO image that the running kernel has mapped into this process.

use crate::{Error, symbols};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use vdso_abi::PAGE_SIZE;
use vdso_link::{DataPageLayout, Image};

/// `AT_SYSINFO_EHDR` (Linux `include/uapi/linux/auxvec.h`): where the kernel mapped its image.
const AT_SYSINFO_EHDR: u64 = 33;

/// More than any vDSO takes, in bytes.
const LARGEST: u64 = 1 << 20;

/// The image of the kernel that this process runs on, where it is mapped.
pub struct RunningImage {
    /// A copy of its bytes.
    pub image: Image,
    /// Address of its first byte.
    pub base: usize,
    /// Where the kernel keeps the shared data.
    pub layout: &'static DataPageLayout,
    functions: BTreeMap<String, u64>,
}

impl RunningImage {
    /// The name of the image in messages and in the manifest.
    pub const NAME: &'static str = "running-kernel-vdso.so";

    /// Reads the image out of this process.
    ///
    /// # Errors
    /// [`Error::Running`] if the kernel maps none, or its data page layout is unknown.
    pub fn find() -> Result<Self, Error> {
        let Mapped { image, base, maps } = Mapped::find()?;
        let layout = layout(&image, &maps, base)?;
        let functions = symbols::functions(&image.elf()?);
        Ok(Self { image, base: base as usize, layout, functions })
    }

    /// Reads the image alone, wherever its kernel keeps the shared data.
    ///
    /// # Errors
    /// [`Error::Running`] where the kernel maps none.
    pub fn image() -> Result<Image, Error> {
        Ok(Mapped::find()?.image)
    }

    /// Offset of an exported function from the base.
    pub fn function(&self, name: &str) -> Option<usize> {
        let offset = usize::try_from(*self.functions.get(name)?).ok()?;
        (offset < self.image.data().len()).then_some(offset)
    }
}

/// The mapping in `/proc/self/maps`.
struct Mapped {
    image: Image,
    base: u64,
    /// `/proc/self/maps`.
    maps: String,
}

impl Mapped {
    fn find() -> Result<Self, Error> {
        let base = auxiliary(AT_SYSINFO_EHDR)?.ok_or_else(|| refused("the kernel maps no vDSO"))?;
        let maps = fs::read_to_string("/proc/self/maps").map_err(unreadable("/proc/self/maps"))?;
        let (start, end) = mapping(&maps, "[vdso]").ok_or_else(|| refused("/proc/self/maps shows no vDSO"))?;
        if start != base || end <= start || end - start > LARGEST {
            return Err(refused("/proc/self/maps and AT_SYSINFO_EHDR disagree"));
        }
        let mut bytes = vec![0; (end - start) as usize];
        let read = File::open("/proc/self/mem").and_then(|memory| memory.read_exact_at(&mut bytes, start));
        read.map_err(unreadable("/proc/self/mem"))?;
        let image = Image::from_bytes(Path::new(RunningImage::NAME), bytes)?;
        Ok(Self { image, base, maps })
    }
}

/// Where the kernel keeps its data, if the pages before the image are the ones that this process sees there.
fn layout(image: &Image, maps: &str, base: u64) -> Result<&'static DataPageLayout, Error> {
    let version = image.linux_version().ok_or_else(|| refused("its image has no Linux version note"))?;
    let layout = DataPageLayout::of_version(version).ok_or_else(|| {
        let (major, minor) = (version >> 16, version >> 8 & 0xff);
        refused(format!("where Linux {major}.{minor} keeps its shared data is not known here"))
    })?;
    let (start, _) = mapping(maps, "[vvar]").ok_or_else(|| refused("/proc/self/maps shows no [vvar]"))?;
    let pages = base.saturating_sub(start) / PAGE_SIZE as u64;
    if pages != layout.pages as u64 {
        let (name, wanted) = (layout.name, layout.pages);
        return Err(refused(format!(
            "{name} should have {wanted} data pages before the image, /proc/self/maps shows {pages}"
        )));
    }
    Ok(layout)
}

fn refused(what: impl Into<String>) -> Error {
    Error::Running(what.into())
}

fn unreadable(path: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |reason| refused(format!("{path}: {reason}"))
}

/// One entry of the auxiliary vector.
fn auxiliary(tag: u64) -> Result<Option<u64>, Error> {
    let vector = fs::read("/proc/self/auxv").map_err(unreadable("/proc/self/auxv"))?;
    let words: Vec<u64> = vector.as_chunks().0.iter().map(|bytes| u64::from_ne_bytes(*bytes)).collect();
    Ok(words.chunks_exact(2).find(|entry| entry[0] == tag).map(|entry| entry[1]))
}

/// The range of the first mapping with this name.
fn mapping(maps: &str, name: &str) -> Option<(u64, u64)> {
    let line = maps.lines().find(|line| line.ends_with(name))?;
    let (start, end) = line.split_whitespace().next()?.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}
