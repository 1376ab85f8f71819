//! One path of a route table: its methods, its parameters' names, the prepared `Allow`. Must never match a path.

use hyper::{Method, header::HeaderValue};

use super::{Fault, Route, RouterError};

/// The methods of one path.
pub(super) struct Resource<S> {
    routes: Vec<Route<S>>,
    pub(super) names: Vec<&'static str>,
    pub(super) body_limit_bytes: u64,
    pub(super) allow: HeaderValue,
}

impl<S> Resource<S> {
    pub(super) fn new(path: &'static str, body_limit_bytes: u64) -> Self {
        let names = path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'));
        Self {
            routes: Vec::new(),
            names: names
                .map(|(name, _)| name.trim_start_matches('*'))
                .collect(),
            body_limit_bytes,
            allow: HeaderValue::from_static("OPTIONS"),
        }
    }

    pub(super) fn add(&mut self, route: Route<S>) -> Result<(), RouterError> {
        if self.routes.iter().any(|known| known.method == route.method) {
            let (method, path) = (route.method, route.path);
            return Err(RouterError::Twice { method, path });
        }
        self.routes.push(route);
        let mut allow = Vec::new();
        for route in &self.routes {
            allow.push(route.method.as_str());
            if route.method == Method::GET {
                allow.push("HEAD");
            }
        }
        allow.push("OPTIONS");
        if let Ok(value) = HeaderValue::try_from(allow.join(", ")) {
            self.allow = value;
        }
        Ok(())
    }

    pub(super) fn route(&self, method: &Method) -> Result<&Route<S>, Fault> {
        let wanted = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let found = self.routes.iter().find(|route| route.method == *wanted);
        found.ok_or_else(|| Fault::MethodNotAllowed {
            method: method.clone(),
            allow: self.allow.clone(),
        })
    }
}
