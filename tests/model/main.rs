use std::cell::RefCell;
use vdso_inject::access::AccessLog;
use vdso_inject::bench::Bench;
use vdso_inject::case::{Case, Entry, Fill, LENS, Place};
use vdso_inject::record::Record;
use vdso_inject::registers::Registers;
use vdso_inject::step::{Next, Start, Stepper};
use vdso_inject::{Subject};

#[test]
fn look() {
    let subject = Subject::image(std::path::Path::new("../target/vdso/vdso64.so")).unwrap();
    let bench = Bench::new(&subject).unwrap();
    for simd in [0u8, 1] {
        for fill in [Fill::Full, Fill::Empty, Fill::Fresh, Fill::NearlyEmpty] {
            for len in [16usize, 100, 640, 512] {
                let len_index = LENS.iter().position(|l| *l == len).unwrap();
                let case = Case { entry: Entry::Getrandom, simd, place: Place::Usual, fill, len_index };
                subject.set_scene(Place::Usual, simd).unwrap();
                bench.prepare(&case, &mut Record::new());
                let mut buffer = vec![0u8; len];
                let start = buffer.as_mut_ptr();
                let log = RefCell::new(AccessLog::new(subject.code().clone(), bench.state_range().start, start.addr()..start.addr() + len));
                let hook = |registers: &mut Registers<'_>| { log.borrow_mut().observe(registers); Next::Step };
                bench.call(&Stepper::new(bench.text(), &hook), &case, start, Start::Step);
                let log = log.into_inner();
                let mut s = String::new();
                let mut last = None; let mut n = 0;
                for a in &log.accesses {
                    let l = format!("{:?}.{:?}", a.part, a.kind);
                    if last.as_ref() == Some(&l) { n += 1; continue }
                    if let Some(l) = last { s += &format!("{l}*{n} "); }
                    last = Some(l); n = 1;
                }
                s += &format!("{}*{n}", last.unwrap());
                println!("{case}\n   {s}");
            }
        }
    }
}
