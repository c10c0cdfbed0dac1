// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What is said of many measurements of one thing.

use serde::Serialize;

/// Several measurements, by size. There is at least one.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// # Panics
    /// Where there is none.
    pub fn new(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "a measurement without a sample");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The middle one; of an even number, the mean of the middle two.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len().is_multiple_of(2) { (self.0[middle - 1] + self.0[middle]) / 2.0 } else { self.0[middle] }
    }

    /// The least.
    pub fn min(&self) -> f64 {
        self.0[0]
    }

    /// The greatest.
    pub fn max(&self) -> f64 {
        self.0[self.0.len() - 1]
    }

    /// The least value that is not exceeded by this part (0 to 1) of all.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// The middle half's width in parts of the median: how noisy the machine was.
    pub fn spread(&self) -> f64 {
        (self.quantile(0.75) - self.quantile(0.25)) / self.median()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter() {
        let samples = Samples::new(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((samples.min(), samples.median(), samples.max()), (1.0, 3.0, 5.0));
        assert_eq!(Samples::new(vec![4.0, 1.0, 2.0, 3.0]).median(), 2.5);
    }

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let samples = Samples::new((1..=1000).map(f64::from).collect());
        assert_eq!(samples.quantile(0.5), 500.0);
        assert_eq!(samples.quantile(0.99), 990.0);
        assert_eq!(samples.quantile(0.999), 999.0);
        assert_eq!((samples.quantile(0.0), samples.quantile(1.0)), (1.0, 1000.0));
        assert_eq!(Samples::new(vec![7.0]).quantile(0.999), 7.0);
    }

    #[test]
    fn spread_ignores_the_outer_quarters() {
        let quiet = Samples::new(vec![0.1, 10.0, 10.0, 10.0, 10.0, 10.0, 900.0]);
        assert_eq!(quiet.spread(), 0.0);
        let noisy = Samples::new(vec![5.0, 5.0, 10.0, 15.0, 15.0]);
        assert_eq!(noisy.spread(), 1.0);
    }

    #[test]
    #[should_panic(expected = "without a sample")]
    fn nothing_has_no_median() {
        Samples::new(Vec::new());
    }
}
