//! Query strings: keys in any case, empty values the same as absent; and the filters and the page that every list takes.
//! Never: knows what is listed.

use super::{
    body::{parse_id, read_boolean},
    problem::Refused,
};
use crate::http::Pairs;
use codec::instant;
use jiff::tz::TimeZone;
use org::Guid;
use std::collections::BTreeSet;

/// Rows of a page when nothing is asked.
const PAGE_SIZE: usize = 20;
/// Rows of a page at most.
const MAX_PAGE_SIZE: usize = 1000;

/// What every list takes, for the document.
pub const LIST: [&str; 9] = [
    "Ids",
    "Name",
    "SearchString",
    "StartTime",
    "EndTime",
    "OrderBy",
    "IsDesc",
    "PageIndex",
    "PageSize",
];

/// The parameters of a request.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q>(pub &'q Pairs);

impl<'q> Query<'q> {
    /// The first value of a parameter that is not blank.
    pub fn text(self, name: &str) -> Option<&'q str> {
        self.texts(name).into_iter().next()
    }

    /// Every value of a parameter that is not blank.
    pub fn texts(self, name: &str) -> Vec<&'q str> {
        let pairs = self.0.iter();
        let named = pairs.filter(|(key, _)| key.trim_end_matches("[]").eq_ignore_ascii_case(name));
        let values = named.map(|(_, value)| value.trim());
        values.filter(|value| !value.is_empty()).collect()
    }

    /// An id.
    pub fn id(self, name: &str) -> Result<Option<Guid>, Refused> {
        self.text(name).map(|text| parse_id(name, text)).transpose()
    }

    /// Ids, repeated or with commas between; none: the parameter is absent.
    pub fn ids(self, name: &str) -> Result<Option<BTreeSet<Guid>>, Refused> {
        let texts = self.texts(name);
        if texts.is_empty() {
            return Ok(None);
        }
        let each = texts.iter().flat_map(|text| text.split(','));
        let ids = each.filter(|text| !text.trim().is_empty());
        ids.map(|text| parse_id(name, text))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A boolean.
    pub fn boolean(self, name: &str) -> Result<Option<bool>, Refused> {
        self.text(name)
            .map(|text| read_boolean(text).ok_or_else(|| Refused::field(name, "true or false")))
            .transpose()
    }

    /// A whole number that is not negative.
    pub fn number(self, name: &str) -> Result<Option<usize>, Refused> {
        let number = self.text(name).map(|text| {
            text.parse()
                .map_err(|_| Refused::field(name, "a number that is not negative"))
        });
        number.transpose()
    }

    /// An instant, in milliseconds since 1970.
    pub fn instant(self, name: &str) -> Result<Option<i64>, Refused> {
        let read = |text: &str| {
            // A plus sign that nobody encoded has become a space.
            let text = text.replace(' ', "+");
            let spaced = text.replacen('+', " ", 1);
            let ms = instant::parse(&text, &TimeZone::UTC);
            ms.or_else(|| instant::parse(&spaced, &TimeZone::UTC))
                .ok_or_else(|| Refused::field(name, "an instant such as 2022-07-29T12:13:49.780Z"))
        };
        self.text(name).map(read).transpose()
    }

    /// A word of a closed list.
    pub fn word<T>(
        self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let word = read(text);
        word.map(Some)
            .ok_or_else(|| Refused::malformed(format!("{name}: '{text}' is not one of its values")))
    }

    /// Words of a closed list: repeated, with commas between, or as a JSON array in one value.
    pub fn words<T>(self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Refused> {
        let mut words = Vec::new();
        for text in self.texts(name) {
            let inner = text.trim_start_matches('[').trim_end_matches(']');
            let each = inner.split(',').map(|word| word.trim().trim_matches('"'));
            for word in each.filter(|word| !word.is_empty()) {
                let known = read(word).ok_or_else(|| {
                    Refused::malformed(format!("{name}: '{word}' is not one of its values"))
                })?;
                words.push(known);
            }
        }
        Ok(words)
    }
}

/// A text that is searched for, whatever the case.
#[derive(Clone, Debug)]
pub struct Needle(String);

impl Needle {
    /// Of a text.
    pub fn new(text: &str) -> Self {
        Needle(text.to_lowercase())
    }

    /// Whether a text has it.
    pub fn is_in(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0)
    }
}

