// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask build-vdso`: from source to verified images; prints one line for each stage.

use crate::kernels::KernelArgs;
use crate::native_call::{self, Call};
use crate::{inspect, link, manifest, object, outputs, prove_cipher, toolchain};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use kernel_lab::progress::line;
use kernel_lab::transaction::{self, Step};
use kernel_lab::workspace;
use serde::Serialize;
use std::path::{Path, PathBuf};
use vdso_link::layout::layout_of;
use vdso_link::link::splice::{self, splice, splice_for};
use vdso_link::link::standalone::Linker;
use vdso_link::manifest::Manifest;
use vdso_link::{CheckedObject, DataPageLayout, Image, LinkedImage, Object, VerifiedImage};
use vdso_native::RunningImage;

/// The stand-alone image with its symbol table.
pub const DEBUG: &str = "vdso64.so.dbg";
/// The stand-alone image as a kernel would map it.
const STRIPPED: &str = "vdso64.so";
/// The image that the object was spliced into.
const SPLICED: &str = "spliced.so";

/// Options of `cargo xtask build-vdso`.
#[derive(Debug, Args)]
pub struct BuildVdsoArgs {
    /// Splice into this image instead of the running kernel's
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Read the kernel's data layout from this unstripped file of --image
    #[arg(long, value_name = "FILE", requires = "image")]
    dbg: Option<PathBuf>,
    /// Write the results to this directory [default: target/vdso]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Link the stand-alone image with rust-lld or with GNU ld
    #[arg(long, value_enum, default_value_t = LinkerName::Lld)]
    linker: LinkerName,
    /// Skip the proof of the cipher: for faults that a test plants into it
    #[arg(long, hide = true)]
    skip_proof: bool,
    /// The options for a kernel tree.
    #[command(flatten)]
    pub kernel: KernelArgs,
    /// Print the outcome as JSON to standard output
    #[arg(long)]
    pub json: bool,
    /// Print only errors and results
    #[arg(long)]
    pub quiet: bool,
}

/// The linkers by the names of their projects.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LinkerName {
    Lld,
    Bfd,
}

impl BuildVdsoArgs {
    /// Returns the options of the pipeline.
    pub fn pipeline(&self) -> Options {
        Options {
            image: self.image.clone(),
            debug: self.dbg.clone(),
            out: self.out.clone().unwrap_or_else(workspace::vdso_output),
            skip_proof: self.skip_proof,
            linker: match self.linker {
                LinkerName::Lld => Linker::Lld,
                LinkerName::Bfd => Linker::Bfd,
            },
        }
    }
}

/// The inputs of a build and the directory of its results.
pub struct Options {
    /// The image to splice into; `None` is the running kernel's.
    pub image: Option<PathBuf>,
    /// The unstripped file of the same build; its symbols give the layout of an unknown kernel.
    pub debug: Option<PathBuf>,
    /// The directory of results.
    pub out: PathBuf,
    /// The linker of the stand-alone image.
    pub linker: Linker,
    /// Whether the cipher is not proved.
    pub skip_proof: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { image: None, debug: None, out: workspace::vdso_output(), linker: Linker::Lld, skip_proof: false }
    }
}

/// The outcome of a build.
#[derive(Serialize)]
pub struct Outcome {
    /// The directory of results.
    #[serde(serialize_with = "as_shown")]
    pub out: PathBuf,
    /// Every call of every image.
    pub calls: Vec<Call>,
    /// Why there is no spliced image.
    pub splice_skipped: Option<String>,
    /// The contents of `manifest.json`.
    pub manifest: Manifest,
}

impl Outcome {
    /// The place of the object.
    pub fn object(&self) -> PathBuf {
        self.out.join(object::FILE_NAME)
    }
}

/// A path in words, because JSON has no place for names that are not UTF-8.
fn as_shown<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// The images of one build, in the form of one stage.
struct Images<Stage> {
    debug: Stage,
    stripped: Stage,
    spliced: Result<Stage, String>,
}

impl<Stage> Images<Stage> {
    /// Those that there are, with their file names.
    fn each(&self) -> Vec<(&'static str, &Stage)> {
        let mut images = vec![(DEBUG, &self.debug), (STRIPPED, &self.stripped)];
        images.extend(self.spliced.as_ref().ok().map(|image| (SPLICED, image)));
        images
    }
}

/// An image that the user names to splice into, with the layout of its kernel.
type Base = (Image, DataPageLayout);

/// Checks everything that takes no object: the programs, the directory of results, and the image to splice into.
///
/// # Errors
/// A program is missing, the directory cannot be written to, or the image is refused.
fn require(options: &Options) -> anyhow::Result<Option<Base>> {
    toolchain::cargo()?;
    toolchain::linker(options.linker)?;
    outputs::directory(&options.out)?;
    let Some(path) = &options.image else { return Ok(None) };
    let image = Image::read(path)?;
    let debug = options.debug.as_deref().map(Image::read).transpose()?;
    let layout = layout_of(&image, debug.as_ref())?;
    splice::require(&image)?;
    Ok(Some((image, layout)))
}

