//! What has been planned so far: the commands, and the state that they lead to, so that later parts of the file find
//! what earlier ones make. Never: writes anything.

use super::{Complaint, file::line_at};
use crate::{first_start::machine, sso::secret};
use codec::Tenant;
use org::{
    Command, Common, Guid, State,
    tenancy::{Company, Department},
};
use std::{cell::RefCell, collections::BTreeMap};

/// What has been planned so far.
pub struct Draft<'t> {
    /// The state with all that is planned.
    pub state: State,
    text: &'t str,
    at_ms: i64,
    commands: Vec<Command>,
    /// The companies that the file names or makes.
    named: RefCell<BTreeMap<Tenant, Option<Guid>>>,
}

/// Where a table of the file stands.
pub type At = usize;

impl<'t> Draft<'t> {
    /// Nothing is planned yet.
    pub fn new(state: State, text: &'t str, at_ms: i64) -> Self {
        Draft {
            state,
            text,
            at_ms,
            commands: Vec::new(),
            named: RefCell::default(),
        }
    }

    /// When all of it is made, milliseconds since 1970.
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// The companies in whose trail it stands what is made: those that the file names or makes, else the first one.
    pub fn companies(&self) -> BTreeMap<Tenant, Option<Guid>> {
        let mut named = self.named.borrow().clone();
        if named.is_empty() {
            let first = self.state.tenancy.company_of(Tenant::default());
            named.insert(Tenant::default(), first.map(|company| company.id));
        }
        named
    }

    /// All commands, in order.
    pub fn finish(self) -> Vec<Command> {
        self.commands
    }

    /// Plans a command, if the state would take it.
    pub fn push(&mut self, at: At, command: Command) -> Result<(), Complaint> {
        let events = org::decide(&self.state, command.clone());
        for event in events.map_err(|refusal| self.complaint(at, refusal.to_string()))? {
            self.state.apply(&event);
        }
        self.commands.push(command);
        Ok(())
    }

    /// Something is wrong with the table there.
    pub fn complaint(&self, at: At, reason: impl Into<String>) -> Complaint {
        Complaint {
            line: line_at(self.text, at),
            reason: reason.into(),
        }
    }

    /// What is there already differs from the file.
    pub fn differs(&self, at: At, what: &str, name: &str) -> Complaint {
        self.complaint(
            at,
            format!("there is a {what} '{name}' already, with other fields"),
        )
    }

    /// Made now, by the server itself.
    pub fn common(&self) -> Common {
        Common::new(machine(self.at_ms))
    }

    /// The id of the file, or a random one.
    pub fn id(&self, at: At, given: Option<&str>) -> Result<Guid, Complaint> {
        match given {
            Some(text) => self.guid(at, text),
            None => secret::guid().map_err(|error| self.complaint(at, error.to_string())),
        }
    }

    /// An id of the file.
    pub fn guid(&self, at: At, text: &str) -> Result<Guid, Complaint> {
        let id = text.parse();
        id.map_err(|_| self.complaint(at, format!("'{text}' is no id")))
    }

    /// A company by id or name; the only one when none is named.
    pub fn company(&self, at: At, named: Option<&str>) -> Result<&Company, Complaint> {
        let tenancy = &self.state.tenancy;
        if let Some(named) = named {
            let by_id = named.parse().ok().and_then(|id| tenancy.company(id));
            let found = by_id.or_else(|| tenancy.company_named(named));
            let found = found
                .ok_or_else(|| self.complaint(at, format!("there is no company '{named}'")))?;
            return Ok(self.note(found));
        }
        let mut all = tenancy.companies();
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(self.note(only)),
            (None, _) => Err(self.complaint(at, "there is no company")),
            (Some(_), Some(_)) => {
                Err(self.complaint(at, "there are several companies: say which in `company`"))
            }
        }
    }

    /// The file is about this company.
    pub fn note<'c>(&self, company: &'c Company) -> &'c Company {
        let mut named = self.named.borrow_mut();
        named.insert(company.tenant, Some(company.id));
        company
    }

    /// A department by id or name, in this company; its root when none is named.
    pub fn department(
        &self,
        at: At,
        tenant: Tenant,
        named: Option<&str>,
    ) -> Result<&Department, Complaint> {
        let tenancy = &self.state.tenancy;
        let Some(named) = named else {
            let root = tenancy.root(tenant);
            return root.ok_or_else(|| self.complaint(at, "the company has no root department"));
        };
        let id: Option<Guid> = named.parse().ok();
        let mut found = tenancy
            .departments(tenant)
            .filter(|one| Some(one.id) == id || one.name == named);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(self.complaint(at, format!("there is no department '{named}'"))),
            (Some(_), Some(_)) => Err(self.complaint(
                at,
                format!("there are several departments '{named}': use the id"),
            )),
        }
    }

    /// Where something of a department belongs: its company, named or found by the department's id, and the department.
    pub fn place(
        &self,
        at: At,
        company: Option<&str>,
        department: Option<&str>,
    ) -> Result<(Tenant, Guid), Complaint> {
        let by_id = department.and_then(|text| text.parse().ok());
        if let (None, Some(id)) = (company, by_id)
            && let Some(found) = self.state.tenancy.department(id)
        {
            return Ok((found.tenant, found.id));
        }
        let tenant = self.company(at, company)?.tenant;
        Ok((tenant, self.department(at, tenant, department)?.id))
    }

    /// Roles by id or name.
    pub fn roles(&self, at: At, tenant: Tenant, named: &[String]) -> Result<Vec<Guid>, Complaint> {
        let tenancy = &self.state.tenancy;
        let one = |name: &String| {
            let by_id = name.parse().ok();
            let by_id = by_id.filter(|id| tenancy.grant(tenant, *id).is_some());
            let found = by_id.or_else(|| tenancy.role_named(tenant, name));
            found.ok_or_else(|| self.complaint(at, format!("there is no role '{name}'")))
        };
        named.iter().map(one).collect()
    }
}
