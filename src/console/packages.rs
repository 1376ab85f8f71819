//! Packages and their versions.
//! Owns: how they look, and the way of a package file from a body to a version. Never: decides which versions may be.

use super::{
    call::{Answered, Call, done, new_id, ok},
    json::Object,
    page,
    problem::{Refused, internal},
    sweeping,
};
use crate::{
    blobs::{self, Arrived},
    http::{Fault, HeaderValue, Request, StatusCode, header},
};
use codec::Tenant;
use org::{Guid, Permission};
use rpa::{
    package::{Metadata, Package, Version, dgs},
    registry::{Action, NewVersion, Reply, State},
    terms::Sha256,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, ErrorKind},
};
use tokio::task::spawn_blocking;

/// Bytes of a package that comes with one request: 200 MB.
pub const DIRECT_BYTES: u64 = 200 * 1024 * 1024;

/// What packages look like to one company.
struct Look<'r> {
    registry: &'r State,
    tenant: Tenant,
    company: Guid,
    /// How many workflows use a version.
    deployments: BTreeMap<rpa::Guid, usize>,
}

impl<'r> Look<'r> {
    fn of(registry: &'r State, call: &Call) -> Self {
        let mut deployments: BTreeMap<rpa::Guid, usize> = BTreeMap::new();
        for workflow in registry.workflows(call.tenant()) {
            *deployments.entry(workflow.version).or_default() += 1;
        }
        Look {
            registry,
            tenant: call.tenant(),
            company: call.visitor.company,
            deployments,
        }
    }

    fn push(&self, package: &Package, versions: bool, out: &mut String) {
        let mut object = Object::begin(out);
        object.id("id", package.id);
        object.label(&package.label);
        object.number("totalDownloads", package.downloads().cast_signed());
        if let Some(last) = package.last_version() {
            object.text("lastVersion", &last.version);
            object.id("lastVersionId", last.id);
        }
        object.meta("Package", self.company, &package.meta);
        if versions {
            object.list("versions", &package.versions, |version, out| {
                self.push_version(package, version, out);
            });
        }
        object.end();
    }

    fn push_version(&self, package: &Package, version: &Version, out: &mut String) {
        let mut object = Object::begin(out);
        object.id("id", version.id);
        object.id("packageId", package.id);
        object.text("version", &version.version);
        object.maybe_text("description", version.description.as_deref());
        object.arguments("arguments", &version.arguments);
        // A version never changes.
        object.text("eTag", "1");
        object.instant("uploadTime", version.created.at_ms);
        object.number("totalDownloads", version.downloads.cast_signed());
        object.stamp("createdAt", "createdBy", "createdByName", &version.created);
        object.stamp(
            "modifiedAt",
            "modifiedBy",
            "modifiedByName",
            &version.created,
        );
        object.id("companyId", self.company);
        object.id("departmentId", package.meta.department);
        object.id("tenantId", self.company);
        object.id("resourceGroupId", package.meta.department);
        object.text("resourceType", "PackageVersion");
        object.text("parentResourceType", "Package");
        object.id("parentId", package.id);
        let deployments = self.deployments.get(&version.id);
        object.count("deploymentCount", deployments.copied().unwrap_or(0));
        object.text("hashAlgorithm", "SHA256");
        object.text("hashValue", &version.sha256.to_string());
        object.number("size", version.size.cast_signed());
        object.maybe_boolean("runAsAdmin", version.run_as_admin);
        object.end();
    }

    /// The package with all its versions, or 404 or 403.
    fn one(&self, call: &Call, permission: Permission, id: rpa::Guid) -> Answered {
        let found = self.registry.package(self.tenant, id);
        let package = call.checked(permission, "package", found)?;
        let mut out = String::new();
        self.push(package, true, &mut out);
        ok(out)
    }
}

/// `GET /openapi/packages`
pub async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let versions = call.query().boolean("IncludeVersions")?.unwrap_or(false);
    let scope = call.scope(Permission::PackageView)?;
    call.state.engine.registry.look(|registry| {
        let look = Look::of(registry, &call);
        let (count, page) = query.page(&scope, registry.packages(call.tenant()));
        page::list(count, page, |package, out| {
            look.push(package, versions, out)
        })
    })
}

