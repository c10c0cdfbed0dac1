// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `corpus unpack|keep TARGET FOLDER`, `corpus select TARGET FROM TO`: between the kept recipes and the folders that the fuzzer
//! works in.

use std::path::Path;
use std::process::ExitCode;
use vdso_fuzz::{Seeds, Target, corpus};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [verb, name, folders @ ..] = arguments.as_slice() else { return usage() };
    let Some(target) = Target::ALL.into_iter().find(|target| target.name() == name) else { return usage() };
    let folders: Vec<_> = folders.iter().map(Path::new).collect();
    let seeds = Seeds::make();
    let outcome = match (verb.as_str(), folders.as_slice()) {
        ("unpack", [folder]) => corpus::unpack(target, &seeds, folder),
        ("select", [from, to]) => corpus::select(target, &seeds, from, to),
        ("keep", [folder]) => corpus::keep(target, &seeds, folder),
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
    eprintln!("usage: corpus unpack|keep object|image|verify|splice FOLDER");
    eprintln!("       corpus select object|image|verify|splice FROM TO");
    ExitCode::from(2)
}
