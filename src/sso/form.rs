//! The parameters of a request here: a form, each parameter once.
//! Never: reads them from the query, which ends in logs.

use super::refused::Refused;
use crate::http::{Pairs, Request};

/// The parameters.
pub struct Form(Pairs);

impl Form {
    /// Of a request's body.
    pub fn of(request: &Request) -> Result<Self, Refused> {
        if request.content_type() != "application/x-www-form-urlencoded" {
            return Err(Refused::InvalidRequest(
                "the body must be application/x-www-form-urlencoded",
            ));
        }
        Ok(Form(Pairs::parse(&request.body)?))
    }

    /// A parameter; an empty one is absent.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refused> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => Err(Refused::InvalidRequest("a parameter is there twice")),
            (value, _) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    /// A parameter that must be there.
    pub fn must(&self, name: &str, absent: &'static str) -> Result<&str, Refused> {
        self.get(name)?.ok_or(Refused::InvalidRequest(absent))
    }
}
