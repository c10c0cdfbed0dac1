// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The generator as a value, for interfaces that take one.

/// The generator of the calling thread, as a value of no size.
///
/// It implements the traits of `rand_core` 0.9 with the feature `rand_core_09`, and those of 0.10 with `rand_core_010`:
/// `TryRngCore` and `TryCryptoRng`, or `TryRng` and `TryCryptoRng`. Their `unwrap_err` and `UnwrapErr` turn it into a generator
/// that panics on an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rng;

#[cfg(feature = "rand_core_09")]
mod rand_core_09 {
    use super::Rng;
    use crate::Error;
    use rand_core_09::{TryCryptoRng, TryRngCore};

    impl TryRngCore for Rng {
        type Error = Error;

        fn try_next_u32(&mut self) -> Result<u32, Error> {
            crate::u32()
        }

        fn try_next_u64(&mut self) -> Result<u64, Error> {
            crate::u64()
        }

        fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
            crate::fill(buffer)
        }
    }

    impl TryCryptoRng for Rng {}
}

#[cfg(feature = "rand_core_010")]
mod rand_core_010 {
    use super::Rng;
    use crate::Error;
    use rand_core_010::{TryCryptoRng, TryRng};

    impl TryRng for Rng {
        type Error = Error;

        fn try_next_u32(&mut self) -> Result<u32, Error> {
            crate::u32()
        }

        fn try_next_u64(&mut self) -> Result<u64, Error> {
            crate::u64()
        }

        fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
            crate::fill(buffer)
        }
    }

    impl TryCryptoRng for Rng {}
}

#[cfg(all(test, feature = "rand_core_09", feature = "rand_core_010"))]
mod tests {
    use super::Rng;

    #[test]
    fn both_releases_of_the_traits_draw() {
        let mut bytes = [[0; 16]; 2];
        rand_core_09::TryRngCore::try_fill_bytes(&mut Rng, &mut bytes[0]).expect("a draw");
        rand_core_010::TryRng::try_fill_bytes(&mut Rng, &mut bytes[1]).expect("a draw");
        assert!(bytes[0] != bytes[1] && !bytes.contains(&[0; 16]));
        let old = rand_core_09::TryRngCore::try_next_u64(&mut Rng).expect("a draw");
        let new = rand_core_010::TryRng::try_next_u64(&mut Rng).expect("a draw");
        assert_ne!(old, new);
        let old = rand_core_09::TryRngCore::try_next_u32(&mut Rng);
        assert!(old.is_ok() && rand_core_010::TryRng::try_next_u32(&mut Rng).is_ok());
        fn is_crypto<T: rand_core_09::TryCryptoRng + rand_core_010::TryCryptoRng>(_: T) {}
        is_crypto(Rng);
    }
}
