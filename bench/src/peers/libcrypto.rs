// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! OpenSSL, if it is installed: `RAND_bytes`, and ChaCha20 in registers of each width.
//!
//! The library chooses its cipher when it is loaded, and `OPENSSL_ia32cap` hides features of the processor from it. The loader
//! treats a copy of the file under another name as another library, so each width loads its copy under another mask.

use super::{Generator, Level, Name, Peer};
use anyhow::{Context, Result, ensure};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use rand_010::Rng;
use std::ffi::{CStr, OsStr, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::null;
use tempfile::TempDir;

const LIBRARY: &str = "libcrypto.so.3";
const MASK: &str = "OPENSSL_ia32cap";

/// The widths, and the features of cpuid leaf 7 to hide for each (OpenSSL, manual page `OPENSSL_ia32cap`): bit 5 is AVX2,
/// bit 16 AVX-512F, bit 31 AVX-512VL. With AVX-512VL alone the library uses 256-bit registers.
const WIDTHS: [(Name, u64); 4] = [
    (Name::OpensslKeystream(Level::Sse2), 1 << 5 | 1 << 16 | 1 << 31),
    (Name::OpensslKeystream(Level::Avx2), 1 << 16 | 1 << 31),
    (Name::OpensslKeystream(Level::Avx512vl), 1 << 16),
    (Name::OpensslKeystreamZmm, 0),
];

/// The peers of OpenSSL, each with the reason if it is absent.
pub fn find() -> Vec<(Name, Result<Peer>)> {
    let rand =
        open(OsStr::new(LIBRARY)).and_then(|library| Ok(Peer::of(Name::OpensslRand, RandBytes::find(&library)?)));
    let widths = WIDTHS.map(|(name, hidden)| (name, ChaCha20::find(name, hidden).map(|found| Peer::of(name, found))));
    std::iter::once((Name::OpensslRand, rand)).chain(widths).collect()
}

/// The version string of the library.
pub fn version() -> Result<String> {
    let library = open(OsStr::new(LIBRARY))?;
    // SAFETY: the function of this name has this type (openssl/crypto.h); 0 asks for a string that lives as long as it.
    let text = unsafe { symbol::<unsafe extern "C" fn(c_int) -> *const i8>(&library, c"OpenSSL_version")?(0) };
    // SAFETY: as above.
    Ok(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// Loads a library for the rest of the process: its exit handlers forbid unloading it.
fn open(path: &OsStr) -> Result<Library> {
    // SAFETY: the initialisers belong to a library of the distribution, which any program may load.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.context("install libssl3")?;
    let _kept = library.into_raw();
    // SAFETY: as above; this handle counts the library as loaded once more.
    Ok(unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }?)
}

/// Looks up a function.
///
/// # Safety
/// `F` is the type of the function.
unsafe fn symbol<F: Copy>(library: &Library, name: &CStr) -> Result<F> {
    // SAFETY: the caller's promise.
    unsafe { library.get::<F>(name) }.map(|symbol| *symbol).with_context(|| format!("{LIBRARY} lacks {name:?}"))
}

/// The file that the loader took for [`LIBRARY`].
fn file_of(library: &Library) -> Result<PathBuf> {
    // SAFETY: only the address is used.
    let address = unsafe { symbol::<*const c_void>(library, c"EVP_chacha20")? };
    // SAFETY: all zero is a valid value of this C structure.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: `info` outlives the call.
    let found = unsafe { libc::dladdr(address, &raw mut info) };
    ensure!(found != 0 && !info.dli_fname.is_null(), "dladdr: {LIBRARY}: no file name");
    // SAFETY: the loader's own string, for as long as the library is loaded.
    Ok(PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(info.dli_fname) }.to_bytes())))
}

/// `RAND_bytes`.
struct RandBytes(unsafe extern "C" fn(*mut u8, c_int) -> c_int);

impl RandBytes {
    fn find(library: &Library) -> Result<Self> {
        // SAFETY: its type (openssl/rand.h).
        Ok(Self(unsafe { symbol(library, c"RAND_bytes")? }))
    }
}

impl Generator for RandBytes {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        // SAFETY: the slice is writable for its length.
        unsafe { (self.0)(bytes.as_mut_ptr(), bytes.len() as c_int) == 1 }
    }
}

type Update = unsafe extern "C" fn(*mut c_void, *mut u8, *mut c_int, *const u8, c_int) -> c_int;
type Init = unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void, *const u8, *const u8) -> c_int;

/// ChaCha20 of one copy of the library. It encrypts in place, so it also reads the buffer.
struct ChaCha20 {
    update: Update,
    context: *mut c_void,
    /// The directory of the copy.
    _directory: TempDir,
}

impl ChaCha20 {
    fn find(name: Name, hidden: u64) -> Result<Self> {
        if let Name::OpensslKeystream(level) = name {
            ensure!(level.is_usable(), "not on this processor");
        }
        let directory = TempDir::new()?;
        let copy = directory.path().join("libcrypto.so");
        fs_err::copy(file_of(&open(OsStr::new(LIBRARY))?)?, &copy)?;
        let library = open_masked(&copy, hidden)?;
        let mut seed = [0; 48];
        rand_010::rng().fill_bytes(&mut seed);
        // Key, then counter and nonce, of which the counter begins at 0.
        seed[32..36].fill(0);
        // SAFETY: the types are those of openssl/evp.h, and the arguments live through the calls; a null engine is none.
        unsafe {
            let context = symbol::<unsafe extern "C" fn() -> *mut c_void>(&library, c"EVP_CIPHER_CTX_new")?();
            let cipher = symbol::<unsafe extern "C" fn() -> *const c_void>(&library, c"EVP_chacha20")?();
            ensure!(!context.is_null() && !cipher.is_null(), "no memory, or no ChaCha20");
            let init: Init = symbol(&library, c"EVP_EncryptInit_ex")?;
            let started = init(context, cipher, null(), seed.as_ptr(), seed[32..].as_ptr());
            ensure!(started == 1, "EVP_EncryptInit_ex returned {started}");
            Ok(Self { update: symbol(&library, c"EVP_EncryptUpdate")?, context, _directory: directory })
        }
    }
}

fn open_masked(copy: &Path, hidden: u64) -> Result<Library> {
    // SAFETY: peers are found before the process has a second thread.
    unsafe { std::env::set_var(MASK, format!(":~{hidden:#x}")) };
    let library = open(copy.as_os_str());
    // SAFETY: as above.
    unsafe { std::env::remove_var(MASK) };
    library
}

impl Generator for ChaCha20 {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        let mut written = 0;
        let (start, len) = (bytes.as_mut_ptr(), bytes.len() as c_int);
        // SAFETY: the slice is readable and writable for its length.
        let done = unsafe { (self.update)(self.context, start, &raw mut written, start, len) };
        done == 1 && written == len
    }
}
