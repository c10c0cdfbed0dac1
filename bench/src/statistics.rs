// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Statistics of repeated measurements.

use serde::Serialize;

/// Measurements in ascending order; at least one.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// # Panics
    /// If `values` is empty.
    pub fn new(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "a measurement without a sample");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The median; for an even number, the mean of the middle two.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len().is_multiple_of(2) { (self.0[middle - 1] + self.0[middle]) / 2.0 } else { self.0[middle] }
    }

    /// The minimum.
    pub fn min(&self) -> f64 {
        self.0[0]
    }

    /// The maximum.
    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The quantile at `part` (0 to 1): the least value that this part of all values does not exceed.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// The interquartile range divided by the median, which shows how noisy the machine was.
    pub fn spread(&self) -> f64 {
        (self.quantile(0.75) - self.quantile(0.25)) / self.median()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_ignore_the_order_of_values() {
        let samples = Samples::new(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((samples.min(), samples.median(), samples.max()), (1.0, 3.0, 5.0));
        assert_eq!(Samples::new(vec![4.0, 1.0, 2.0, 3.0]).median(), 2.5);
    }

    #[test]
    fn quantile_returns_a_measured_value() {
        let samples = Samples::new((1..=1000).map(f64::from).collect());
        assert_eq!(samples.quantile(0.5), 500.0);
        assert_eq!(samples.quantile(0.99), 990.0);
        assert_eq!(samples.quantile(0.999), 999.0);
        assert_eq!((samples.quantile(0.0), samples.quantile(1.0)), (1.0, 1000.0));
        assert_eq!(Samples::new(vec![7.0]).quantile(0.999), 7.0);
    }

    #[test]
    fn spread_ignores_outer_quarters() {
        let quiet = Samples::new(vec![0.1, 10.0, 10.0, 10.0, 10.0, 10.0, 900.0]);
        assert_eq!(quiet.spread(), 0.0);
        let noisy = Samples::new(vec![5.0, 5.0, 10.0, 15.0, 15.0]);
        assert_eq!(noisy.spread(), 1.0);
    }

    #[test]
    #[should_panic(expected = "without a sample")]
    fn new_panics_without_values() {
        Samples::new(Vec::new());
    }
}
