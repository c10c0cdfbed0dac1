// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Formats instructions and bytes for messages.

use iced_x86::{Formatter, GasFormatter, Instruction};

/// An instruction in AT&T syntax, as the kernel's tools print it.
pub fn text(instruction: &Instruction) -> String {
    let mut formatter = GasFormatter::new();
    let options = formatter.options_mut();
    options.set_rip_relative_addresses(true);
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    options.set_small_hex_numbers_in_decimal(false);
    let mut text = String::new();
    formatter.format(instruction, &mut text);
    text
}

/// Bytes as pairs of digits with blanks between them.
pub fn spaced(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
