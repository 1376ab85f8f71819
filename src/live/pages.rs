//! The state of a subscription in pages.
//! Never: makes a page of more items or bytes than may be; one item may be longer.

use super::{
    filter::Filter,
    listing::{Listing, PAGE},
};
use crate::server::State;
use actors::live::Key;
use std::collections::VecDeque;

/// The pages that are still to come.
#[derive(Default)]
pub struct Pages {
    /// What is there, where it is listed.
    listing: Option<Box<Listing>>,
    /// What was listed and not looked at.
    keys: VecDeque<Key>,
    /// What was found and is not in a page.
    found: VecDeque<Box<str>>,
    /// Nothing more is listed or found.
    over: bool,
    /// A page for which there was no room, and whether another one follows.
    pub waiting: Option<(String, bool)>,
    /// Something was found.
    begun: bool,
}

/// A page.
#[derive(Default)]
pub struct Page {
    /// Its items, as JSON.
    pub items: Vec<Box<str>>,
    /// Another one follows.
    pub more: bool,
    bytes: usize,
}

impl Page {
    /// Whether an item of so many bytes belongs to it, too.
    pub fn takes(&mut self, bytes: usize, limit: usize) -> bool {
        let fits = self.items.len() < PAGE && self.bytes + bytes <= limit;
        let takes = fits || self.items.is_empty();
        if takes {
            self.bytes += bytes;
        }
        takes
    }
}

impl Pages {
    /// Of what is listed.
    pub fn listed(listing: Listing) -> Self {
        Pages {
            listing: Some(Box::new(listing)),
            ..Pages::default()
        }
    }

    /// Whether nothing was looked for yet.
    pub fn is_new(&self) -> bool {
        !self.begun
    }

    /// Whether less was found than a page may have, and there may be more.
    pub fn is_short(&self) -> bool {
        !self.over && self.found.len() <= PAGE
    }

    /// This was found; `over`: it was all.
    pub fn found(&mut self, items: impl IntoIterator<Item = Box<str>>, over: bool) {
        self.begun = true;
        self.found.extend(items);
        self.over = over;
    }

    /// Lists more, when what was listed is used up.
    pub fn list(&mut self, state: &State, filter: &Filter) {
        if !self.keys.is_empty() || self.over {
            return;
        }
        if let Some(listing) = &mut self.listing {
            let (keys, more) = listing.page(state, filter);
            self.keys = keys.into();
            self.over = !more;
        }
    }

    /// What is to be looked at.
    pub fn next_key(&self) -> Option<Key> {
        self.keys.front().copied()
    }

    /// It was looked at.
    pub fn pass_key(&mut self) {
        self.keys.pop_front();
    }

    /// The next page of what was found.
    pub fn page_of_found(&mut self, limit: usize) -> Page {
        let mut page = Page::default();
        while let Some(item) = self.found.front() {
            if !page.takes(item.len(), limit) {
                break;
            }
            page.items.extend(self.found.pop_front());
        }
        page
    }

    /// Whether that was all.
    pub fn are_over(&self) -> bool {
        self.over && self.keys.is_empty() && self.found.is_empty()
    }
}
