// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Numbers that the crate has for itself, so that it can be published alone, held against those of the ABI crate.

#[path = "../../src/abi.rs"]
#[expect(dead_code, reason = "the library uses all of it")]
mod abi;

#[test]
fn numbers_are_those_of_the_abi() {
    assert_eq!(abi::GRND_MAX_VALID, vdso_abi::flags::GRND_MAX_VALID);
    assert_eq!(abi::GRND_NONBLOCK, vdso_abi::flags::GRND_NONBLOCK);
    assert_eq!(abi::PROT_READ_WRITE, vdso_abi::flags::STATE_MMAP_PROT);
    assert_eq!(abi::MAP_DROPPABLE | abi::MAP_ANONYMOUS, vdso_abi::flags::STATE_MMAP_FLAGS);
    assert_eq!(abi::PAGE_SIZE, vdso_abi::PAGE_SIZE);
    assert_eq!(size_of::<abi::OpaqueParams>(), size_of::<vdso_abi::state::VgetrandomOpaqueParams>());
    let errnos = [libc::EINTR, libc::EIO, libc::EAGAIN, libc::ENOMEM, libc::EFAULT];
    assert_eq!([abi::EINTR, abi::EIO, abi::EAGAIN, abi::ENOMEM, abi::EFAULT], errnos);
    assert_eq!((abi::MAP_PRIVATE, abi::MAP_FIXED), (libc::MAP_PRIVATE as u32, libc::MAP_FIXED as u32));
    assert_eq!(abi::AT_SYSINFO_EHDR as u64, libc::AT_SYSINFO_EHDR);
    assert_eq!(abi::AT_FDCWD, libc::AT_FDCWD as isize);
    assert_eq!(abi::O_RDONLY_CLOEXEC, (libc::O_RDONLY | libc::O_CLOEXEC) as usize);
}
