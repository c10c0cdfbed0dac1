// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Maps a vDSO image beside a data page of its own and calls it.
