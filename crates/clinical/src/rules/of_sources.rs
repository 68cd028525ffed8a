//! What each source says of a day, for rules that compare devices with themselves only.

use smallvec::SmallVec;

use crate::source::SourceDigest;

/// Of each source something; most patients have one device of a kind.
#[derive(Debug, Clone)]
pub(super) struct OfSources<V>(SmallVec<[(SourceDigest, V); 1]>);

impl<V> Default for OfSources<V> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<V: Default> OfSources<V> {
    /// What is known of a source, to be added to.
    pub(super) fn of(&mut self, source: SourceDigest) -> &mut V {
        let known = self.0.iter().position(|(known, _)| *known == source);
        let place = known.unwrap_or_else(|| {
            self.0.push((source, V::default()));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }
}

impl<V> OfSources<V> {
    /// What is known of a source, if something is.
    pub(super) fn get(&self, source: SourceDigest) -> Option<&V> {
        self.0.iter().find(|(known, _)| *known == source).map(|(_, value)| value)
    }
}

/// The sources of some days, always in the same order.
pub(super) fn sources<V>(days: &[OfSources<V>]) -> Vec<SourceDigest> {
    let mut all: Vec<SourceDigest> =
        days.iter().flat_map(|day| day.0.iter().map(|(source, _)| *source)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The median of some numbers: of an even count the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    let is_odd = values.len() % 2 == 1;
    Some(if is_odd { upper } else { (values[middle - 1] + upper) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
