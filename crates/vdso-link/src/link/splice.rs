// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Adds the object to a finished vDSO image, of which nothing old moves.