/// `GET /openapi/packages/{id}`
pub async fn get(call: Call) -> Answered {
    show(&call, Permission::PackageView, call.id("id")?)
}

fn show(call: &Call, permission: Permission, id: rpa::Guid) -> Answered {
    let registry = &call.state.engine.registry;
    registry.look(|registry| Look::of(registry, call).one(call, permission, id))
}

/// What a package's deletion leaves without a name, when the caller may do `permission` with it.
fn digests(call: &Call, permission: Permission, id: rpa::Guid) -> Result<Vec<Sha256>, Refused> {
    call.state.engine.registry.look(|registry| {
        let found = registry.package(call.tenant(), id);
        let package = call.checked(permission, "package", found)?;
        Ok(package
            .versions
            .iter()
            .map(|version| version.sha256)
            .collect())
    })
}

/// `PATCH /openapi/packages/{id}`
pub async fn change(call: Call) -> Answered {
    let id = call.id("id")?;
    let body = call.body()?;
    digests(&call, Permission::PackageEdit, id)?;
    let (etag, label) = (body.etag()?, body.label()?);
    let command = call.command(Action::ChangePackage { id, etag, label });
    call.state.engine.change_registry(command).await?;
    show(&call, Permission::PackageEdit, id)
}

/// `DELETE /openapi/packages/{id}`
pub async fn delete(call: Call) -> Answered {
    let id = call.id("id")?;
    let digests = digests(&call, Permission::PackageDelete, id)?;
    let command = call.command(Action::DeletePackage { id });
    call.state.engine.change_registry(command).await?;
    sweeping::sweep(call.server(), Some(digests)).await;
    done()
}

/// `DELETE /openapi/packages/{id}/versions/{version}`
pub async fn delete_version(call: Call) -> Answered {
    let (package, version) = (call.id("id")?, call.id("version")?);
    let digests = digests(&call, Permission::PackageDelete, package)?;
    let command = call.command(Action::DeleteVersion { package, version });
    call.state.engine.change_registry(command).await?;
    sweeping::sweep(call.server(), Some(digests)).await;
    done()
}

/// `PUT /openapi/packages`
pub async fn upload(mut call: Call) -> Answered {
    let place = call.place(&Default::default(), Permission::PackageUpload)?;
    // Refused before the bytes come, not after.
    must_be_bare(&call.request)?;
    call.state.engine.has_room()?;
    let stream = call.request.take_stream();
    let whole = std::mem::take(&mut call.request.body);
    let arrived = call.state.blobs.receive(stream, whole).await?;
    let (sha256, size) = (arrived.sha256, arrived.size);
    let (arrived, metadata) = read(arrived).await?;
    let number = metadata.version.clone();
    let held = call.state.blobs.keep(arrived).await?;
    let new = new_version(metadata, sha256, size)?;
    let department = place.department;
    let command = place.command(Action::UploadVersion { department, new });
    let reply = call.state.engine.change_registry(command).await;
    drop(held);
    match reply {
        Ok(reply) => uploaded(&call, place.tenant, &reply, Some(&number)),
        Err(refused) => {
            sweeping::sweep(call.server(), Some(vec![sha256])).await;
            Err(refused.into())
        }
    }
}

/// Refuses a form: a package can be read through what is wrapped around it, and would be kept with that.
pub fn must_be_bare(request: &Request) -> Result<(), Refused> {
    if request.content_type().starts_with("multipart/") {
        let message = "the body must be the package file itself, not a form with it";
        return Err(Fault::UnsupportedMediaType(message.into()).into());
    }
    Ok(())
}

/// A version that is new, maybe.
pub fn new_version(metadata: Metadata, sha256: Sha256, size: u64) -> Result<NewVersion, Refused> {
    Ok(NewVersion {
        package: new_id()?,
        version: new_id()?,
        metadata,
        sha256,
        size,
    })
}

