// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Large files cost time and memory in proportion to their length: each of their tables is within its bound, or the file is
//! rejected.

mod instructions;
mod large;
mod memory;

use large::{ImageOrObject, LARGE_FILES, LargeFile, grown};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::ExitCode;
use std::sync::LazyLock;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::good;
use vdso_link::link::splice::splice;
use vdso_link::link::unsplice::unsplice;
use vdso_link::{CheckedObject, Error, Image, LinkedImage, Object, check, diff, dump, verify};

/// The length of the large files, in bytes: the largest that is read.
const LARGE: usize = 64 << 20;

/// The memory that an operation may allocate besides copies of the file, in bytes.
const EXTRA: usize = 192 << 20;

/// An operation on a file.
struct Operation {
    name: &'static str,
    takes: ImageOrObject,
    /// The operation; the object is the one to splice.
    run: fn(&CheckedObject, Vec<u8>) -> Result<(), Error>,
}

const OPERATIONS: [Operation; 6] = [
    Operation {
        name: "check",
        takes: ImageOrObject::Object,
        run: |_, data| check(Object::from_bytes(Path::new("large.o"), data)?).map(drop),
    },
    Operation {
        name: "verify",
        takes: ImageOrObject::Image,
        run: |_, data| verify(LinkedImage::found(image(data)?)?).map(drop),
    },
    Operation {
        name: "dump",
        takes: ImageOrObject::Image,
        run: |_, data| dump(&image(data)?).map(|dump| drop(dump.to_string())),
    },
    Operation {
        name: "diff",
        takes: ImageOrObject::Image,
        run: |_, data| {
            let image = image(data)?;
            diff(&image, &image).map(|differences| assert!(differences.is_empty()))
        },
    },
    Operation {
        name: "splice",
        takes: ImageOrObject::Image,
        run: |object, data| {
            let spliced = splice(object, image(data)?)?;
            let original = spliced.original.expect("a splice has its original");
            assert_eq!(unsplice(&spliced.image)?.data(), original.data());
            Ok(())
        },
    },
    Operation {
        name: "unsplice",
        takes: ImageOrObject::Image,
        run: |_, data| match unsplice(&image(data)?) {
            // The large files are no splices.
            Err(Error::Refused { what, .. }) if what.contains("it has no section") => Ok(()),
            other => other.map(drop),
        },
    },
];

fn main() -> ExitCode {
    if instructions::run_subject() {
        return ExitCode::SUCCESS;
    }
    let mut trials = vec![Trial::test(
        "instructions::growth_with_the_square_is_rejected",
        instructions::growth_with_the_square_is_rejected,
    )];
    for operation in &OPERATIONS {
        let count = || instructions::grow_with_the_length(operation.name);
        trials.push(Trial::test(format!("instructions::{}", operation.name), count));
        for file in files(operation) {
            let name = format!("memory::{}::{}", operation.name, file.name.replace(' ', "-"));
            trials.push(Trial::test(name, || memory_is_bounded(operation, file)));
        }
    }
    // One at a time: the memory is that of the whole process.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Returns the large files for an operation.
fn files(operation: &Operation) -> impl Iterator<Item = &'static LargeFile> {
    LARGE_FILES.iter().filter(|file| file.is.is_none_or(|is| is == operation.takes))
}

fn image(data: Vec<u8>) -> Result<Image, Error> {
    Image::from_bytes(Path::new("large.so"), data)
}

/// Makes a large file of a length.
fn data(operation: &Operation, file: &LargeFile, length: usize) -> Vec<u8> {
    static BASE: LazyLock<Image> = LazyLock::new(|| Base::WITH_GETRANDOM.image());
    let data = match operation.takes {
        ImageOrObject::Object => grown(good().object().data(), file, length),
        ImageOrObject::Image => grown(BASE.data(), file, length),
    };
    assert!(data.len() <= length, "{}: {} bytes", file.name, data.len());
    data
}

/// Checks that an operation had the result that a file requires.
fn expect(file: &LargeFile, outcome: Result<(), Error>) {
    match (outcome, file.refusal) {
        (Ok(()), None) => {}
        (Err(error), Some(words)) if error.to_string().contains(words) => {}
        (outcome, _) => panic!("{}: {outcome:?}", file.name),
    }
}

/// Applies an operation to all large files of a length.
fn apply(operation: &Operation, length: usize) {
    for file in files(operation) {
        expect(file, (operation.run)(good(), data(operation, file, length)));
    }
}

/// Checks that an operation on the largest file allocates a bounded number of copies of it.
fn memory_is_bounded(operation: &Operation, file: &LargeFile) -> Result<(), Failed> {
    let object = good();
    let data = data(operation, file, LARGE);
    let length = data.len();
    let (outcome, peak) = memory::peak(|| (operation.run)(object, data));
    // A splice holds the original, the new file and the record that undoes it, in buffers of up to twice their sizes.
    assert!(peak <= 6 * length + EXTRA, "{peak} bytes for a file of {length}");
    expect(file, outcome);
    Ok(())
}
