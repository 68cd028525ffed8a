//! By which products a patient is heard, and of which groups that makes them, and when.

use smallvec::{SmallVec, smallvec};

use super::{Group, GroupId, Groups, Limits, Presence, ProductId, REMEMBERED, Rhythm};
use crate::kinds::Kind;
use crate::plan::Plan;
use crate::time::Timestamp;

/// So many products are remembered of a patient. Ours.
const MOST_PRODUCTS: usize = 16;

/// From when until when a patient is of a group.
pub type Times = SmallVec<[(Timestamp, Timestamp); 1]>;

/// By which products a patient's readings of which kinds came, and in which rhythm. In the order in which
/// each became the one that was heard last: of a kind, the last is the patient's.
#[derive(Debug, Clone, Default)]
pub struct Heard(Vec<OfProduct>);

#[derive(Debug, Clone, Copy)]
struct OfProduct {
    product: ProductId,
    kind: Kind,
    /// Seconds since 1970, since when the kind comes by this product.
    since: u32,
    rhythm: Rhythm,
}

impl OfProduct {
    fn since(&self) -> Timestamp {
        Timestamp::from_seconds(self.since.into())
    }
}

impl Heard {
    /// Takes in a reading. True where the kind came by another product before, or by none.
    pub fn hear(
        &mut self,
        kind: Kind,
        product: ProductId,
        received: Timestamp,
        groups: &mut Groups,
    ) -> bool {
        let newest = self.0.iter().rposition(|one| one.kind == kind);
        if let Some(newest) = newest
            && self.0[newest].product == product
        {
            self.0[newest].rhythm.hear(received);
            return false;
        }
        let before = newest.map_or(received, |newest| self.0[newest].rhythm.last());
        let known = self.place(kind, product);
        if let Some(known) = known.filter(|_| received < before) {
            self.0[known].rhythm.hear(received);
            return false;
        }
        let rhythm = match known {
            Some(known) => {
                let mut rhythm = self.0.remove(known).rhythm;
                rhythm.hear(received);
                rhythm
            }
            None => {
                // First: what makes room may be the same product of another kind.
                groups.remember(product);
                self.forget(received, groups);
                self.make_room(groups);
                self.0.reserve_exact(1);
                Rhythm::beginning(received)
            }
        };
        let since = received.max(before).seconds().clamp(0, u32::MAX.into()) as u32;
        self.0.push(OfProduct { product, kind, since, rhythm });
        true
    }

    fn place(&self, kind: Kind, product: ProductId) -> Option<usize> {
        self.0.iter().position(|one| one.product == product && one.kind == kind)
    }

    /// Whether a kind comes by another product since.
    fn is_former(&self, place: usize) -> bool {
        self.0[place + 1..].iter().any(|other| other.kind == self.0[place].kind)
    }

    /// What is heard no more goes first, so that products whose names are made up for one kind hide no
    /// other kind.
    fn make_room(&mut self, groups: &mut Groups) {
        if self.0.len() < MOST_PRODUCTS {
            return;
        }
        let last = |place: &usize| (!self.is_former(*place), self.0[*place].rhythm.last());
        let oldest = (0..self.0.len()).min_by_key(last).unwrap_or(0);
        groups.forget(self.0.remove(oldest).product);
    }

    /// Forgets what readings are not remembered of any more, as a state that is rebuilt knows nothing of
    /// it.
    pub fn forget(&mut self, now: Timestamp, groups: &mut Groups) {
        self.0.retain(|one| {
            let is_remembered = one.rhythm.last() + REMEMBERED >= now;
            if !is_remembered {
                groups.forget(one.product);
            }
            is_remembered
        });
    }

    /// The patient is one no more.
    pub fn forget_all(&mut self, groups: &mut Groups) {
        self.0.drain(..).for_each(|one| groups.forget(one.product));
    }

    /// How the patient is seen in each group that they are a member of: by the product of each kind that
    /// was heard last, if the plan expects the kind.
    pub fn presences(
        &self,
        plan: &Plan,
        (groups, consortium): (&Groups, Option<GroupId>),
        at: Timestamp,
        limits: &Limits,
    ) -> SmallVec<[(GroupId, Presence); 4]> {
        let mut found: SmallVec<[(GroupId, Presence); 4]> = SmallVec::new();
        for (place, one) in self.0.iter().enumerate() {
            let seen = || Presence::of((plan, one.kind), &one.rhythm, at, limits);
            let is_newest = !self.is_former(place);
            let Some(presence) = is_newest.then(seen).flatten() else { continue };
            for group in groups.of_product(one.product).into_iter().chain(consortium) {
                match found.iter_mut().find(|(known, _)| *known == group) {
                    Some((_, known)) => *known = known.and(presence),
                    None => found.push((group, presence)),
                }
            }
        }
        found
    }

    /// From when until when readings of a kind came by a vendor's or a model's products, as far as that is
    /// remembered. Who has changed to another one is of that from its first reading on.
    pub fn times_of(&self, kind: Kind, group: &Group, groups: &Groups) -> Times {
        let Some(id) = groups.find(group) else { return Times::new() };
        let mut times = Times::new();
        let mut from = Timestamp::EARLIEST;
        let mut of_kind = self.0.iter().filter(|one| one.kind == kind).peekable();
        while let Some(one) = of_kind.next() {
            let until = of_kind.peek().map_or(Timestamp::LATEST, |next| next.since());
            if groups.of_product(one.product).contains(&id) {
                times.push((from, until));
            }
            from = until;
        }
        times
    }
}

/// All the time: that of who is of a group whatever they are heard by.
pub fn always() -> Times {
    smallvec![(Timestamp::EARLIEST, Timestamp::LATEST)]
}
