//! Changes that come by no token: over a signed address, from the command line.
//! Owns: that they stand in the trail as every other one does. Never: knows who may make them.

use super::{company, put, random_id};
use actors::{
    Engine,
    archive::{AuditEntry, AuditOutcome, AuditRow},
};
use codec::Tenant;
use std::collections::BTreeMap;

/// Who does what with what, in which company.
pub struct Direct {
    /// The company.
    pub tenant: Tenant,
    /// Whose doing: an id, and what they are called.
    pub actor: (String, String),
    /// What is done, such as `create`.
    pub action: &'static str,
    /// With what kind of thing.
    pub resource_type: &'static str,
    /// With which one.
    pub resource_id: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// From where.
    pub from: String,
}

/// The trail cannot be written; nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail cannot be written now, so nothing was changed")]
pub struct NoRow;

struct Refused(String);

impl From<NoRow> for Refused {
    fn from(no_row: NoRow) -> Self {
        Refused(no_row.to_string())
    }
}

impl Direct {
    /// From the command line: whoever may use that is the machine's operator.
    pub fn of_operator(
        tenant: Tenant,
        (resource_type, action): (&'static str, &'static str),
        resource_id: Option<String>,
    ) -> Self {
        Direct {
            tenant,
            actor: (org::Guid::MACHINE.to_string(), "loomwork".to_owned()),
            action,
            resource_type,
            resource_id,
            department: None,
            from: "command line".to_owned(),
        }
    }

    /// Sends a wish to `org` behind its row; answers with the reason for people.
    pub async fn organise(self, engine: &Engine, command: org::Command) -> Result<(), String> {
        let work = async {
            let done = engine.organisation.command(engine.core(), command).await;
            done.map_err(|failure| Refused(failure.to_string()))
        };
        let done = self.follow(engine, work, |_| 400).await;
        done.map_err(|refused| refused.0)
    }

    /// Does the work behind its row; `status` is what a refusal is like in HTTP.
    pub async fn follow<T, E: From<NoRow>>(
        self,
        engine: &Engine,
        work: impl Future<Output = Result<T, E>>,
        status: impl FnOnce(&E) -> u16,
    ) -> Result<T, E> {
        let entry = self.entry(engine);
        follow(engine, vec![entry], work, status).await
    }

    fn entry(self, engine: &Engine) -> AuditEntry {
        let (actor, actor_name) = self.actor;
        AuditEntry {
            id: random_id(),
            at_ms: engine.clock.now_ms(),
            tenant: self.tenant,
            actor,
            actor_name,
            action: self.action.to_owned(),
            resource_type: self.resource_type.to_owned(),
            resource_id: self.resource_id,
            company: company(engine, self.tenant),
            department: self.department,
            from: self.from,
            detail: None,
        }
    }
}

/// Does what a file says behind a row in the trail of each company that it names; those that it makes are not there yet.
pub async fn seed<T, E: From<NoRow>>(
    engine: &Engine,
    companies: &BTreeMap<Tenant, Option<org::Guid>>,
    detail: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let rows = companies.iter().map(|(tenant, company)| {
        let company = company.map(|id| id.to_string());
        let doing = Direct::of_operator(*tenant, ("Company", "seed"), company.clone());
        AuditEntry {
            company,
            detail: Some(detail.to_owned()),
            ..doing.entry(engine)
        }
    });
    follow(engine, rows.collect(), work, |_| 400).await
}

async fn follow<T, E: From<NoRow>>(
    engine: &Engine,
    rows: Vec<AuditEntry>,
    work: impl Future<Output = Result<T, E>>,
    status: impl FnOnce(&E) -> u16,
) -> Result<T, E> {
    let ids: Vec<rpa::Guid> = rows.iter().map(|entry| entry.id).collect();
    for entry in rows {
        if !put(engine, AuditRow::Begun(entry)).await {
            return Err(NoRow.into());
        }
    }
    let done = work.await;
    let status = done.as_ref().map_or_else(status, |_| 200);
    for id in ids {
        let ended = AuditOutcome {
            id,
            status,
            resource_id: None,
            department: None,
        };
        // The row that it began is there in any case.
        put(engine, AuditRow::Ended(ended)).await;
    }
    done
}
