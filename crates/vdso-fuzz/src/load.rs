// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Loads an image with the dynamic linker and looks its functions up by name and version.

use std::ffi::{CStr, CString};
use std::os::fd::AsRawFd;
use vdso_abi::exports::VERSION;
use vdso_link::LinkedImage;

/// Loads the image into this process, looks its exports up, and unloads it.
///
/// # Errors
/// The dynamic linker's message.
///
/// # Panics
/// If the kernel refuses a file in memory.
pub fn load(linked: &LinkedImage) -> Result<(), String> {
    // A new file each time: the dynamic linker returns a loaded file again.
    let file = rustix::fs::memfd_create("image", rustix::fs::MemfdFlags::CLOEXEC).expect("a file in memory");
    let written = rustix::io::write(&file, linked.image.data()).expect("it takes some kilobytes");
    assert_eq!(written, linked.image.data().len(), "a short write");
    let path = c_string(&format!("/proc/self/fd/{}", file.as_raw_fd()));
    // SAFETY: the path ends with NUL. The image keeps every rule: no constructor runs, nothing is relocated.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if handle.is_null() {
        return Err(error());
    }
    let version = c_string(VERSION);
    let missing = linked.exports.iter().find(|export| {
        let name = c_string(export.name);
        // SAFETY: the handle is open, both strings end with NUL.
        unsafe { libc::dlvsym(handle, name.as_ptr(), version.as_ptr()).is_null() }
    });
    let outcome = missing.map_or(Ok(()), |_| Err(error()));
    // SAFETY: the handle is open, and nothing refers to what it loaded.
    unsafe { libc::dlclose(handle) };
    outcome
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("names hold no NUL")
}

/// Returns the message of the last failed call of this thread.
fn error() -> String {
    // SAFETY: the call has no precondition.
    let message = unsafe { libc::dlerror() };
    if message.is_null() {
        return "no reason given".into();
    }
    // SAFETY: a string that lives until the next call of this thread.
    unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned()
}
