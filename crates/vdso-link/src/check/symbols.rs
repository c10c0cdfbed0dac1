// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `symbols`: the names that the object gives and wants.

use super::{ObjectRule, causes};
use crate::{Examination, Rule};
use object::elf;
use vdso_abi::exports::{DATA_SYMBOLS, EXPORTS, Export};
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::tables::{Home, Symbol};
use vdso_elf::place::Place;

/// The prefix of the long name of an export.
const LONG_PREFIX: &str = "__vdso_";

/// The rules of the family.
pub static RULES: [ObjectRule; 4] = [
    ObjectRule {
        rule: Rule {
            id: "symbols/exports",
            title: "export is not as declared",
            requirement: "each declared export is a function in text with a size, default visibility and its declared \
                          binding",
            reason: "Lookups in a vDSO compare name, type, binding and version; the size bounds the function for \
                     profilers and for the unwind table.",
            breaks: "glibc and the kernel's self-tests, which skip symbols of another type or binding; Go, which \
                     accepts only STT_FUNC; gdb and perf, which attribute addresses by size.",
        },
        apply: exports,
    },
    ObjectRule {
        rule: Rule {
            id: "symbols/aliases",
            title: "short name differs from its __vdso_ name",
            requirement: "each short name is at the same address and has the same size as its __vdso_ name",
            reason: "Both names are promised to be one function.",
            breaks: "Callers of the short name, which would get another contract; gdb, which shows the alias in the \
                     wrong function.",
        },
        apply: aliases,
    },
    ObjectRule {
        rule: Rule {
            id: "symbols/hidden",
            title: "undeclared symbol is visible",
            requirement: "every other symbol that is defined here is local or hidden",
            reason: "A visible symbol enters the dynamic symbol table of the image, where it is ABI for ever.",
            breaks: "Programs that bind to an internal name; with GNU ld its calls would also go through a PLT.",
        },
        apply: hidden,
    },
    ObjectRule {
        rule: Rule {
            id: "symbols/undefined",
            title: "undefined symbols are not the three data symbols",
            requirement: "exactly the three data symbols are left undefined, each of them hidden",
            reason: "The linker script of each kernel defines these three and no other symbol; without hidden \
                     visibility the linker makes dynamic references of them.",
            breaks: "The kernel build, by an error of vdso2c about dynamic relocations, or by an undefined symbol.",
        },
        apply: undefined,
    },
];

fn exports(object: &Anatomy, examination: &mut Examination) {
    for Export { name, weak } in EXPORTS {
        examination.look();
        let defined = object.symbol(name).filter(|symbol| symbol.home != Home::Undefined);
        let Some(symbol) = defined else {
            let cause = "its function is gone or was renamed: look at the `#[unsafe(no_mangle)]` in entry.rs and the \
                         `.weak`/`.set` lines beside it";
            examination.find(
                Place::new(".symtab", 0).in_symbol(name),
                format!("{name} is not defined"),
                "a function of this name",
                cause,
            );
            continue;
        };
        let bind = if weak { elf::STB_WEAK } else { elf::STB_GLOBAL };
        let in_text = matches!(symbol.home, Home::Section(section) if object.sections[section].is_text());
        let cause = "the directives at its label: .globl or .weak, .type @function, .size, no .hidden";
        let mut require = |holds: bool, found: String, wanted: &str| {
            if !holds {
                examination.find(symbol.entry(), found, wanted, cause);
            }
        };
        require(symbol.bind == bind, format!("{name} has binding {}", bind_name(symbol.bind)), bind_name(bind));
        require(symbol.kind == elf::STT_FUNC, format!("{name} has type {}", kind_name(symbol.kind)), "STT_FUNC");
        require(symbol.size > 0, format!("{name} has size 0"), "the size of the function");
        let visibility = symbol.visibility == elf::STV_DEFAULT;
        require(visibility, format!("{name} has visibility {}", visibility_name(symbol.visibility)), "STV_DEFAULT");
        require(in_text, format!("{name} is outside of text"), "a symbol in an executable section");
    }
}

