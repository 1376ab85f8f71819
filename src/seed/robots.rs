//! Robots, groups and assets of a seed file.
//! Never: keeps a value of an asset that is not encrypted.

use super::{
    Complaint,
    draft::At,
    file::{self, File},
    resources::{Resourcing, known},
};
use crate::vault::{self, Plain};
use codec::Tenant;
use rpa::{
    Guid,
    registry::{Action, AssetSettings, LabelSettings, RobotSettings, accepts},
    terms::AssetType,
};
use std::collections::BTreeSet;

/// Plans them.
pub fn add(plan: &mut Resourcing<'_, '_>, file: &File) -> Result<(), Complaint> {
    for entry in &file.robot {
        robot(plan, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.group {
        group(plan, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.asset {
        asset(plan, entry.span().start, entry.get_ref())?;
    }
    Ok(())
}

/// A name and nothing else.
pub fn called(name: &str) -> LabelSettings {
    LabelSettings {
        name: Some(name.to_owned()),
        ..LabelSettings::default()
    }
}

/// Registers a robot; that it may sign in is planned already, and says its id.
fn robot(plan: &mut Resourcing<'_, '_>, at: At, wanted: &file::Robot) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let id = match plan.given(at, wanted.id.as_deref())? {
        Some(id) => id,
        None => {
            let mut clients = plan.draft.state.clients.of_tenant(tenant);
            let client = clients.find(|one| one.name == wanted.name);
            let id = client.and_then(|client| client.id.parse().ok());
            id.ok_or_else(|| plan.complaint(at, "the robot has no secret"))?
        }
    };
    if let Some(found) = plan.registry.robot(tenant, id) {
        let same = found.label.name == wanted.name && found.meta.department == department;
        return plan.must_be_same(same, at, "robot", &found.label.name);
    }
    let action = Action::CreateRobot {
        id,
        queue: plan.id(at, None)?,
        department,
        settings: RobotSettings {
            label: called(&wanted.name),
            management: None,
        },
    };
    plan.push(at, tenant, action)?;
    // It is counted where it gets its secret.
    Ok(())
}

/// The robots that texts name.
pub fn robots(
    plan: &Resourcing<'_, '_>,
    at: At,
    tenant: Tenant,
    named: &[String],
) -> Result<Vec<Guid>, Complaint> {
    let one = |text: &String| {
        let all = plan.registry.robots(tenant);
        let found = plan.named(at, "robot", text, all, |robot| (robot.id, &robot.label));
        found.map(|robot| robot.id)
    };
    named.iter().map(one).collect()
}

fn group(plan: &mut Resourcing<'_, '_>, at: At, wanted: &file::Group) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let members = robots(plan, at, tenant, &wanted.robots)?;
    let given = plan.given(at, wanted.id.as_deref())?;
    let open = plan
        .registry
        .groups(tenant)
        .filter(|group| group.dedicated_robot.is_none());
    let found = known(given, department, &wanted.name, open, |group| {
        (group.id, &group.meta, &group.label)
    });
    if let Some(found) = found {
        let same = found.label.name == wanted.name
            && found.meta.department == department
            && found.robots == members.iter().copied().collect::<BTreeSet<_>>();
        return plan.must_be_same(same, at, "group", &found.label.name);
    }
    let id = plan.id(at, wanted.id.as_deref())?;
    let action = Action::CreateGroup {
        id,
        department,
        label: called(&wanted.name),
    };
    plan.push(at, tenant, action)?;
    let action = Action::AddRobots {
        group: id,
        robots: members,
    };
    plan.push(at, tenant, action)?;
    plan.made();
    Ok(())
}

fn asset(plan: &mut Resourcing<'_, '_>, at: At, wanted: &file::Asset) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let (kind, plain) = value(plan, at, wanted)?;
    let given = plan.given(at, wanted.id.as_deref())?;
    let all = plan.registry.assets(tenant);
    let found = known(given, department, &wanted.name, all, |asset| {
        (asset.id, &asset.meta, &asset.label)
    });
    if let Some(found) = found {
        let kept = vault::open(plan.key, tenant, found.id, &found.value);
        let same = found.label.name == wanted.name
            && found.meta.department == department
            && found.kind == kind
            && kept == Ok(plain);
        return plan.must_be_same(same, at, "asset", &found.label.name);
    }
    let id = plan.id(at, wanted.id.as_deref())?;
    let sealed = vault::seal(plan.key, tenant, id, &plain);
    let action = Action::CreateAsset {
        id,
        department,
        settings: AssetSettings {
            label: called(&wanted.name),
            kind: Some(kind),
            is_required_encryption: None,
            value: Some(sealed.map_err(|fault| plan.complaint(at, fault.to_string()))?),
        },
    };
    plan.push(at, tenant, action)?;
    plan.made();
    Ok(())
}

/// The type and the value that the file says.
fn value(
    plan: &Resourcing<'_, '_>,
    at: At,
    wanted: &file::Asset,
) -> Result<(AssetType, Plain), Complaint> {
    let kind = AssetType::read(&wanted.kind);
    let kind =
        kind.ok_or_else(|| plan.complaint(at, format!("there is no type '{}'", wanted.kind)))?;
    let plain = match (kind, &wanted.value, &wanted.user_name, &wanted.password) {
        (AssetType::Credential, None, Some(user_name), Some(password)) => Plain::Credential {
            user_name: user_name.clone(),
            password: password.clone(),
        },
        (AssetType::Credential, ..) => {
            return Err(plan.complaint(at, "a credential has a user_name and a password"));
        }
        (_, Some(value), None, None) => Plain::Text(value.text()),
        (..) => return Err(plan.complaint(at, "the asset has a value and nothing else")),
    };
    match &plain {
        Plain::Text(text) if !accepts(kind, text) => {
            Err(plan.complaint(at, format!("the value is no {}", kind.name())))
        }
        Plain::Text(_) | Plain::Credential { .. } => Ok((kind, plain)),
    }
}
