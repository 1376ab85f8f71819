//! Layouts and their nodes.

use super::{Decided, Deciding, Event, Guid, Kind, Refusal, limits, user};
use crate::{
    argument::Argument,
    registry::{Layout, LayoutSettings, NewNode, Node, Target},
    terms::Label,
};
use std::collections::BTreeSet;

impl Deciding<'_> {
    pub(super) fn create_layout(
        &self,
        id: Guid,
        department: Guid,
        settings: LayoutSettings,
    ) -> Decided {
        let new = Layout {
            id,
            meta: self.new_meta(id, department)?,
            label: Label::default(),
            nodes: Vec::new(),
            continue_on_failure: false,
            triggered_count: 0,
            last_triggered_ms: None,
        };
        let layout = self.settled_layout(new, settings)?;
        Ok(vec![Event::LayoutSaved(Box::new(layout))].into())
    }

    fn layout(&self, id: Guid) -> Result<&Layout, Refusal> {
        let layout = self.state.layout(self.tenant, id);
        layout.ok_or(Refusal::Unknown {
            kind: Kind::Layout,
            id,
        })
    }

    pub(super) fn change_layout(
        &self,
        id: Guid,
        etag: Option<String>,
        settings: LayoutSettings,
    ) -> Decided {
        let old = self.layout(id)?;
        let meta = self.touched(&old.meta, etag)?;
        let layout = self.settled_layout(
            Layout {
                meta,
                ..old.clone()
            },
            settings,
        )?;
        Ok(vec![Event::LayoutSaved(Box::new(layout))].into())
    }

    fn settled_layout(&self, old: Layout, settings: LayoutSettings) -> Result<Layout, Refusal> {
        let nodes = match settings.nodes {
            Some(nodes) => self.nodes(&old.nodes, nodes)?,
            None => old.nodes,
        };
        Ok(Layout {
            label: Self::label(&old.label, settings.label)?,
            nodes,
            continue_on_failure: settings
                .continue_on_failure
                .unwrap_or(old.continue_on_failure),
            ..old
        })
    }

    fn nodes(&self, old: &[Node], new: Vec<NewNode>) -> Result<Vec<Node>, Refusal> {
        if new.len() > limits::NODES {
            let why = format!("a layout has at most {} nodes", limits::NODES);
            return Err(Refusal::improper("nodes", why));
        }
        let mut ids = BTreeSet::new();
        let mut nodes = Vec::with_capacity(new.len());
        for node in new {
            if node.id.is_nil() || !ids.insert(node.id) {
                return Err(Refusal::IdTaken(node.id));
            }
            nodes.push(self.node(old.iter().find(|old| old.id == node.id), node)?);
        }
        Ok(nodes)
    }

    fn node(&self, old: Option<&Node>, new: NewNode) -> Result<Node, Refusal> {
        let workflow = self.state.workflow(self.tenant, new.workflow);
        let unknown = Refusal::UnknownReference {
            kind: Kind::Workflow,
            id: new.workflow,
        };
        let workflow = workflow.ok_or(unknown)?;
        let mut sourced = new.arguments;
        let mut arguments: Vec<Argument> = sourced.iter().map(|s| s.argument.clone()).collect();
        self.arguments(&mut arguments)?;
        for (sourced, argument) in sourced.iter_mut().zip(arguments) {
            sourced.argument = argument;
        }
        let named = Label {
            name: workflow.label.name.clone(),
            ..Label::default()
        };
        let label = Self::label(old.map_or(&named, |old| &old.label), new.label)?;
        let created = old.map_or_else(|| self.by.clone(), |old| old.created.clone());
        let mut node = Node {
            id: new.id,
            label,
            workflow: new.workflow,
            arguments: sourced,
            created,
            modified: old.and_then(|old| old.modified.clone()),
        };
        if old.is_some_and(|old| *old != node) {
            node.modified = Some(self.by.clone());
        }
        Ok(node)
    }

    pub(super) fn delete_layout(&self, id: Guid) -> Decided {
        self.layout(id)?;
        let schedules = self.state.schedules(self.tenant);
        let naming = schedules.filter(|schedule| schedule.target == Target::Layout(id));
        Self::unused(
            naming
                .map(|schedule| user(Kind::Schedule, &schedule.label.name))
                .collect(),
        )?;
        Ok(Self::removed(Kind::Layout, id))
    }
}