fn aliases(object: &Anatomy, examination: &mut Examination) {
    for Export { name, .. } in EXPORTS.iter().filter(|export| export.weak) {
        let long = format!("{LONG_PREFIX}{name}");
        let (Some(alias), Some(strong)) = (object.symbol(name), object.symbol(&long)) else { continue };
        let describe = |symbol: &Symbol| match symbol.home {
            Home::Section(section) => {
                format!("{}+{:#x}, {} bytes", object.sections[section].name, symbol.value, symbol.size)
            }
            home => format!("{home:?}"),
        };
        examination.look();
        if (alias.home, alias.value, alias.size) != (strong.home, strong.value, strong.size) {
            let wanted = format!("{}, as {long}", describe(strong));
            let cause =
                format!("write `.set {name}, {long}`; an alias takes its size along when `.size` comes before it");
            examination.find(alias.entry(), format!("{name} is {}", describe(alias)), wanted, cause);
        }
    }
}

fn hidden(object: &Anatomy, examination: &mut Examination) {
    let defined = object.symbols.iter().filter(|symbol| symbol.index > 0 && symbol.home != Home::Undefined);
    for symbol in defined.filter(|symbol| EXPORTS.iter().all(|export| export.name != symbol.name)) {
        examination.look();
        if !symbol.is_private() {
            let found = format!("a visible symbol, {}", bind_name(symbol.bind));
            let cause = "a `pub` function with `no_mangle`, or a label with .globl: add `.hidden`, or declare the name in \
                         vdso_abi::exports";
            examination.find(symbol.entry(), found, "a local or hidden symbol", cause);
        }
    }
}

fn undefined(object: &Anatomy, examination: &mut Examination) {
    let elsewhere = |symbol: &&Symbol| matches!(symbol.home, Home::Undefined | Home::Common) && symbol.index > 0;
    for symbol in object.symbols.iter().filter(elsewhere) {
        examination.look();
        if symbol.home == Home::Common {
            let cause = "a .comm directive: it becomes writable data";
            examination.find(symbol.entry(), "a common symbol (SHN_COMMON)", "a definition in a section", cause);
        } else if !DATA_SYMBOLS.contains(&symbol.name) {
            let wanted = format!("no undefined symbol but {}", DATA_SYMBOLS.join(", "));
            examination.find(
                symbol.entry(),
                format!("{} is undefined", symbol.entry().symbol),
                wanted,
                causes::of_undefined(symbol.name),
            );
        } else if symbol.visibility != elf::STV_HIDDEN || symbol.bind != elf::STB_GLOBAL {
            let found = format!("undefined, {}, {}", bind_name(symbol.bind), visibility_name(symbol.visibility));
            let cause = format!("write `.hidden {}` once in the assembly that names it", symbol.name);
            examination.find(symbol.entry(), found, "STB_GLOBAL, STV_HIDDEN", cause);
        }
    }
    for name in DATA_SYMBOLS {
        let undefined = object.symbol(name).is_some_and(|symbol| symbol.home == Home::Undefined);
        if !undefined {
            let cause = "the code that reads the data page is gone, or the name is defined here";
            let place = Place::new(".symtab", 0).in_symbol(name);
            examination.find(place, format!("no undefined symbol {name}"), "an undefined, hidden symbol", cause);
        }
    }
}

fn bind_name(bind: elf::SymbolBind) -> &'static str {
    elf::names().stb.name(bind).unwrap_or("of an unknown kind")
}

fn kind_name(kind: elf::SymbolType) -> &'static str {
    elf::names().stt.name(kind).unwrap_or("of an unknown kind")
}

fn visibility_name(visibility: elf::SymbolVisibility) -> &'static str {
    match visibility {
        elf::STV_DEFAULT => "STV_DEFAULT",
        elf::STV_INTERNAL => "STV_INTERNAL",
        elf::STV_HIDDEN => "STV_HIDDEN",
        _ => "STV_PROTECTED",
    }
}
