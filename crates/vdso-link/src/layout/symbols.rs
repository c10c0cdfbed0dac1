// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Reads the data-page layout of a kernel from the symbols of an unstripped image.
//!
//! Every kernel series names the places in its linker script, so these symbols also tell the layout of an unknown series:
//! `vvar_start`, `vvar_page`, `timens_page` and `vvar_`, `timens_` before the name of a variable up to Linux 6.12
//! (`arch/x86/entry/vdso/vdso-layout.lds.S`), `vdso_rng_data` in 6.13 and 6.14, `vdso_u_` before the name of a page from 6.15
//! on (`include/vdso/datapage.h`).

use super::{DataPageLayout, PAGE};
use object::{Object as _, ObjectSymbol as _};
use vdso_abi::exports::{TIMENS_VDSO_DATA, VDSO_DATA, VDSO_RNG_DATA};
use vdso_elf::bounds;
use vdso_elf::error::Error;
use vdso_elf::image::Image;
use vdso_elf::parser::ElfFile;

/// Maximum number of pages before an image; more than any kernel series has.
const MOST_PAGES: i64 = 64;

/// The layout as far as the symbols tell it; offsets from the base of the image, in bytes.
#[derive(Debug, Default)]
struct Said {
    start: Option<i64>,
    vdso_data: Option<i64>,
    timens_vdso_data: Option<i64>,
    vdso_rng_data: Option<i64>,
}

impl Said {
    /// Looks the symbols up, the names of older series first.
    fn by(elf: &ElfFile<'_>) -> Self {
        let value = |name: &str| {
            let named = elf.symbols().find(|symbol| symbol.name() == Ok(name));
            named.map(|symbol| symbol.address().cast_signed())
        };
        let vdso_rng_data =
            value(VDSO_RNG_DATA).or_else(|| value("vdso_rng_data")).or_else(|| value("vdso_u_rng_data"));
        let first_page = || value("vdso_rng_data").and_then(|_| value("vvar_page"));
        let of_page = || value("vdso_u_time_data").or_else(|| value("vdso_u_data"));
        let vdso_data = value(VDSO_DATA).or_else(first_page).or_else(of_page);
        let timens = || value("timens_page")?.checked_add(vdso_data?.rem_euclid(PAGE));
        Self {
            start: value("vvar_start").or_else(|| value("vvar_page")).or_else(|| value("vdso_u_data")),
            vdso_data,
            timens_vdso_data: value(TIMENS_VDSO_DATA).or_else(timens),
            vdso_rng_data,
        }
    }

    /// The layout, where all of it is told.
    fn layout(&self) -> Option<DataPageLayout> {
        let (start, vdso_data, vdso_rng_data) = (self.start?, self.vdso_data?, self.vdso_rng_data?);
        // A time namespace swaps the page of `vdso_data`, with all that is in it.
        let shared = vdso_data.div_euclid(PAGE) == vdso_rng_data.div_euclid(PAGE);
        let timens_vdso_data = if shared { self.timens_vdso_data? } else { vdso_data };
        let pages = (start % PAGE == 0 && (-MOST_PAGES * PAGE..0).contains(&start)).then(|| -start / PAGE)?;
        let inside = [vdso_data, timens_vdso_data, vdso_rng_data].iter().all(|place| (start..0).contains(place));
        inside.then_some(DataPageLayout {
            name: "the kernel that its symbols describe",
            pages: usize::try_from(pages).ok()?,
            vdso_data,
            timens_vdso_data,
            vdso_rng_data,
        })
    }

    /// The first place that a layout has elsewhere: its name, what the symbols say, what the layout says.
    fn contradiction(&self, layout: &DataPageLayout) -> Option<(&'static str, i64, i64)> {
        // Where nothing is swapped the object is given another value than the kernel's own code.
        let swaps = layout.timens_vdso_data != layout.vdso_data;
        let claims = [
            ("the first data page", self.start, -PAGE * layout.pages as i64),
            (VDSO_DATA, self.vdso_data, layout.vdso_data),
            (TIMENS_VDSO_DATA, self.timens_vdso_data.filter(|_| swaps), layout.timens_vdso_data),
            (VDSO_RNG_DATA, self.vdso_rng_data, layout.vdso_rng_data),
        ];
        claims
            .into_iter()
            .find_map(|(name, said, wanted)| said.filter(|said| *said != wanted).map(|said| (name, said, wanted)))
    }
}

/// Where the kernel of an image keeps the shared data: by the version in the image's own note, and by the symbols of `debug`,
/// the unstripped file of the same build, or of the image itself where it is not stripped. Where both speak they must agree;
/// symbols alone suffice for an unknown series.
///
/// # Errors
/// [`Error::Refused`] where neither tells enough, where they disagree, or where `debug` is of another build or has no
/// symbols: a wrong guess would read random data from a wrong page. [`Error::Malformed`] for what cannot be read.
pub fn layout_of(image: &Image, debug: Option<&Image>) -> Result<DataPageLayout, Error> {
    for image in [Some(image), debug].into_iter().flatten() {
        bounds::image(image)?;
    }
    let refused = |path: &Image, what, next: &str| Error::Refused { path: path.path().into(), what, next: next.into() };
    if let Some(debug) = debug {
        let next = "name the vdso64.so.dbg that lies beside the image in its build directory";
        let (ours, theirs) = (build_id(image)?, build_id(debug)?);
        if ours.is_none() || ours != theirs {
            let what = format!("its build-id is not that of {}", image.path().display());
            return Err(refused(debug, what, next));
        }
        if debug.elf()?.symbols().next().is_none() {
            return Err(refused(debug, "it has no symbol table".into(), next));
        }
    }
    let witness = debug.unwrap_or(image);
    let said = Said::by(&witness.elf()?);
    let code = image.linux_version();
    if let Some(layout) = code.and_then(DataPageLayout::of_version) {
        return match said.contradiction(layout) {
            None => Ok(*layout),
            Some((name, said, wanted)) => Err(refused(
                witness,
                format!("its symbols put {name} at {said:#x}, where {} has it at {wanted:#x}", layout.name),
                "the kernel was changed, or vdso_link::layout is wrong about its series: correct it there",
            )),
        };
    }
    said.layout().ok_or_else(|| {
        let what = code.map_or_else(
            || "no note of owner Linux tells the version of the kernel".into(),
            |code| {
                let (major, minor, patch) = (code >> 16, code >> 8 & 0xff, code & 0xff);
                format!("the image is of Linux {major}.{minor}.{patch}, whose data-page layout is not known")
            },
        );
        let next = "name its vdso64.so.dbg, whose symbols tell the layout, with --dbg or in place of the image; or look up \
                    where this series keeps its rng data and add it to vdso_link::layout";
        refused(image, what, next)
    })
}

/// The identifier of a build.
fn build_id(image: &Image) -> Result<Option<Vec<u8>>, Error> {
    Ok(image.elf()?.build_id().ok().flatten().map(<[u8]>::to_vec))
}
