// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The linker stage: the command line that makes the stand-alone image.
