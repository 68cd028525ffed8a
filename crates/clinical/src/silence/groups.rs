//! By which products a patient is heard, and of which groups that makes them.

use std::collections::HashMap;

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::{Group, Limits, Presence, REMEMBERED, Rhythm};
use crate::kinds::Kind;
use crate::plan::Plan;
use crate::source::normalised;
use crate::time::Timestamp;

/// So many groups are known in a partition; of more nothing is counted. Ours: a sender may write
/// whatever it likes as a model.
const MOST_GROUPS: usize = 10_000;

/// So many products are remembered of a patient, those heard last. Ours.
const MOST_PRODUCTS: usize = 16;

/// A group, in the [`Groups`] that gave the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(u32);

/// A product, in the [`Groups`] that gave the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductId(u32);

impl ProductId {
    /// That of readings which no device of a manufacturer measured.
    pub const NONE: Self = Self(0);
}

/// The groups that are known. Each is named once, whatever it has patients.
#[derive(Debug)]
pub struct Groups {
    groups: Vec<Group>,
    ids: HashMap<Group, GroupId>,
    /// By their id, which spares the way over a group.
    consortia: HashMap<Box<str>, GroupId>,
    /// Vendor and model of each product.
    products: Vec<[Option<GroupId>; 2]>,
    /// By the digest of how a sender writes it.
    written: HashMap<u64, ProductId>,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            ids: HashMap::new(),
            consortia: HashMap::new(),
            products: vec![[None; 2]],
            written: HashMap::new(),
        }
    }
}

impl Groups {
    /// The product of a manufacturer and a model number, as a sender writes them.
    pub fn product(&mut self, manufacturer: &str, model_number: Option<&str>) -> ProductId {
        let model = model_number.map_or(0, |number| xxh3_64(number.as_bytes()));
        let written = xxh3_64(manufacturer.as_bytes()).rotate_left(1) ^ model;
        if let Some(known) = self.written.get(&written) {
            return *known;
        }
        if self.written.len() >= MOST_GROUPS {
            return ProductId::NONE;
        }
        let manufacturer = normalised(manufacturer);
        let vendor = self.id(Group::Vendor((&*manufacturer).into()));
        let number = model_number.map(normalised).filter(|number| !number.is_empty());
        let model = number.and_then(|number| {
            let (manufacturer, number) = ((&*manufacturer).into(), (&*number).into());
            self.id(Group::Model { manufacturer, number })
        });
        let id = ProductId(self.products.len() as u32);
        self.products.push([vendor, model]);
        self.written.insert(written, id);
        id
    }

    /// Takes a consortium in, unless there are too many groups.
    pub fn add_consortium(&mut self, name: &str) {
        if !self.consortia.contains_key(name)
            && let Some(id) = self.id(Group::Consortium(name.into()))
        {
            self.consortia.insert(name.into(), id);
        }
    }

    /// A consortium that is known.
    pub fn find_consortium(&self, name: &str) -> Option<GroupId> {
        self.consortia.get(name).copied()
    }

    /// How many groups there are. Their ids are the numbers before.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The group of a number.
    pub fn name(&self, id: GroupId) -> &Group {
        &self.groups[id.index()]
    }

    /// The number of a group, where it is known.
    pub fn find(&self, group: &Group) -> Option<GroupId> {
        self.ids.get(group).copied()
    }

    /// Every group with its number.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        (0..).map(GroupId).zip(&self.groups)
    }

    fn id(&mut self, group: Group) -> Option<GroupId> {
        if let Some(known) = self.ids.get(&group) {
            return Some(*known);
        }
        if self.groups.len() >= MOST_GROUPS {
            return None;
        }
        let id = GroupId(self.groups.len() as u32);
        self.groups.push(group.clone());
        self.ids.insert(group, id);
        Some(id)
    }

    fn of_product(&self, product: ProductId) -> impl Iterator<Item = GroupId> + use<> {
        self.products[product.0 as usize].into_iter().flatten()
    }
}

impl GroupId {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// By which products a patient's readings of which kinds came, and in which rhythm.
#[derive(Debug, Clone, Default)]
pub struct Heard(Vec<OfProduct>);

#[derive(Debug, Clone, Copy)]
struct OfProduct {
    product: ProductId,
    kind: Kind,
    rhythm: Rhythm,
}

impl Heard {
    /// Takes in a reading. True where the patient is heard by this product with this kind for the first
    /// time.
    pub fn hear(&mut self, kind: Kind, product: ProductId, received: Timestamp) -> bool {
        let known = self.0.iter_mut().find(|one| one.product == product && one.kind == kind);
        if let Some(known) = known {
            known.rhythm.hear(received);
            return false;
        }
        self.0.retain(|one| one.rhythm.last() + REMEMBERED >= received);
        if self.0.len() >= MOST_PRODUCTS {
            let oldest = (0..self.0.len()).min_by_key(|index| self.0[*index].rhythm.last());
            self.0.swap_remove(oldest.unwrap_or(0));
        }
        self.0.reserve_exact(1);
        self.0.push(OfProduct { product, kind, rhythm: Rhythm::beginning(received) });
        true
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
        for one in &self.0 {
            let last = one.rhythm.last();
            let is_newest =
                self.0.iter().all(|other| other.kind != one.kind || other.rhythm.last() <= last);
            let seen = || Presence::of((plan, one.kind), &one.rhythm, at, limits);
            let Some(presence) = is_newest.then(seen).flatten() else { continue };
            for group in groups.of_product(one.product).chain(consortium) {
                match found.iter_mut().find(|(known, _)| *known == group) {
                    Some((_, known)) => *known = known.and(presence),
                    None => found.push((group, presence)),
                }
            }
        }
        found
    }

    /// Whether readings of a kind came by a group's products while they are remembered.
    pub fn is_of(&self, kind: Kind, group: &Group, groups: &Groups) -> bool {
        let Some(id) = groups.find(group) else { return false };
        let mut of_kind = self.0.iter().filter(|one| one.kind == kind);
        of_kind.any(|one| groups.of_product(one.product).any(|known| known == id))
    }
}
