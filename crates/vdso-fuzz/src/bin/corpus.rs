// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `corpus unpack|keep TARGET FOLDER`: between the kept recipes and the folder that the fuzzer works in.

use std::path::Path;
use std::process::ExitCode;
use vdso_fuzz::{Seeds, Target, corpus};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [verb, name, folder] = arguments.as_slice() else { return usage() };
    let Some(target) = Target::ALL.into_iter().find(|target| target.name() == name) else { return usage() };
    let (seeds, folder) = (Seeds::make(), Path::new(folder));
    let outcome = match verb.as_str() {
        "unpack" => corpus::unpack(target, &seeds, folder),
        "keep" => corpus::keep(target, &seeds, folder),
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
    ExitCode::from(2)
}
