//! How well a product measures: its error against reference values, and how far it is trusted.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};

use crate::source::SourceDigest;
use crate::statistics::{Sorted, mean, standard_deviation};

/// The band of JIS S 7200:1993, which allows step counters ± 3 % on a shaker; a part of the reference
/// value.
pub const BAND: f64 = 0.03;
/// Of fewer wearers no trust is derived, and nothing but their number is given: a mean of few says
/// something of each.
pub const FEWEST_WEARERS: usize = crate::trial::FEWEST;
/// Fewer pairs of values are not enough to derive a trust level from. Ours.
const FEWEST_PAIRS: usize = 20;
/// High trust: at least this part of the values lies within the band. Ours.
const HIGH_WITHIN_BAND: f64 = 0.75;
/// Moderate trust: the mean of the errors' amounts is at most this part of the reference. Ours, after
/// the 10 to 20 % that step counters of several products differ by.
const MODERATE_ERROR: f64 = 0.1;

/// How far a product's values can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Its values are shown, and no rule should rest on them.
    Low,
    /// Changes of one person on one device can be judged.
    Moderate,
    /// As good as the reference, nearly.
    High,
}

/// What a product is known by beside a reading: 16 bits of a digest of manufacturer and model number, as
/// many as a sample has room for. Of two products one in 65,536 looks like the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductDigest(NonZeroU16);

impl ProductDigest {
    /// The product of a manufacturer and a model number, both normalised as the parts of a source are;
    /// none where either is blank or not of its form.
    pub fn of(manufacturer: &str, model_number: &str) -> Option<Self> {
        let digest = SourceDigest::of_device(manufacturer, model_number).ok()?;
        let bits = (digest.bits() >> 48) as u16;
        Some(Self(NonZeroU16::new(bits).unwrap_or(NonZeroU16::MAX)))
    }

    /// A product from its stored form; none of 0.
    pub(crate) fn from_bits(bits: u16) -> Option<Self> {
        NonZeroU16::new(bits).map(Self)
    }

    /// The stored form, which is never 0.
    pub(crate) fn bits(self) -> u16 {
        self.0.get()
    }
}

/// How far each product is trusted, as the list of devices says. A product that nobody has judged is in
/// none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProducts(BTreeMap<ProductDigest, Trust>);

impl TrustedProducts {
    /// How far a product is trusted.
    pub fn trust_of(&self, product: ProductDigest) -> Option<Trust> {
        self.0.get(&product).copied()
    }

    /// Whether any product is trusted so far.
    pub fn any_from(&self, least: Trust) -> bool {
        self.0.values().any(|trust| *trust >= least)
    }
}

impl FromIterator<(ProductDigest, Trust)> for TrustedProducts {
    /// Of two products with one digest the lower level counts.
    fn from_iter<I: IntoIterator<Item = (ProductDigest, Trust)>>(all: I) -> Self {
        let mut trusted = BTreeMap::new();
        for (product, trust) in all {
            let known = trusted.entry(product).or_insert(trust);
            *known = trust.min(*known);
        }
        Self(trusted)
    }
}

/// A value of a product beside the reference value for the same person and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair<W> {
    /// Who wore the device.
    pub wearer: W,
    /// What the device said.
    pub value: f64,
    /// What was true; above 0, in the same unit.
    pub reference: f64,
}

/// The errors of a product, each a part of the reference value: −0.04 is 4 % too low.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// Pairs of values.
    pub pairs: usize,
    /// People who wore one.
    pub wearers: usize,
    /// The numbers, where there are at least [`FEWEST_WEARERS`] wearers.
    pub errors: Option<Errors>,
}

/// Numbers of the errors of a product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// Their mean: whether it measures too much or too little.
    pub mean: f64,
    /// The mean of their amounts, without the sign.
    pub mean_absolute: f64,
    /// A quarter of them is below this.
    pub first_quartile: f64,
    /// Half of them are below this.
    pub median: f64,
    /// Three quarters of them are below this.
    pub third_quartile: f64,
    /// The part of them within [`BAND`], 0 to 1.
    pub within_band: f64,
    /// The standard deviation (n − 1) between the wearers' means.
    pub between_wearers: f64,
}

/// The reliability of a product by its pairs.
pub fn reliability<W: Copy + Ord>(pairs: &[Pair<W>]) -> Reliability {
    let mut by_wearer: BTreeMap<W, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        by_wearer.entry(pair.wearer).or_default().push(pair.error());
    }
    let (pairs, wearers) = (pairs.len(), by_wearer.len());
    let errors = if wearers < FEWEST_WEARERS { None } else { errors(&by_wearer) };
    Reliability { pairs, wearers, errors }
}

impl<W> Pair<W> {
    fn error(&self) -> f64 {
        (self.value - self.reference) / self.reference
    }
}