/// Runs the pipeline. Results are written only after all of them are verified.
///
/// # Errors
/// A stage could not be done, or found a broken rule.
pub fn run(options: &Options) -> anyhow::Result<Outcome> {
    let base = require(options)?;
    let object = build_object()?;
    let checked = check(object)?;
    if !options.skip_proof {
        prove(&checked)?;
    }
    let linked = link_and_splice(&checked, base, options)?;
    let verified = verify(linked)?;
    let calls = call(&verified)?;
    let manifest = install(&checked, &verified, options)?;
    Ok(Outcome { out: options.out.clone(), calls, splice_skipped: verified.spliced.err(), manifest })
}

/// Builds the object.
///
/// # Errors
/// The compiler failed.
pub fn build_object() -> anyhow::Result<Object> {
    let object = object::build()?;
    line("Built", format!("{} ({} bytes, {})", object::FILE_NAME, object.data().len(), toolchain::rustc_version()?));
    Ok(object)
}

/// Checks the object.
///
/// # Errors
/// It broke a rule.
pub fn check(object: Object) -> anyhow::Result<CheckedObject> {
    let checked = inspect::check(object)?;
    line("Checked", format!("{}: {}", object::FILE_NAME, inspect::examined(checked.report())));
    Ok(checked)
}

/// Proves the cipher of the object.
///
/// # Errors
/// A claim does not hold.
fn prove(object: &CheckedObject) -> anyhow::Result<()> {
    let proved = prove_cipher::proved(object::FILE_NAME, object.object().data())?;
    line("Proved", format!("{}: {} cipher routines for every key", object::FILE_NAME, proved.verdicts.len()));
    Ok(())
}

fn link_and_splice(
    object: &CheckedObject,
    base: Option<Base>,
    options: &Options,
) -> anyhow::Result<Images<LinkedImage>> {
    // The linker reads and writes files; the images are read back before the directory is removed.
    let directory = tempfile::tempdir()?;
    let standalone = link::standalone(object, options.linker, directory.path())?;
    line("Linked", format!("{DEBUG} and {STRIPPED} for {}", standalone.debug.layout.name));
    let spliced = match base {
        // An image that the user names must do; that of the running kernel may be of an unknown series.
        Some((image, layout)) => Ok(splice_for(object, image, layout)?),
        None => RunningImage::find()
            .map_err(anyhow::Error::from)
            .and_then(|running| Ok(splice(object, running.image)?))
            .map_err(|error| format!("the running kernel's image cannot be used: {error:#}")),
    };
    match &spliced {
        Ok(image) => {
            let original = image.original.as_ref().map_or_else(String::new, |image| workspace::shown(image.path()));
            line("Spliced", format!("{SPLICED} from {original}, for {}", image.layout.name));
        }
        Err(reason) => line("Skipped", reason),
    }
    Ok(Images { debug: standalone.debug, stripped: standalone.stripped, spliced })
}

fn verify(linked: Images<LinkedImage>) -> anyhow::Result<Images<VerifiedImage>> {
    let verified = |name: &str, image| {
        let image = inspect::verify(image)?;
        line("Verified", format!("{name}: {}", inspect::examined(image.report())));
        anyhow::Ok(image)
    };
    Ok(Images {
        debug: verified(DEBUG, linked.debug)?,
        stripped: verified(STRIPPED, linked.stripped)?,
        spliced: match linked.spliced {
            Ok(image) => Ok(verified(SPLICED, image)?),
            Err(reason) => Err(reason),
        },
    })
}

fn call(images: &Images<VerifiedImage>) -> anyhow::Result<Vec<Call>> {
    let mut calls = Vec::new();
    // The one with the symbol table is the same in memory as the stripped one.
    for (name, image) in images.each().into_iter().filter(|(name, _)| *name != DEBUG) {
        for call in native_call::call(name, image).with_context(|| format!("{name}: called in this process"))? {
            line("Called", &call);
            calls.push(call);
        }
    }
    Ok(calls)
}

/// Writes all results to the directory, or leaves it unchanged.
fn install(object: &CheckedObject, images: &Images<VerifiedImage>, options: &Options) -> anyhow::Result<Manifest> {
    let out = &options.out;
    let manifest = manifest::of(object, &images.each(), options.linker)?;
    let write = |name: &str, data: &[u8]| Step::Write(name.into(), data.into());
    let remove = |name: &str| out.join(name).exists().then(|| Step::Remove(name.into()));

    // The manifest vouches for the rest, so the old one goes first and the new one comes last.
    let mut steps = Vec::from_iter(remove(manifest::FILE_NAME));
    steps.push(write(object::FILE_NAME, object.object().data()));
    steps.extend(images.each().into_iter().map(|(name, image)| write(name, image.image().data())));
    if images.spliced.is_err() {
        // One of an earlier build would pass for one of this object.
        steps.extend(remove(SPLICED));
    }
    steps.push(write(manifest::FILE_NAME, manifest.to_json().as_bytes()));
    transaction::commit(out, &steps).map_err(|error| anyhow!("{error:#}; choose another directory with --out"))?;
    line("Finished", workspace::shown(out));
    Ok(manifest)
}
