//! Packages, uploads, workflows and layouts of a seed file.
//! Owns: reading the files that it names. Never: copies one; that comes when all is checked.

use super::{
    Complaint,
    draft::At,
    file::{self, File},
    resources::{Resourcing, known},
    robots::{called, robots},
};
use codec::Tenant;
use rpa::{
    Guid,
    argument::Argument,
    limits,
    package::{Metadata, dgs},
    registry::{Action, LayoutSettings, NewNode, NewVersion, Reply, Workflow, WorkflowSettings},
    terms::{Direction, Sha256},
};
use sha2::Digest as _;
use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
};

/// How long what was uploaded waits to be made a package: ten days.
const UPLOAD_MS: i64 = 10 * 24 * 3_600_000;

/// Plans them.
pub fn add(plan: &mut Resourcing<'_, '_>, file: &File) -> Result<(), Complaint> {
    for entry in &file.package {
        package(plan, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.upload {
        upload(plan, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.workflow {
        workflow(plan, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.layout {
        layout(plan, entry.span().start, entry.get_ref())?;
    }
    Ok(())
}

/// A file that the seed names.
struct Named {
    path: PathBuf,
    sha256: Sha256,
    size: u64,
}

impl Named {
    fn read(plan: &Resourcing<'_, '_>, at: At, file: &Path) -> Result<Self, Complaint> {
        let path = plan.base.join(file);
        let read = || -> io::Result<(Sha256, u64)> {
            let mut digest = sha2::Sha256::new();
            let mut reader = BufReader::new(fs::File::open(&path)?);
            let mut size = 0;
            loop {
                let piece = reader.fill_buf()?;
                if piece.is_empty() {
                    return Ok((Sha256(digest.finalize().into()), size));
                }
                digest.update(piece);
                let length = piece.len();
                size += length as u64;
                reader.consume(length);
            }
        };
        let (sha256, size) = read().map_err(|error| {
            plan.complaint(at, format!("cannot read {}: {error}", path.display()))
        })?;
        Ok(Named { path, sha256, size })
    }

    fn metadata(&self, plan: &Resourcing<'_, '_>, at: At) -> Result<Metadata, Complaint> {
        let complaint = |error: &dyn std::fmt::Display| {
            plan.complaint(at, format!("{}: {error}", self.path.display()))
        };
        let file = fs::File::open(&self.path).map_err(|error| complaint(&error))?;
        dgs::read_from(BufReader::new(file)).map_err(|error| complaint(&error))
    }
}

fn package(plan: &mut Resourcing<'_, '_>, at: At, wanted: &file::Package) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let file = Named::read(plan, at, &wanted.file)?;
    let metadata = file.metadata(plan, at)?;
    let given = plan.given(at, wanted.id.as_deref())?;
    let given_version = plan.given(at, wanted.version_id.as_deref())?;
    let package = plan
        .registry
        .package_named(tenant, department, &metadata.name);
    let there = package.and_then(|package| package.version_numbered(&metadata.version));
    if let (Some(package), Some(version)) = (package, there) {
        let same = version.sha256 == file.sha256
            && given.is_none_or(|id| id == package.id)
            && given_version.is_none_or(|id| id == version.id);
        return plan.must_be_same(same, at, "package", &package.label.name);
    }
    if let (Some(package), Some(id)) = (package, given) {
        plan.must_be_same(package.id == id, at, "package", &package.label.name)?;
    }
    let new = NewVersion {
        package: plan.id(at, wanted.id.as_deref())?,
        version: plan.id(at, wanted.version_id.as_deref())?,
        metadata,
        sha256: file.sha256,
        size: file.size,
    };
    plan.push(at, tenant, Action::UploadVersion { department, new })?;
    plan.planned.files.insert(file.sha256, file.path);
    plan.made();
    Ok(())
}

fn upload(plan: &mut Resourcing<'_, '_>, at: At, wanted: &file::Upload) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let file = Named::read(plan, at, &wanted.file)?;
    let id = plan.id(at, Some(&wanted.id))?;
    if let Some(found) = plan.registry.upload(tenant, id) {
        let same =
            found.meta.department == department && found.received == Some((file.sha256, file.size));
        return plan.must_be_same(same, at, "upload", &wanted.id);
    }
    let action = Action::OpenUpload {
        id,
        department,
        expires_ms: plan.draft.at_ms().saturating_add(UPLOAD_MS),
    };
    plan.push(at, tenant, action)?;
    let action = Action::ReceiveUpload {
        id,
        sha256: file.sha256,
        size: file.size,
    };
    plan.push(at, tenant, action)?;
    plan.planned.files.insert(file.sha256, file.path);
    plan.made();
    Ok(())
}

/// Package and version by the version's id, or the last version of a package by that one's id or name.
fn version(
    plan: &Resourcing<'_, '_>,
    at: At,
    tenant: Tenant,
    text: &str,
) -> Result<(Guid, Guid), Complaint> {
    let id: Option<Guid> = text.parse().ok();
    let by_id = id.and_then(|id| {
        let mut packages = plan.registry.packages(tenant);
        packages.find_map(|package| Some((package.id, package.version(id)?.id)))
    });
    if let Some(found) = by_id {
        return Ok(found);
    }
    let all = plan.registry.packages(tenant);
    let package = plan.named(at, "package version", text, all, |package| {
        (package.id, &package.label)
    })?;
    let last = package.last_version();
    let last = last.ok_or_else(|| plan.complaint(at, "the package has no version"))?;
    Ok((package.id, last.id))
}

fn arguments(
    plan: &Resourcing<'_, '_>,
    at: At,
    tenant: Tenant,
    (package, version): (Guid, Guid),
    wanted: &file::Workflow,
) -> Result<Vec<Argument>, Complaint> {
    let found = plan.registry.version(tenant, package, version);
    let declared = found.map_or(&[][..], |(_, version)| &version.arguments);
    let given = wanted.arguments.0.iter().map(|given| {
        let name = &given.name;
        let known = declared.iter().find(|argument| argument.name == *name);
        let free = || Argument::new(name.clone(), "System.String", Direction::In);
        let known = known.cloned().unwrap_or_else(free);
        let direction = match &given.direction {
            Some(text) => Direction::read(text).ok_or_else(|| {
                let reason = format!("argument '{name}': there is no direction '{text}'");
                plan.complaint(at, reason)
            })?,
            None => known.direction,
        };
        Ok(Argument {
            direction,
            value: given.value.as_ref().map(file::Scalar::text),
            type_name: given.type_name.clone().unwrap_or(known.type_name),
            ..known
        })
    });
    given.collect()
}

fn workflow(
    plan: &mut Resourcing<'_, '_>,
    at: At,
    wanted: &file::Workflow,
) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let runs = version(plan, at, tenant, &wanted.package_version)?;
    let queue = match &wanted.group {
        Some(text) => {
            let all = plan.registry.groups(tenant);
            let open = all.filter(|group| group.dedicated_robot.is_none());
            let found = plan.named(at, "group", text, open, |group| (group.id, &group.label));
            Some(found?.id)
        }
        None => None,
    };
    let bound = robots(plan, at, tenant, &wanted.robots)?;
    let arguments = arguments(plan, at, tenant, runs, wanted)?;
    let given = plan.given(at, wanted.id.as_deref())?;
    let all = plan.registry.workflows(tenant);
    let found = known(
        given,
        department,
        &wanted.name,
        all,
        |workflow: &Workflow| (workflow.id, &workflow.meta, &workflow.label),
    );
    if let Some(found) = found {
        let retries = wanted.max_retry_count.unwrap_or(limits::DEFAULT_RETRIES);
        let same = found.label.name == wanted.name
            && found.meta.department == department
            && (found.package, found.version) == runs
            && found.queue == queue
            && found.robots == bound
            && found.priority == wanted.priority.unwrap_or(limits::DEFAULT_PRIORITY)
            && found.max_retry_count == retries
            && found.arguments == arguments;
        return plan.must_be_same(same, at, "workflow", &found.label.name);
    }
    let id = plan.id(at, wanted.id.as_deref())?;
    let action = Action::CreateWorkflow {
        id,
        department,
        settings: WorkflowSettings {
            label: called(&wanted.name),
            package: Some(runs.0),
            version: Some(runs.1),
            arguments: Some(arguments),
            queue,
            priority: wanted.priority,
            max_retry_count: wanted.max_retry_count,
            ..WorkflowSettings::default()
        },
    };
    plan.push(at, tenant, action)?;
    bind(plan, at, tenant, id, bound)?;
    plan.made();
    Ok(())
}

fn bind(
    plan: &mut Resourcing<'_, '_>,
    at: At,
    tenant: Tenant,
    workflow: Guid,
    robots: Vec<Guid>,
) -> Result<(), Complaint> {
    let reply = plan.push(at, tenant, Action::BindRobots { workflow, robots })?;
    if let Reply::Bound(results) = reply {
        for (_, refusal) in results {
            if let Some(refusal) = refusal {
                return Err(plan.complaint(at, refusal.to_string()));
            }
        }
    }
    Ok(())
}

fn layout(plan: &mut Resourcing<'_, '_>, at: At, wanted: &file::Layout) -> Result<(), Complaint> {
    let (company, department) = (wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = plan.place(at, company, department)?;
    let mut nodes = Vec::with_capacity(wanted.nodes.len());
    for node in &wanted.nodes {
        let all = plan.registry.workflows(tenant);
        let workflow = plan.named(at, "workflow", &node.workflow, all, |workflow| {
            (workflow.id, &workflow.label)
        })?;
        let name = node.name.as_ref().unwrap_or(&workflow.label.name);
        nodes.push((workflow.id, name.clone()));
    }
    let given = plan.given(at, wanted.id.as_deref())?;
    let all = plan.registry.layouts(tenant);
    let found = known(given, department, &wanted.name, all, |layout| {
        (layout.id, &layout.meta, &layout.label)
    });
    if let Some(found) = found {
        let kept = found.nodes.iter();
        let same = found.label.name == wanted.name
            && found.meta.department == department
            && kept
                .map(|node| (node.workflow, &node.label.name))
                .eq(nodes.iter().map(|(workflow, name)| (*workflow, name)));
        return plan.must_be_same(same, at, "layout", &found.label.name);
    }
    let id = plan.id(at, wanted.id.as_deref())?;
    let mut new = Vec::with_capacity(nodes.len());
    for (workflow, name) in nodes {
        new.push(NewNode {
            id: plan.id(at, None)?,
            label: called(&name),
            workflow,
            arguments: Vec::new(),
        });
    }
    let action = Action::CreateLayout {
        id,
        department,
        settings: LayoutSettings {
            label: called(&wanted.name),
            nodes: Some(new),
            continue_on_failure: None,
        },
    };
    plan.push(at, tenant, action)?;
    plan.made();
    Ok(())
}
