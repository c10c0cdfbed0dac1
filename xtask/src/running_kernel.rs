// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The vDSO image that the running kernel has mapped into this process.

use anyhow::{Context, bail, ensure};
use fs_err::File;
use fs_err::os::unix::fs::FileExt;
use std::path::Path;
use vdso_link::{DataPageLayout, Image};

/// The name of the image in messages and in the manifest.
pub const NAME: &str = "running-kernel-vdso.so";

/// `AT_SYSINFO_EHDR` (Linux `include/uapi/linux/auxvec.h`): where the kernel mapped its image.
const AT_SYSINFO_EHDR: u64 = 33;

/// More than any vDSO takes, in bytes.
const LARGEST: u64 = 1 << 20;

/// Reads the image out of this process.
///
/// # Errors
/// The kernel maps none, or keeps its shared data at a place that nobody has looked at.
pub fn image() -> anyhow::Result<Image> {
    let base = auxiliary(AT_SYSINFO_EHDR)?.context("the kernel maps no vDSO")?;
    let maps = fs_err::read_to_string("/proc/self/maps")?;
    let (start, end) = mapping(&maps, "[vdso]").context("/proc/self/maps shows no vDSO")?;
    ensure!(start == base && end > start && end - start <= LARGEST, "/proc/self/maps and AT_SYSINFO_EHDR disagree");
    let mut bytes = vec![0; usize::try_from(end - start)?];
    File::open("/proc/self/mem")?.read_exact_at(&mut bytes, start)?;
    let image = Image::from_bytes(Path::new(NAME), bytes)?;
    agrees_with_maps(&image, &maps, start)?;
    Ok(image)
}

/// Whether the pages that the layout puts in front of the image are the ones that this process sees there.
fn agrees_with_maps(image: &Image, maps: &str, base: u64) -> anyhow::Result<()> {
    let Some(version) = image.linux_version() else { bail!("its image has no Linux version note") };
    let Some(layout) = DataPageLayout::of_version(version) else {
        bail!("where Linux {}.{} keeps its shared data is not known here", version >> 16, version >> 8 & 0xff);
    };
    let (start, _) = mapping(maps, "[vvar]").context("/proc/self/maps shows no [vvar]")?;
    let pages = base.saturating_sub(start) / vdso_abi::PAGE_SIZE as u64;
    ensure!(
        pages == layout.pages as u64,
        "{} should have {} data pages in front of the image, /proc/self/maps shows {pages}",
        layout.name,
        layout.pages
    );
    Ok(())
}

/// One entry of the auxiliary vector.
fn auxiliary(tag: u64) -> anyhow::Result<Option<u64>> {
    let vector = fs_err::read("/proc/self/auxv")?;
    let words: Vec<u64> = vector.as_chunks().0.iter().map(|bytes| u64::from_ne_bytes(*bytes)).collect();
    Ok(words.chunks_exact(2).find(|entry| entry[0] == tag).map(|entry| entry[1]))
}

/// The range of the first mapping with this name.
fn mapping(maps: &str, name: &str) -> Option<(u64, u64)> {
    let line = maps.lines().find(|line| line.ends_with(name))?;
    let (start, end) = line.split_whitespace().next()?.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}
