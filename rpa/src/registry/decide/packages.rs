//! Packages, versions and uploads.
//! Owns: that a version never changes, and that the same bytes again are no error.

use super::{
    Decided, Deciding, Decision, Event, Guid, Kind, LabelSettings, Refusal, Reply, limits, user,
};
use crate::{
    package::{Metadata, Package, Version},
    registry::{NewVersion, Upload},
    terms::{Label, Sha256},
};

impl Deciding<'_> {
    pub(super) fn upload_version(&self, department: Guid, new: NewVersion) -> Decided {
        let name = &new.metadata.name;
        let number = &new.metadata.version;
        let Some(package) = self.state.package_named(self.tenant, department, name) else {
            return self.create_package(department, new);
        };
        if let Some(known) = package.version_numbered(number) {
            if known.sha256 != new.sha256 {
                return Err(Refusal::OtherContent(number.clone()));
            }
            return Ok(uploaded(vec![], package.id, known.id));
        }
        if package.versions.len() >= limits::VERSIONS {
            return Err(Refusal::improper(
                "version",
                "the package has too many versions",
            ));
        }
        let (id, version) = (package.id, self.version(new)?);
        let version_id = version.id;
        let event = Event::VersionAdded {
            package: id,
            version: Box::new(version),
            by: self.by.clone(),
        };
        Ok(uploaded(vec![event], id, version_id))
    }

    fn create_package(&self, department: Guid, new: NewVersion) -> Decided {
        let settings = LabelSettings {
            name: Some(new.metadata.name.clone()),
            description: new.metadata.description.clone(),
            ..LabelSettings::default()
        };
        let id = new.package;
        let version = self.version(new)?;
        let version_id = version.id;
        let package = Package {
            id,
            meta: self.new_meta(id, department)?,
            label: Self::label(&Label::default(), settings)?,
            versions: vec![version],
        };
        let event = Event::PackageCreated(Box::new(package));
        Ok(uploaded(vec![event], id, version_id))
    }

    fn version(&self, new: NewVersion) -> Result<Version, Refusal> {
        let Metadata {
            version,
            description,
            arguments,
            run_as_admin,
            ..
        } = new.metadata;
        let taken = |package: &Package| package.version(new.version).is_some();
        if new.version.is_nil() || self.state.packages.values().any(taken) {
            return Err(Refusal::IdTaken(new.version));
        }
        Ok(Version {
            id: new.version,
            version,
            description,
            arguments,
            run_as_admin,
            sha256: new.sha256,
            size: new.size,
            created: self.by.clone(),
            downloads: 0,
        })
    }

    fn package(&self, id: Guid) -> Result<&Package, Refusal> {
        let found = self.state.package(self.tenant, id);
        found.ok_or(Refusal::Unknown {
            kind: Kind::Package,
            id,
        })
    }

    pub(super) fn change_package(
        &self,
        id: Guid,
        etag: Option<String>,
        settings: LabelSettings,
    ) -> Decided {
        let package = self.package(id)?;
        self.touched(&package.meta, etag)?;
        if settings
            .name
            .as_ref()
            .is_some_and(|name| *name != package.label.name)
        {
            return Err(Refusal::improper(
                "name",
                "a package is called as its project is",
            ));
        }
        let label = Self::label(&package.label, settings)?;
        if label == package.label {
            return Ok(Decision::default());
        }
        let by = self.by.clone();
        Ok(vec![Event::PackageChanged {
            package: id,
            label,
            by,
        }]
        .into())
    }

    pub(super) fn delete_package(&self, id: Guid) -> Decided {
        self.package(id)?;
        self.unused_version(id, None)?;
        Ok(Self::removed(Kind::Package, id))
    }

    pub(super) fn delete_version(&self, package: Guid, version: Guid) -> Decided {
        let found = self.package(package)?;
        if found.version(version).is_none() {
            return Err(Refusal::Unknown {
                kind: Kind::Version,
                id: version,
            });
        }
        self.unused_version(package, Some(version))?;
        if found.versions.len() == 1 {
            return Ok(Self::removed(Kind::Package, package));
        }
        let by = self.by.clone();
        Ok(vec![Event::VersionRemoved {
            package,
            version,
            by,
        }]
        .into())
    }

    fn unused_version(&self, package: Guid, version: Option<Guid>) -> Result<(), Refusal> {
        let workflows = self.state.workflows_of(self.tenant, package, version);
        Self::unused(
            workflows
                .map(|workflow| user(Kind::Workflow, &workflow.label.name))
                .collect(),
        )
    }

    pub(super) fn count_download(&self, package: Guid, version: Guid) -> Decided {
        match self.state.version(self.tenant, package, version) {
            Some(_) => Ok(vec![Event::DownloadCounted { package, version }].into()),
            None => Err(Refusal::Unknown {
                kind: Kind::Version,
                id: version,
            }),
        }
    }

    pub(super) fn open_upload(&self, id: Guid, department: Guid, expires_ms: i64) -> Decided {
        let upload = Upload {
            id,
            meta: self.new_meta(id, department)?,
            expires_ms,
            received: None,
            committed: None,
        };
        Ok(vec![Event::UploadSaved(Box::new(upload))].into())
    }

    /// An upload whose time is not over.
    fn upload(&self, id: Guid) -> Result<&Upload, Refusal> {
        let upload = self.state.upload(self.tenant, id);
        let upload = upload.ok_or(Refusal::Unknown {
            kind: Kind::Upload,
            id,
        })?;
        if upload.expires_ms <= self.by.at_ms {
            return Err(Refusal::Expired);
        }
        Ok(upload)
    }

    pub(super) fn receive_upload(&self, id: Guid, sha256: Sha256, size: u64) -> Decided {
        let upload = self.upload(id)?;
        let received = Some((sha256, size));
        if upload.received == received {
            return Ok(Decision::default());
        }
        if upload.committed.is_some() {
            return Err(Refusal::Committed);
        }
        let upload = Upload {
            received,
            ..upload.clone()
        };
        Ok(vec![Event::UploadSaved(Box::new(upload))].into())
    }

    pub(super) fn commit_upload(&self, id: Guid, new: NewVersion) -> Decided {
        let upload = self.upload(id)?;
        if let Some((package, version)) = upload.committed {
            return Ok(uploaded(vec![], package, version));
        }
        let received = upload.received.ok_or(Refusal::NothingReceived)?;
        if received != (new.sha256, new.size) {
            return Err(Refusal::ReceivedOther);
        }
        let mut decision = self.upload_version(upload.meta.department, new)?;
        if let Reply::Uploaded { package, version } = decision.reply {
            let upload = Upload {
                committed: Some((package, version)),
                ..upload.clone()
            };
            decision.events.push(Event::UploadSaved(Box::new(upload)));
        }
        Ok(decision)
    }

    pub(super) fn expire_uploads(&self) -> Decision {
        let uploads = self.state.uploads.values();
        let expired = uploads.filter(|upload| upload.expires_ms <= self.by.at_ms);
        let removed = expired.map(|upload| Event::Removed {
            kind: Kind::Upload,
            id: upload.id,
        });
        removed.collect::<Vec<_>>().into()
    }
}

fn uploaded(events: Vec<Event>, package: Guid, version: Guid) -> Decision {
    Decision {
        events,
        reply: Reply::Uploaded { package, version },
    }
}
