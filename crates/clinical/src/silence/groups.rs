//! The products that patients are heard by, and the vendors and models that these make.
//!
//! A product is known for as long as somebody remembers it ([`super::Heard`]), and so are its vendor and
//! its model. So what is known follows from the patients alone, whatever names have come before them, and
//! there is no room that made-up names could take away from others.

use std::collections::HashMap;

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::Group;
use crate::source::normalised;

/// A group, in what gave the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(u32);

impl GroupId {
    /// The group of an index.
    pub(super) fn at(index: usize) -> Self {
        Self(index as u32)
    }

    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A product, in the [`Groups`] that gave the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductId(u32);

impl ProductId {
    /// That of readings which no device of a manufacturer measured.
    pub const NONE: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A vendor or a model, and how many products are of it.
#[derive(Debug)]
struct Named {
    group: Group,
    products: u32,
}

/// A product as a sender writes it.
#[derive(Debug, Clone, Copy, Default)]
struct Product {
    /// The digest of how it is written.
    written: u64,
    vendor: Option<GroupId>,
    model: Option<GroupId>,
    /// How often it is remembered.
    remembered: u32,
}

/// The groups of all products that are remembered. Each is named once, whatever it has patients.
#[derive(Debug)]
pub struct Groups {
    groups: Vec<Option<Named>>,
    ids: HashMap<Group, GroupId>,
    unused_groups: Vec<GroupId>,
    products: Vec<Product>,
    written: HashMap<u64, ProductId>,
    unused_products: Vec<ProductId>,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            ids: HashMap::new(),
            unused_groups: Vec::new(),
            products: vec![Product::default()],
            written: HashMap::new(),
            unused_products: Vec::new(),
        }
    }
}

impl Groups {
    /// The product of a manufacturer and a model number, as a sender writes them. One that is new is to be
    /// remembered or left.
    pub fn product(&mut self, manufacturer: &str, model_number: Option<&str>) -> ProductId {
        let model = model_number.map_or(0, |number| xxh3_64(number.as_bytes()));
        let written = xxh3_64(manufacturer.as_bytes()).rotate_left(1) ^ model;
        if let Some(known) = self.written.get(&written) {
            return *known;
        }
        let manufacturer = normalised(manufacturer);
        let vendor = Some(self.name(Group::Vendor((&*manufacturer).into())));
        let number = model_number.map(normalised).filter(|number| !number.is_empty());
        let model = number.map(|number| {
            let (manufacturer, number) = ((&*manufacturer).into(), (&*number).into());
            self.name(Group::Model { manufacturer, number })
        });
        let product = Product { written, vendor, model, remembered: 0 };
        let id = match self.unused_products.pop() {
            Some(unused) => {
                self.products[unused.index()] = product;
                unused
            }
            None => {
                self.products.push(product);
                ProductId((self.products.len() - 1) as u32)
            }
        };
        self.written.insert(written, id);
        id
    }

    /// A patient remembers the product.
    pub(super) fn remember(&mut self, product: ProductId) {
        if product != ProductId::NONE {
            self.products[product.index()].remembered += 1;
        }
    }

    /// A patient remembers the product no more: who was the last takes it and its groups away.
    pub(super) fn forget(&mut self, product: ProductId) {
        if product == ProductId::NONE {
            return;
        }
        let known = &mut self.products[product.index()];
        known.remembered = known.remembered.saturating_sub(1);
        if known.remembered > 0 {
            return;
        }
        let Product { written, vendor, model, .. } = std::mem::take(known);
        self.written.remove(&written);
        self.unused_products.push(product);
        for group in [vendor, model].into_iter().flatten() {
            self.unname(group);
        }
        if self.written.is_empty() {
            // Of names that were made up once no room is left.
            *self = Self::default();
        }
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The numbers of all groups are before this one.
    pub(super) fn end(&self) -> usize {
        self.groups.len()
    }

    /// The number of a vendor or a model, where it is known.
    pub fn find(&self, group: &Group) -> Option<GroupId> {
        self.ids.get(group).copied()
    }

    /// Every vendor and every model with its number.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        let all = self.groups.iter().enumerate();
        all.filter_map(|(index, named)| Some((GroupId::at(index), &named.as_ref()?.group)))
    }

    /// The vendor and the model of a product.
    pub(super) fn of_product(&self, product: ProductId) -> SmallVec<[GroupId; 2]> {
        let Product { vendor, model, .. } = self.products[product.index()];
        [vendor, model].into_iter().flatten().collect()
    }

    /// The number of a group that has one product more.
    fn name(&mut self, group: Group) -> GroupId {
        if let Some(known) = self.ids.get(&group) {
            if let Some(named) = &mut self.groups[known.index()] {
                named.products += 1;
            }
            return *known;
        }
        let named = Some(Named { group: group.clone(), products: 1 });
        let id = match self.unused_groups.pop() {
            Some(unused) => {
                self.groups[unused.index()] = named;
                unused
            }
            None => {
                self.groups.push(named);
                GroupId::at(self.groups.len() - 1)
            }
        };
        self.ids.insert(group, id);
        id
    }

    /// The group has one product less.
    fn unname(&mut self, id: GroupId) {
        let slot = &mut self.groups[id.index()];
        let Some(named) = slot else { return };
        named.products -= 1;
        if named.products == 0
            && let Some(Named { group, .. }) = slot.take()
        {
            self.ids.remove(&group);
            self.unused_groups.push(id);
        }
    }
}
