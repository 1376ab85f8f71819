//! User tasks: who does them, until when, and with which form.
//! Never: resolves a user or a group.

use super::{
    forms, listeners,
    process::ProcessReader,
    text::{Assigned, assignments, comma_list},
    xml::Node,
};
use crate::{
    diagnostic::code,
    model::{CustomLink, UserTask},
    uel::Template,
};

/// `userTask`.
pub(super) fn read(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> UserTask {
    let performer = node
        .first("humanPerformer")
        .and_then(assignment_expression)
        .or(node.extension("assignee"));
    let mut task = UserTask {
        assignee: performer.map(|text| reader.template(node, "assignee", text)),
        name: node
            .given("name")
            .map(|text| reader.template_or_text(node, "name", text)),
        owner: optional(reader, node, "owner"),
        candidate_users: list(reader, node, "candidateUsers"),
        candidate_groups: list(reader, node, "candidateGroups"),
        custom_links: Vec::new(),
        due_date: optional(reader, node, "dueDate"),
        business_calendar: optional(reader, node, "businessCalendarName"),
        priority: optional(reader, node, "priority"),
        category: optional(reader, node, "category"),
        form_key: optional(reader, node, "formKey"),
        form_properties: forms::read(reader, node),
        listeners: listeners::task(reader, node),
    };
    potential_owners(reader, node, &mut task);
    task.custom_links = node
        .extensions("customResource")
        .filter_map(|resource| custom_link(reader, resource))
        .collect();
    task
}

fn optional(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>, name: &str) -> Option<Template> {
    let text = node.extension(name)?;
    Some(reader.template(node, name, text))
}

fn list(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>, name: &str) -> Vec<Template> {
    comma_list(node.extension(name).unwrap_or_default())
        .into_iter()
        .map(|part| reader.template(node, name, part))
        .collect()
}

fn assignment_expression<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.first("resourceAssignmentExpression")?
        .first_text("formalExpression")
}

fn potential_owners(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>, task: &mut UserTask) {
    for owner in node.all("potentialOwner") {
        for assigned in assignments(assignment_expression(owner).unwrap_or_default()) {
            let (list, text) = match assigned {
                Assigned::User(text) => (&mut task.candidate_users, text),
                Assigned::Group(text) => (&mut task.candidate_groups, text),
            };
            list.push(reader.template(owner, "potentialOwner", text));
        }
        if let Some(reference) = owner.first_text("resourceRef") {
            match reader.definitions.resource(reference) {
                Some(name) => task.candidate_groups.push(Template::literal(name)),
                None => {
                    let message = format!("resourceRef '{reference}' names no resource");
                    reader
                        .complaints
                        .error(owner, code::DANGLING_REFERENCE, message);
                }
            }
        }
    }
}

fn custom_link(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<CustomLink> {
    let Some(link_type) = node.extension("name").or(node.given("name")) else {
        let message = "a customResource needs an activiti:name";
        reader
            .complaints
            .error(node, code::MISSING_ATTRIBUTE, message);
        return None;
    };
    let mut link = CustomLink {
        link_type: link_type.to_owned(),
        users: Vec::new(),
        groups: Vec::new(),
    };
    for assigned in assignments(assignment_expression(node).unwrap_or_default()) {
        let (list, text) = match assigned {
            Assigned::User(text) => (&mut link.users, text),
            Assigned::Group(text) => (&mut link.groups, text),
        };
        list.push(reader.template(node, "customResource", text));
    }
    Some(link)
}
