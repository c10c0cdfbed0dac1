// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clause R3 while whole groups go to the caller: a state that was wiped and keyed anew by a handler is idle, and what the
//! interrupted call still stores in it must not become the next handler's bytes.

use std::sync::{Arc, Mutex};
use vdso_abi::PAGE_SIZE;
use vdso_tests::child::in_child;
use vdso_tests::faults::on_fault;
use vdso_tests::memory::Pages;
use vdso_tests::state::{Snapshot, StatePage};
use vdso_tests::syscalls::{Answer, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels};

/// The draws of the first handler, and of the second.
const DRAWS: [usize; 2] = [48, 400];

#[test]
fn r3_direct_groups_after_a_wipe_do_not_reach_a_later_handler() {
    for cipher in cpu_levels() {
        in_child(|| {
            let (vdso, buffer) = (Arc::new(Vdso::built()), Arc::new(Pages::new(64)));
            let page = Arc::new(StatePage::with(Snapshot::keyed(GENERATION, 1)));
            vdso.data().set_simd(cipher.simd);
            intercept(|number, call| Answer::Bytes(vec![number as u8 + 1; call.len]));
            // Far apart: nothing between the two is about to end.
            buffer.close(8);
            buffer.close(48);
            let drawn = Arc::new(Mutex::new(Vec::new()));
            let hook = (vdso.clone(), buffer.clone(), page.clone(), drawn.clone());
            on_fault(move |address| {
                let (vdso, buffer, page, drawn) = &hook;
                let Some(at) = buffer.page_of(address) else { return false };
                buffer.open(at);
                if at == 8 {
                    page.wipe();
                }
                let mut bytes = vec![0; DRAWS[usize::from(at != 8)]];
                vdso.draw(&mut bytes, page.state());
                drawn.lock().expect("no panic is survived").extend(bytes);
                true
            });
            // SAFETY: the pages are writable, two after their faults.
            let returned = unsafe { vdso.call(buffer.start(), 64 * PAGE_SIZE, 0, page.state()) };
            assert_eq!(returned, 64 * PAGE_SIZE as isize);
            let drawn = drawn.lock().expect("no panic is survived");
            assert_eq!(drawn.len(), DRAWS.iter().sum::<usize>());
            // The scratch holds the upper halves of the counters.
            assert!(drawn.windows(8).all(|bytes| bytes != [0; 8]), "{cipher:?}: {drawn:?}");
        });
    }
}