/// What a list of resources may be ordered by.
#[derive(Clone, Copy, Debug, Default)]
pub enum Order {
    /// Creation.
    #[default]
    Created,
    /// The last change.
    Modified,
    /// The name.
    Name,
}

/// The filters and the page that every list takes.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Only these.
    pub ids: Option<BTreeSet<Guid>>,
    /// In the name.
    pub name: Option<Needle>,
    /// In name, description or tags.
    pub search: Option<Needle>,
    /// Not before, milliseconds since 1970.
    pub start_ms: Option<i64>,
    /// Not after, milliseconds since 1970.
    pub end_ms: Option<i64>,
    /// What to order by, where a list is of resources.
    pub order: Order,
    /// Whether the largest comes first.
    pub descending: bool,
    /// The page, from 0.
    pub page_index: usize,
    /// Its rows.
    pub page_size: usize,
}

impl ListQuery {
    /// Of a request's parameters.
    pub fn read(query: Query<'_>) -> Result<Self, Refused> {
        let page_size = query.number("PageSize")?.unwrap_or(PAGE_SIZE);
        if !(1..=MAX_PAGE_SIZE).contains(&page_size) {
            return Err(Refused::field("PageSize", "between 1 and 1000"));
        }
        Ok(ListQuery {
            ids: query.ids("Ids")?,
            name: query.text("Name").map(Needle::new),
            search: query.text("SearchString").map(Needle::new),
            start_ms: query.instant("StartTime")?,
            end_ms: query.instant("EndTime")?,
            order: Order::default(),
            descending: query.boolean("IsDesc")?.unwrap_or(true),
            page_index: query.number("PageIndex")?.unwrap_or(0),
            page_size,
        })
    }

    /// The number of rows before the page.
    pub fn skipped(&self) -> usize {
        self.page_index.saturating_mul(self.page_size)
    }

    /// Whether a row passes the filters that every list takes. `finds`: whether a text is in what is searched of it.
    pub fn passes(
        &self,
        id: Guid,
        created_ms: i64,
        name: &str,
        finds: impl FnOnce(&Needle) -> bool,
    ) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&id))
            && self.takes_time(created_ms)
            && self.name.as_ref().is_none_or(|needle| needle.is_in(name))
            && self.search.as_ref().is_none_or(finds)
    }

    /// Whether something that happened then is between the two instants.
    fn takes_time(&self, at_ms: i64) -> bool {
        self.start_ms.is_none_or(|start| start <= at_ms)
            && self.end_ms.is_none_or(|end| at_ms <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<ListQuery, Refused> {
        let pairs = Pairs::parse(text.as_bytes()).expect("pairs");
        ListQuery::read(Query(&pairs))
    }

    #[test]
    fn parameters_are_read_in_any_case_and_empty_ones_are_absent() {
        let read = list(
            "pageindex=2&&PAGESIZE=200&isDesc=False&Name=&searchString=a%20B&starttime=2022-07-29T12:13:49Z",
        );
        let read = read.expect("a list");
        assert_eq!(
            (read.page_index, read.page_size, read.skipped()),
            (2, 200, 400)
        );
        assert!(!read.descending && read.name.is_none() && read.takes_time(1_659_096_829_000));
        assert!(
            read.search
                .is_some_and(|needle| needle.is_in("xA b") && !needle.is_in("ab"))
        );
        assert!(list("").is_ok_and(|list| list.descending && list.page_size == 20));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for text in [
            "PageSize=0",
            "PageSize=1001",
            "PageIndex=-1",
            "PageSize=x",
            "Ids=1",
            "StartTime=now",
            "IsDesc=maybe",
        ] {
            assert!(list(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_come_repeated_with_commas_or_as_json() {
        let text = "States=Queued&states=1,2&States=%5B%22paused%22%5D";
        let pairs = Pairs::parse(text.as_bytes()).expect("pairs");
        let words = Query(&pairs).words("States", rpa::terms::JobState::read);
        assert_eq!(words.map(|words| words.len()).ok(), Some(4));
        assert!(Query(&pairs).words("states", |_| None::<()>).is_err());
    }
}
