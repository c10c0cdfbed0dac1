// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `manifest.json`: inputs, tools, sizes, counts and outputs of one build.