/// Reads what a package says about itself, away from the runtime's workers.
async fn read(arrived: Arrived) -> Result<(Arrived, Metadata), Refused> {
    if arrived.size == 0 {
        return Err(Refused::malformed("the body must be a package file"));
    }
    let reading = spawn_blocking(move || {
        let metadata = read_file(arrived.open()?)?;
        Ok((arrived, metadata))
    });
    reading
        .await
        .map_err(|error| internal(&error.to_string()))?
}

/// What a package file says about itself; blocks.
pub fn read_file(file: File) -> Result<Metadata, Refused> {
    Ok(dgs::read_from(BufReader::new(file))?)
}

/// What an upload has become.
pub fn uploaded(call: &Call, tenant: Tenant, reply: &Reply, number: Option<&str>) -> Answered {
    let Reply::Uploaded { package, version } = reply else {
        return Err(internal("an upload was answered with something else"));
    };
    let body = call.state.engine.registry.look(|registry| {
        let (package, version) = registry.version(tenant, *package, *version)?;
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.id("packageId", package.id);
        object.id("packageVersionId", version.id);
        object.text("packageName", &package.label.name);
        object.text("currentVersion", number.unwrap_or(&version.version));
        object.maybe_text(
            "lastVersion",
            package.last_version().map(|last| last.version.as_str()),
        );
        object.end();
        Some(out)
    });
    // Somebody may have deleted it already.
    ok(body.ok_or_else(|| Refused::unknown("package", &package.to_string()))?)
}

/// `GET /openapi/packages/{id}/versions/{version}/content`
pub async fn download(call: Call) -> Answered {
    let (package, version) = (call.id("id")?, call.id("version")?);
    let (name, sha256, size) = file_of(&call, package, version)?;
    // Opened before it is counted: what is open stays readable, whatever is deleted.
    let path = call.state.blobs.path(sha256);
    let opening = spawn_blocking(move || File::open(path)).await;
    let file = match opening.map_err(|error| internal(&error.to_string()))? {
        Ok(file) => file,
        Err(error) => {
            // It may just have been deleted.
            file_of(&call, package, version)?;
            return Err(match error.kind() {
                ErrorKind::NotFound => lost(&name, sha256),
                _ => error.into(),
            });
        }
    };
    if call.request.method == crate::http::Method::GET {
        let count = call.command(Action::CountDownload { package, version });
        // Reads go on where nothing can be written: then it is not counted.
        if let Err(failure) = call.state.engine.change_registry(count).await {
            tracing::warn!(%package, %version, %failure, "a download was not counted");
        }
    }
    let etag = HeaderValue::try_from(format!("\"{sha256}\""));
    let disposition =
        HeaderValue::try_from(format!("attachment; filename*=UTF-8''{}", encoded(&name)));
    Ok(blobs::stream(file, size)
        .header(
            header::ETAG,
            etag.map_err(|_| internal("a digest is no header"))?,
        )
        .header(
            header::CONTENT_DISPOSITION,
            disposition.map_err(|_| internal("a name is no header"))?,
        ))
}

/// 500: the state names a file that is not there.
fn lost(name: &str, sha256: Sha256) -> Refused {
    tracing::error!(name, %sha256, "a package file is missing: blobs/{sha256}");
    let detail = format!(
        "the file of {name} is lost: blobs/{sha256} is not in the data directory; upload the package again, or put it back \
         from a backup"
    );
    Refused::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "package-file-lost",
        detail,
    )
}

/// The name, digest and length of a version's file.
fn file_of(
    call: &Call,
    package: rpa::Guid,
    version: rpa::Guid,
) -> Result<(String, Sha256, u64), Refused> {
    call.state.engine.registry.look(|registry| {
        let found = registry.package(call.tenant(), package);
        let found = call.checked(Permission::PackageDownload, "package", found)?;
        let kept = found.version(version);
        let kept =
            kept.ok_or_else(|| Refused::unknown("package version", call.param("version")))?;
        let name = format!("{}.{}.dgs", found.label.name, kept.version);
        Ok((name, kept.sha256, kept.size))
    })
}

/// A file's name as RFC 8187 wants it.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
