//! Assets. Owns: that a type is fixed, and that nothing that runs loses its asset.

use super::{Argument, AssetType, Decided, Deciding, Event, Guid, Kind, Refusal, limits, user};
use crate::{
    registry::{Asset, AssetSettings, Sealed},
    terms::Label,
};

impl Deciding<'_> {
    pub(super) fn create_asset(
        &self,
        id: Guid,
        department: Guid,
        settings: AssetSettings,
    ) -> Decided {
        let kind = settings.kind;
        let kind = kind.ok_or_else(|| Refusal::improper("type", "an asset needs a type"))?;
        if settings.value.is_none() {
            return Err(Refusal::improper("value", "an asset needs a value"));
        }
        let new = Asset {
            id,
            meta: self.new_meta(id, department)?,
            label: Label::default(),
            kind,
            is_required_encryption: false,
            value: Sealed::default(),
        };
        let asset = self.settled_asset(new, settings)?;
        Ok(vec![Event::AssetSaved(Box::new(asset))].into())
    }

    fn asset(&self, id: Guid) -> Result<&Asset, Refusal> {
        let asset = self.state.asset(self.tenant, id);
        asset.ok_or(Refusal::Unknown {
            kind: Kind::Asset,
            id,
        })
    }

    pub(super) fn change_asset(
        &self,
        id: Guid,
        etag: Option<String>,
        settings: AssetSettings,
    ) -> Decided {
        let old = self.asset(id)?;
        let meta = self.touched(&old.meta, etag)?;
        let asset = self.settled_asset(
            Asset {
                meta,
                ..old.clone()
            },
            settings,
        )?;
        Ok(vec![Event::AssetSaved(Box::new(asset))].into())
    }

    fn settled_asset(&self, old: Asset, settings: AssetSettings) -> Result<Asset, Refusal> {
        if settings.kind.is_some_and(|kind| kind != old.kind) {
            return Err(Refusal::improper("type", "an asset's type never changes"));
        }
        let label = Self::label(&old.label, settings.label)?;
        let named = self
            .state
            .asset_named(self.tenant, old.meta.department, &label.name);
        if named.is_some_and(|named| named.id != old.id) {
            return Err(Refusal::NameTaken {
                kind: Kind::Asset,
                name: label.name,
            });
        }
        let value = settings.value.unwrap_or(old.value);
        if value.0.len() > limits::ASSET_BYTES {
            return Err(Refusal::improper("value", "it is too large"));
        }
        let encrypted = settings
            .is_required_encryption
            .unwrap_or(old.is_required_encryption);
        Ok(Asset {
            label,
            is_required_encryption: encrypted || old.kind == AssetType::Credential,
            value,
            ..old
        })
    }

    pub(super) fn delete_asset(&self, id: Guid, open_jobs: usize) -> Decided {
        self.asset(id)?;
        let names = |argument: &Argument| argument.asset_id() == Some(id);
        let workflows = self
            .state
            .workflows(self.tenant)
            .filter(|workflow| workflow.arguments.iter().any(names))
            .map(|workflow| user(Kind::Workflow, &workflow.label.name));
        let layouts = self
            .state
            .layouts(self.tenant)
            .filter(|layout| {
                let mut arguments = layout.nodes.iter().flat_map(|node| &node.arguments);
                arguments.any(|sourced| names(&sourced.argument))
            })
            .map(|layout| user(Kind::Layout, &layout.label.name));
        let schedules = self
            .state
            .schedules(self.tenant)
            .filter(|schedule| schedule.arguments.iter().any(names))
            .map(|schedule| user(Kind::Schedule, &schedule.label.name));
        let jobs = (open_jobs > 0).then(|| format!("{open_jobs} jobs"));
        Self::unused(
            workflows
                .chain(layouts)
                .chain(schedules)
                .chain(jobs)
                .collect(),
        )?;
        Ok(Self::removed(Kind::Asset, id))
    }
}
