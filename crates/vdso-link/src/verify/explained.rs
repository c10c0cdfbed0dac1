// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The findings for a kernel's image without the object, each with the reason why the image is right nevertheless.

use crate::{Finding, Report};
use vdso_abi::exports::EXPORTS_WITHOUT_PROBE;

/// A finding that a kernel's own image may have, with the reason.
#[derive(Debug)]
pub struct Explained {
    /// The rule's id, or a family with its slash.
    pub rule: &'static str,
    /// Words of what is found.
    pub found: &'static str,
    /// Why it is so.
    pub reason: &'static str,
}

/// The rule that says of each kernel's own image that our functions are missing.
const DECLARED: &str = "image-exports/declared";
/// Its words for it.
pub(super) const NOT_EXPORTED: &str = "not exported";

/// Every finding of this kind.
pub const EXPLAINED: &[Explained] = &[
    Explained {
        rule: DECLARED,
        found: NOT_EXPORTED,
        reason: "no kernel has the four-argument function, and none before 6.11 the five-argument one, but by our object",
    },
    Explained {
        rule: "image-data-page/",
        found: "no reference to",
        reason: "the kernel's own function reads the generator's data only, where our code looks at time namespaces too",
    },
    Explained {
        rule: "image-data-page/symbols",
        found: "no such symbol",
        reason: "6.1 has no data of the generator, and newer lines have other names for its place; a splice adds ours",
    },
    Explained {
        rule: "image-data-page/",
        found: "nothing to look at",
        reason: "without any getrandom there is no code of the kind that the rule is about",
    },
    Explained {
        rule: "image-exports/aliases",
        found: "nothing to look at",
        reason: "without any getrandom there is no pair of names",
    },
    Explained {
        rule: "image-dynamic/known-tags",
        found: "DT_RUNPATH",
        reason: "some distributions build kernels with linkers that write a search path into everything they link",
    },
];

impl Explained {
    /// Whether it is about this finding.
    fn covers(&self, finding: &Finding) -> bool {
        let of_rule = finding.rule == self.rule || self.rule.ends_with('/') && finding.rule.starts_with(self.rule);
        of_rule && finding.found.contains(self.found)
    }
}

/// Splits the findings on an image into those that are explained and the others. Of an image that has the function which every
/// image with our object has, nothing is: it is not the kernel's own.
pub fn explained(report: &Report) -> (Vec<&Finding>, Vec<&Finding>) {
    let ours = EXPORTS_WITHOUT_PROBE[0].name;
    let missing = |it: &Finding| it.rule == DECLARED && it.found == NOT_EXPORTED && it.place.symbol == ours;
    let is_a_kernels_own = report.findings().any(missing);
    report.findings().partition(|finding| is_a_kernels_own && EXPLAINED.iter().any(|it| it.covers(finding)))
}
