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
    /// What is known of each source.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

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
