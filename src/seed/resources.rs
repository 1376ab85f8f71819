//! What is planned for robots so far: commands for the registry, and the files that must lie in the store of blobs first.
//! Owns: finding what the file names, in the data or earlier in the file. Never: writes anything.

use super::{
    Complaint,
    draft::{At, Draft},
    file::File,
    robots, works,
};
use crate::first_start::machine;
use codec::Tenant;
use org::Guid;
use rpa::{
    registry::{self, Action, Command, Reply, State},
    terms::{Label, Meta, Sha256, Stamp},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What is planned for robots.
#[derive(Debug, Default)]
pub struct Resources {
    /// Commands, in order.
    pub commands: Vec<Command>,
    /// Files by the digest of what is in them.
    pub files: BTreeMap<Sha256, PathBuf>,
    /// How many things the commands make.
    pub count: usize,
}

impl Resources {
    /// Whether there are values of assets in it.
    pub fn seals(&self) -> bool {
        let mut commands = self.commands.iter();
        commands.any(|command| matches!(command.action, Action::CreateAsset { .. }))
    }
}

/// A draft of them, on top of a draft of people.
pub struct Resourcing<'d, 't> {
    /// Companies, departments, complaints.
    pub draft: &'d Draft<'t>,
    /// The registry with all that is planned.
    pub registry: State,
    /// What names of files are relative to.
    pub base: &'d Path,
    /// What values of assets are encrypted with.
    pub key: &'d [u8; 32],
    /// What is planned.
    pub planned: Resources,
}

impl<'d, 't> Resourcing<'d, 't> {
    /// Plans all that the file says of robots and their work.
    pub fn plan(
        draft: &'d Draft<'t>,
        file: &File,
        registry: State,
        base: &'d Path,
        key: &'d [u8; 32],
    ) -> Result<Resources, Complaint> {
        let mut resourcing = Resourcing {
            draft,
            registry,
            base,
            key,
            planned: Resources::default(),
        };
        robots::add(&mut resourcing, file)?;
        works::add(&mut resourcing, file)?;
        Ok(resourcing.planned)
    }

    fn stamp(&self) -> Stamp {
        let stamp = machine(self.draft.at_ms());
        Stamp {
            at_ms: stamp.at_ms,
            by: rpa::Guid(stamp.by.0),
            by_name: stamp.by_name,
        }
    }

    /// Plans a command, if the registry would take it.
    pub fn push(&mut self, at: At, tenant: Tenant, action: Action) -> Result<Reply, Complaint> {
        let command = Command {
            tenant,
            by: self.stamp(),
            action,
        };
        let decision = registry::decide(&self.registry, command.clone());
        let decision = decision.map_err(|refusal| self.complaint(at, refusal.to_string()))?;
        for event in &decision.events {
            self.registry.apply(event);
        }
        self.planned.commands.push(command);
        Ok(decision.reply)
    }

    /// Something more is made.
    pub fn made(&mut self) {
        self.planned.count += 1;
    }

    /// Something is wrong with the table there.
    pub fn complaint(&self, at: At, reason: impl Into<String>) -> Complaint {
        self.draft.complaint(at, reason)
    }

    /// The same is there: nothing is to be done. Otherwise a complaint.
    pub fn must_be_same(
        &self,
        same: bool,
        at: At,
        what: &str,
        name: &str,
    ) -> Result<(), Complaint> {
        match same {
            true => Ok(()),
            false => Err(self.draft.differs(at, what, name)),
        }
    }

    /// The id of the file, or a random one.
    pub fn id(&self, at: At, given: Option<&str>) -> Result<rpa::Guid, Complaint> {
        self.draft.id(at, given).map(|id| rpa::Guid(id.0))
    }

    /// The id of the file.
    pub fn given(&self, at: At, given: Option<&str>) -> Result<Option<rpa::Guid>, Complaint> {
        let given = given.map(|text| self.draft.guid(at, text)).transpose()?;
        Ok(given.map(|id| rpa::Guid(id.0)))
    }

    /// Company and department.
    pub fn place(
        &self,
        at: At,
        company: Option<&str>,
        department: Option<&str>,
    ) -> Result<(Tenant, rpa::Guid), Complaint> {
        let (tenant, department): (Tenant, Guid) = self.draft.place(at, company, department)?;
        Ok((tenant, rpa::Guid(department.0)))
    }

    /// The one of a company that a text names, by its id or by its name where that is unique.
    pub fn named<'r, T>(
        &self,
        at: At,
        what: &str,
        text: &str,
        all: impl Iterator<Item = &'r T>,
        key: impl Fn(&'r T) -> (rpa::Guid, &'r Label),
    ) -> Result<&'r T, Complaint> {
        let id: Option<rpa::Guid> = text.parse().ok();
        let mut found = all.filter(|one| {
            let (own, label) = key(one);
            Some(own) == id || label.name == text
        });
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(self.complaint(at, format!("there is no {what} '{text}'"))),
            (Some(_), Some(_)) => Err(self.complaint(
                at,
                format!("there are several {what}s '{text}': use the id"),
            )),
        }
    }
}

/// What is there already: by the id when the file gives one, else by the name in the department.
pub fn known<'r, T>(
    given: Option<rpa::Guid>,
    department: rpa::Guid,
    name: &str,
    mut all: impl Iterator<Item = &'r T>,
    key: impl Fn(&'r T) -> (rpa::Guid, &'r Meta, &'r Label),
) -> Option<&'r T> {
    all.find(|one| {
        let (id, meta, label) = key(one);
        match given {
            Some(given) => given == id,
            None => meta.department == department && label.name == name,
        }
    })
}
