// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The peers. Each is called through a function pointer of one type, so that the cost of the call is the same.

mod filled;
mod generators;
mod keystream;
mod libcrypto;
mod name;
mod state_page;
mod system;
mod vdso;

pub use libcrypto::version as openssl_version;
pub use name::{Level, Name};
pub use system::EmptyCall;
pub use vdso::{Thread, Vdso};

use anyhow::Result;
use serde::Serialize;
use std::ffi::c_void;
use std::path::Path;
use std::ptr::null_mut;
use vdso_native::Getrandom;

/// A generator that is not a function of a vDSO.
pub trait Generator: 'static {
    /// Fills `bytes`; returns `false` on an error.
    fn fill(&mut self, bytes: &mut [u8]) -> bool;
}

/// One peer for one thread.
pub struct Peer {
    /// The name of the peer.
    pub name: Name,
    function: Getrandom,
    context: *mut c_void,
    opaque_len: usize,
    /// Frees `context`.
    _owner: Owner,
}

impl Peer {
    /// A peer that calls a generator through a function of the vDSO's type.
    pub fn of<G: Generator>(name: Name, generator: G) -> Self {
        let owner = Owner::of(generator);
        Self { name, function: fill_with::<G>, context: owner.value, opaque_len: 0, _owner: owner }
    }

    /// A peer that calls a vDSO's function with the state of one thread.
    pub fn of_vdso(name: Name, thread: Thread) -> Self {
        let (function, context, opaque_len) = (thread.function(), thread.state(), thread.state_len());
        Self { name, function, context, opaque_len, _owner: Owner::of(thread) }
    }

    /// Fills `len` bytes at `buffer`; returns their number, or a negative error number.
    ///
    /// # Safety
    /// `buffer` is writable for `len` bytes.
    #[inline(always)]
    pub unsafe fn call(&self, buffer: *mut u8, len: usize) -> isize {
        // SAFETY: the caller's promise for the buffer; function and context were paired in the constructor.
        unsafe { (self.function)(buffer, len, 0, self.context, self.opaque_len) }
    }
}

/// A heap value whose type is erased. It is not a `Box`, because a `Box` asserts that its address is unique.
struct Owner {
    value: *mut c_void,
    free: unsafe fn(*mut c_void),
}

impl Owner {
    fn of<T>(value: T) -> Self {
        // SAFETY (of the function): called once, with the address that it was paired with.
        unsafe fn free<T>(value: *mut c_void) {
            // SAFETY: made from a box of this type below.
            drop(unsafe { Box::from_raw(value.cast::<T>()) });
        }
        Self { value: Box::into_raw(Box::new(value)).cast(), free: free::<T> }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // SAFETY: `of` made the pair, and drop runs once.
        unsafe { (self.free)(self.value) }
    }
}

/// A peer that this machine does not have, and why.
#[derive(Debug, Serialize)]
pub struct Absent {
    name: Name,
    reason: String,
}

/// The peers that were found and those that were not.
#[derive(Default)]
pub struct Peers {
    /// The peers that this machine has. Each was checked to fill its buffer.
    pub present: Vec<Peer>,
    /// The others.
    pub absent: Vec<Absent>,
}

impl Peers {
    /// Finds all peers; `products` is the directory that `cargo xtask build-vdso` writes to.
    ///
    /// # Errors
    /// A peer does not fill its buffer.
    pub fn find(products: &Path) -> Result<Self> {
        let mut peers = Self::default();
        for level in Level::ALL {
            let thread = Vdso::ours(products, level).and_then(|vdso| vdso.thread());
            peers.add(Name::Ours(level), thread.map(|thread| Peer::of_vdso(Name::Ours(level), thread)))?;
        }
        let thread = Vdso::running().and_then(|vdso| vdso.thread());
        peers.add(Name::CVdso, thread.map(|thread| Peer::of_vdso(Name::CVdso, thread)))?;
        peers.add(Name::SystemCall, Ok(Peer::of(Name::SystemCall, system::SystemCall)))?;
        peers.add(Name::Rand09, Ok(Peer::of(Name::Rand09, rand_09::rng())))?;
        peers.add(Name::Rand010, Ok(Peer::of(Name::Rand010, rand_010::rng())))?;
        peers.add(Name::ChaCha20Rng, Ok(Peer::of(Name::ChaCha20Rng, generators::chacha20())))?;
        peers.add(Name::Arc4random, system::Arc4random::find().map(|found| Peer::of(Name::Arc4random, found)))?;
        for level in Level::ALL {
            let name = Name::Keystream(level);
            peers.add(name, keystream::Keystream::find(products, level).map(|found| Peer::of(name, found)))?;
        }
        for (name, found) in libcrypto::find() {
            peers.add(name, found)?;
        }
        peers.add(Name::Memcpy, Ok(Peer::of(Name::Memcpy, system::Memcpy::new())))?;
        peers.present.push(Peer::of(Name::EmptyCall, EmptyCall));
        Ok(peers)
    }

    fn add(&mut self, name: Name, found: Result<Peer>) -> Result<()> {
        match found {
            Ok(peer) => {
                filled::check(&peer)?;
                self.present.push(peer);
            }
            Err(error) => self.absent.push(Absent { name, reason: format!("{error:#}") }),
        }
        Ok(())
    }
}

impl std::fmt::Display for Absent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "absent: {}: {}", self.name, self.reason)
    }
}

/// Adapts a [`Generator`] to the type of the vDSO's function.
unsafe extern "C" fn fill_with<G: Generator>(
    buffer: *mut u8,
    len: usize,
    _flags: u32,
    context: *mut c_void,
    _opaque_len: usize,
) -> isize {
    // SAFETY: `Peer::of` pairs this function with a `G` that lives as long as the peer, and one thread uses it.
    let generator = unsafe { &mut *context.cast::<G>() };
    // SAFETY: the caller of `Peer::call` vouches for the buffer, which is initialised.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer, len) };
    if generator.fill(bytes) { len as isize } else { -1 }
}

/// A null pointer, for calls that only ask for a size.
const NOWHERE: *mut u8 = null_mut();
