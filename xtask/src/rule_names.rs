// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules by the names that users give them: an id, or the family before its slash.

use anyhow::{bail, ensure};
use vdso_link::Rule;

/// The least similarity of a name that is suggested, from 0 to 1.
const SIMILAR: f64 = 0.7;

/// The most names that are suggested.
const SUGGESTIONS: usize = 3;

/// Every rule, for objects and for images.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let object = vdso_link::check::rules().map(|rule| &rule.rule);
    object.chain(vdso_link::verify::rules().map(|rule| &rule.rule))
}

/// The rules of the elements of `--rules`; all where the option is not given. Spaces, case and empty elements, such as after
/// a comma at the end, do not count.
///
/// # Errors
/// There is no such rule, or the option names none.
pub fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Rule>> {
    if names.is_empty() {
        return Ok(rules().collect());
    }
    let given = names.iter().flat_map(|names| names.split(',')).filter(|name| !name.trim().is_empty());
    let chosen: Vec<_> = given.map(named).collect::<Result<_, _>>()?;
    ensure!(!chosen.is_empty(), "--rules: no rule is named; name ids or families, such as `sections,relocations/kind`");
    Ok(chosen.concat())
}

/// The rule of an id, or the rules of a family.
///
/// # Errors
/// There is no such rule; the message names the most similar ones.
pub fn named(name: &str) -> anyhow::Result<Vec<&'static Rule>> {
    let name = name.trim().to_lowercase();
    let named: Vec<_> = rules().filter(|rule| rule.id == name || family(rule) == name).collect();
    if named.is_empty() {
        bail!("{name:?}: no such rule or family; {}docs/rules.md lists all", suggestion(&name));
    }
    Ok(named)
}

fn family(rule: &Rule) -> &'static str {
    rule.id.split_once('/').map_or(rule.id, |(family, _)| family)
}

/// The names that the user may have meant, in words; the families where none is similar.
fn suggestion(name: &str) -> String {
    let mut families: Vec<&str> = rules().map(family).collect();
    families.dedup();
    // The part after the slash alone is what users remember of an id.
    let similarity = |known: &&str| {
        let last = known.rsplit('/').next().unwrap_or(known);
        strsim::jaro_winkler(known, name).max(strsim::jaro_winkler(last, name))
    };
    let known = rules().map(|rule| rule.id).chain(families.iter().copied());
    let mut similar: Vec<(f64, &str)> = known.map(|known| (similarity(&known), known)).collect();
    similar.retain(|(similarity, _)| *similarity >= SIMILAR);
    similar.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    if similar.is_empty() {
        return format!("families are {}; ", families.join(", "));
    }
    let names: Vec<&str> = similar.iter().take(SUGGESTIONS).map(|(_, known)| *known).collect();
    format!("did you mean {}? ", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        chosen(&names).unwrap().iter().map(|rule| rule.id).collect()
    }

    fn error(name: &str) -> String {
        chosen(&[name.into()]).unwrap_err().to_string()
    }

    #[test]
    fn rules_are_chosen_by_id_and_by_family() {
        let header = ["relocations/kind", "header/identity", "header/stack-note"];
        assert_eq!(ids(&["relocations/kind", "header"]), header);
        assert_eq!(ids(&["relocations/kind,header"]), header);
        assert_eq!(ids(&[]).len(), rules().count());
    }

    #[test]
    fn spaces_case_and_empty_elements_do_not_count() {
        let header = ["relocations/kind", "header/identity", "header/stack-note"];
        for given in [" Relocations/Kind, HEADER", "relocations/kind,header,", ",relocations/kind ,, header"] {
            assert_eq!(ids(&[given]), header, "{given:?}");
        }
        assert!(["", " ", ",", " , "].iter().all(|none| error(none).contains("no rule is named")));
    }

    #[test]
    fn a_typo_is_answered_with_the_most_similar_names_and_not_with_all() {
        for (typo, meant) in [
            ("relocations/kin", "relocations/kind"),
            ("relocation", "relocations"),
            ("imagedynamic", "image-dynamic"),
            ("code/forbid", "code/forbidden"),
            ("forbiden", "code/forbidden"),
            ("header/stacknote", "header/stack-note"),
        ] {
            let error = error(typo);
            assert!(
                error.contains("no such rule") && error.contains("did you mean") && error.contains(meant),
                "{error}"
            );
            assert!(error.len() < 200, "{error}");
        }
        let error = error("xyzzy");
        assert!(error.contains("families are header, sections") && error.len() < 500, "{error}");
    }
}