fn errors<W>(by_wearer: &BTreeMap<W, Vec<f64>>) -> Option<Errors> {
    let sorted = Sorted::of(by_wearer.values().flatten().copied());
    let all = sorted.values();
    let of_wearers: Vec<f64> =
        by_wearer.values().filter_map(|errors| mean(errors.iter().copied())).collect();
    // 3 % of the reference is inside, although a division may say a little more.
    let is_within = |error: &f64| error.abs() <= BAND + 1e-12;
    Some(Errors {
        mean: mean(all.iter().copied())?,
        mean_absolute: mean(all.iter().map(|error| error.abs()))?,
        first_quartile: sorted.quantile(0.25)?,
        median: sorted.median()?,
        third_quartile: sorted.quantile(0.75)?,
        within_band: mean(all.iter().map(|error| f64::from(is_within(error))))?,
        between_wearers: standard_deviation(&of_wearers)?,
    })
}

impl Reliability {
    /// The trust level that the numbers suggest; none where there are too few. A person decides.
    pub fn suggests(&self) -> Option<Trust> {
        let errors = self.errors.filter(|_| self.pairs >= FEWEST_PAIRS)?;
        Some(if errors.within_band >= HIGH_WITHIN_BAND {
            Trust::High
        } else if errors.mean_absolute <= MODERATE_ERROR {
            Trust::Moderate
        } else {
            Trust::Low
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of_wearers: &[&[f64]]) -> Vec<Pair<usize>> {
        let of = |(wearer, values): (usize, &&[f64])| {
            values
                .iter()
                .map(|value| Pair { wearer, value: *value, reference: 1000.0 })
                .collect::<Vec<_>>()
        };
        of_wearers.iter().enumerate().flat_map(of).collect()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    }

    #[test]
    fn errors_are_parts_of_the_reference_with_their_sign() {
        let known: [&[f64]; 5] =
            [&[1000.0, 1030.0], &[970.0, 990.0], &[900.0], &[1040.0], &[1010.0]];
        let found = reliability(&pairs(&known));
        assert_eq!((found.pairs, found.wearers), (7, 5));
        let errors = found.errors.unwrap();
        // −10, −3, −1, 0, 1, 3 and 4 %.
        near(errors.mean, -0.06 / 7.0);
        near(errors.mean_absolute, 0.22 / 7.0);
        near(errors.first_quartile, -0.02);
        near(errors.median, 0.0);
        near(errors.third_quartile, 0.02);
        near(errors.within_band, 5.0 / 7.0);
        // Means of 1.5, −2, −10, 4 and 1 %: their deviation is the square root of 29.3 %².
        near(errors.between_wearers, 0.293_f64.sqrt() / 10.0);
    }

    #[test]
    fn of_fewer_than_five_wearers_nothing_is_said_but_how_many_they_are() {
        let values: &[f64] = &[1000.0; 10];
        let found = reliability(&pairs(&[values; 4]));
        assert_eq!(found, Reliability { pairs: 40, wearers: 4, errors: None });
        assert_eq!(found.suggests(), None);
    }

    #[test]
    fn a_product_is_one_however_its_name_is_spaced_and_another_is_another() {
        let of = |maker, model| ProductDigest::of(maker, model);
        assert_eq!(of("KAWASEMI", "W-1"), of(" KAWASEMI", "Ｗ-1 "));
        assert_ne!(of("KAWASEMI", "W-1"), of("KAWASEMI", "W-2"));
        assert_ne!(of("KAWASEMI", "W-1"), of("HAYABUSA", "W-1"));
        assert_eq!(of("KAWASEMI", " "), None);
        let product = of("KAWASEMI", "W-1").unwrap();
        assert_eq!(ProductDigest::from_bits(product.bits()), Some(product));
    }

    #[test]
    fn of_two_products_with_one_digest_the_lower_level_counts() {
        let product = ProductDigest::of("KAWASEMI", "W-1").unwrap();
        let both = [(product, Trust::High), (product, Trust::Low)];
        let trusted: TrustedProducts = both.into_iter().collect();
        assert_eq!(trusted.trust_of(product), Some(Trust::Low));
        assert!(trusted.any_from(Trust::Low) && !trusted.any_from(Trust::Moderate));
    }

    #[test]
    fn trust_is_suggested_by_the_band_then_by_the_mean_error() {
        let of = |values: &[f64]| reliability(&pairs(&[values; 5])).suggests();
        assert_eq!(of(&[1000.0, 1010.0, 1030.0, 1200.0]), Some(Trust::High));
        assert_eq!(of(&[1000.0, 1010.0, 1050.0, 1200.0]), Some(Trust::Moderate));
        assert_eq!(of(&[1000.0, 1010.0, 1200.0, 1300.0]), Some(Trust::Low));
        assert_eq!(of(&[1000.0, 1000.0, 1000.0]), None, "fifteen pairs are too few");
    }
}
