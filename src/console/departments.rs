//! The tree of a company's departments. Every member sees all of it; what they may do where stands at each node.

mod changes;

use super::{
    call::{Answered, Call, ok},
    json::Object,
    page,
    problem::Refused,
};
use crate::access::Visitor;
pub use changes::endpoints;
use org::{Guid, State, tenancy::Department};
use std::collections::BTreeMap;

/// A company's departments, looked at once.
struct Tree<'o> {
    organisation: &'o State,
    visitor: &'o Visitor,
    children: BTreeMap<Guid, Vec<&'o Department>>,
    users: BTreeMap<Guid, usize>,
    /// The department of the caller, when they have a role there.
    own: Option<Guid>,
}

impl<'o> Tree<'o> {
    fn of(organisation: &'o State, visitor: &'o Visitor) -> Self {
        let mut children: BTreeMap<Guid, Vec<&Department>> = BTreeMap::new();
        for department in organisation.tenancy.departments(visitor.tenant) {
            if let Some(parent) = department.parent {
                children.entry(parent).or_default().push(department);
            }
        }
        for siblings in children.values_mut() {
            siblings.sort_by_key(|one| (one.common.created.at_ms, one.name.clone()));
        }
        let mut users: BTreeMap<Guid, usize> = BTreeMap::new();
        for user in organisation.people.users(visitor.tenant) {
            *users.entry(user.department).or_default() += 1;
        }
        let own = organisation.people.user_of(visitor.tenant, visitor.id);
        let key = organisation.clients.key(visitor.id);
        let own = own
            .filter(|user| !user.roles.is_empty())
            .map(|user| user.department)
            .or(key
                .filter(|key| !key.roles.is_empty())
                .map(|key| key.department));
        Tree {
            organisation,
            visitor,
            children,
            users,
            own,
        }
    }

    /// A node with all below it, and the names above it. The depth is bounded by `org`.
    fn push(&self, department: &Department, path: &str, deep: bool, out: &mut String) {
        let mut object = Object::begin(out);
        object.id("id", department.id);
        object.id("departmentId", department.id);
        object.text("resourceType", "Department");
        let (kind, parent) = match department.parent {
            Some(parent) => ("Department", parent),
            None => ("Company", self.visitor.company),
        };
        object.text("parentResourceType", kind);
        object.id("parentId", parent);
        object.id("companyId", self.visitor.company);
        object.text("name", &department.name);
        object.text("departmentPath", path);
        object.count(
            "userCount",
            self.users.get(&department.id).copied().unwrap_or(0),
        );
        object.boolean("visitorHasAnyRole", self.own == Some(department.id));
        let rights = &self.visitor.rights;
        object.boolean(
            "visitorHasPermission",
            rights.any_in(self.organisation, department.id),
        );
        object.common(&department.common);
        if deep {
            let below = self.children.get(&department.id).into_iter().flatten();
            object.list("children", below, |child, out| {
                self.push(child, &format!("{path}/{}", child.name), true, out);
            });
        }
        object.end();
    }
}

/// `GET /openapi/departments/tree`
pub async fn tree(call: Call) -> Answered {
    let body = call.state.engine.organisation.look(|organisation| {
        let tenancy = &organisation.tenancy;
        let root = tenancy.root(call.tenant())?;
        let tree = Tree::of(organisation, &call.visitor);
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.count("count", tenancy.departments(call.tenant()).count());
        tree.push(root, &root.name, true, object.name("rootDepartment"));
        object.end();
        Some(out)
    });
    // A company has a root from its first moment to its last.
    ok(body.ok_or_else(|| Refused::unknown("department", "root"))?)
}

/// `GET /v2/departments/{id}/children`
pub async fn children(call: Call) -> Answered {
    let id = call.org_id("id")?;
    call.state.engine.organisation.look(|organisation| {
        let found = organisation.tenancy.department(id);
        let found = found.filter(|department| department.tenant == call.tenant());
        found.ok_or_else(|| Refused::unknown("department", call.param("id")))?;
        let tree = Tree::of(organisation, &call.visitor);
        let below = tree.children.get(&id).map_or(&[][..], Vec::as_slice);
        let path = organisation.tenancy.department_path(id);
        page::list(below.len(), below, |child, out| {
            tree.push(child, &format!("{path}/{}", child.name), true, out);
        })
    })
}
