// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `corpus unpack|keep TARGET DIR`, `corpus select TARGET FROM TO`: moves inputs between the kept recipes and the directories
//! of the fuzzer.

use std::path::Path;
use std::process::ExitCode;
use vdso_fuzz::{Seeds, Target, corpus};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [verb, name, directories @ ..] = arguments.as_slice() else { return usage() };
    let Some(target) = Target::ALL.into_iter().find(|target| target.name() == name) else { return usage() };
    let directories: Vec<_> = directories.iter().map(Path::new).collect();
    let seeds = Seeds::make();
    let outcome = match (verb.as_str(), directories.as_slice()) {
        ("unpack", [directory]) => corpus::unpack(target, &seeds, directory),
        ("select", [from, to]) => corpus::select(target, &seeds, from, to),
        ("keep", [directory]) => corpus::keep(target, &seeds, directory),
        _ => return usage(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    let targets = Target::ALL.map(Target::name).join("|");
    eprintln!("usage: corpus unpack|keep {targets} DIR");
    eprintln!("       corpus select {targets} FROM TO");
    ExitCode::from(2)
}
