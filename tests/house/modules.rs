// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The modules of a crate, and the arrows between them.

use crate::paths::paths;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The path of a module from the root of its crate.
pub type Module = Vec<String>;

/// A dependency of one file on a module that is neither above nor below it in the module tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The module that holds both ends; empty for the root of the crate.
    pub parent: Module,
    /// The child of `parent` with the file that uses the other.
    pub from: String,
    /// The child of `parent` that is used.
    pub to: String,
    /// The file, relative to the sources of the crate.
    pub file: PathBuf,
}

/// The modules of one crate with their sources.
#[derive(Debug, Default)]
pub struct Crate {
    files: BTreeMap<Module, (PathBuf, String)>,
}

impl Crate {
    /// Reads the sources below a directory; binaries are separate crates and are left out.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read(sources: &Path) -> anyhow::Result<Self> {
        let mut modules = Self::default();
        let mut directories = vec![sources.to_path_buf()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(&directory)? {
                let path = entry?.path();
                let relative = path.strip_prefix(sources)?.to_path_buf();
                if path.is_dir() && relative != Path::new("bin") {
                    directories.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    modules.add(relative, std::fs::read_to_string(&path)?);
                }
            }
        }
        Ok(modules)
    }

    /// Adds a file by its path relative to the sources.
    pub fn add(&mut self, file: PathBuf, source: String) {
        let stem = file.with_extension("");
        let mut module: Module = stem.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        // A program with a library in the same directory is another crate, and the library is the one with modules.
        if module.is_empty() && self.files.contains_key(&module) && !file.ends_with("lib.rs") {
            return;
        }
        self.files.insert(module, (file, source));
    }

    /// The names of the modules in the root of the crate.
    pub fn top(&self) -> BTreeSet<&str> {
        self.files.keys().filter_map(|module| module.first()).map(String::as_str).collect()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// All arrows between siblings, each once for each file.
    pub fn arrows(&self) -> BTreeSet<Arrow> {
        let exported = self.exported_by_root();
        let mut arrows = BTreeSet::new();
        for (module, (file, source)) in self.files.iter().filter(|(module, _)| !module.is_empty()) {
            for path in paths(source) {
                let Some(target) = self.target(module, &path, &exported) else { continue };
                let common = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (module.get(common), target.get(common)) {
                    let parent = module[..common].to_vec();
                    arrows.insert(Arrow { parent, from: from.clone(), to: to.clone(), file: file.clone() });
                }
            }
        }
        arrows
    }

    /// The module that a path leads to.
    fn target(&self, module: &Module, path: &[String], exported: &BTreeMap<String, Module>) -> Option<Module> {
        let mut absolute = if path.first()? == "crate" { Module::new() } else { module.clone() };
        for segment in path {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(absolute.pop()),
                name => absolute.push(name.to_owned()),
            }
        }
        let in_root = absolute.first().and_then(|name| exported.get(name));
        if let Some(defined) =
            in_root.filter(|_| absolute.first().is_some_and(|name| !self.top().contains(name.as_str())))
        {
            absolute = defined.clone();
        }
        while !absolute.is_empty() && !self.files.contains_key(&absolute) {
            absolute.pop();
        }
        Some(absolute)
    }

    /// The names that the root re-exports, with the modules that define them.
    fn exported_by_root(&self) -> BTreeMap<String, Module> {
        let Some((_, root)) = self.files.get(&Module::new()) else { return BTreeMap::new() };
        let uses = root.lines().map(str::trim).filter_map(|line| line.strip_prefix("pub use "));
        let paths = uses.flat_map(|line| paths(&format!("use crate::{line}")));
        paths.filter_map(|path| Some((path.last()?.clone(), path.get(1..path.len() - 1)?.to_vec()))).collect()
    }
}
