//! The robots that a workflow targets directly.

use crate::console::{
    call::{Answered, Call, Scope, done, ok},
    json::{Object, array},
    problem::{Refused, internal},
    robots::{Found, list_of},
};
use org::{Guid, Permission as P};
use rpa::registry::{Action, Reply};

/// `GET /openapi/workflows/{id}/robots`
pub async fn list(call: Call) -> Answered {
    let list = call.resource_query()?;
    let id = call.id("id")?;
    let (count, page) = call.state.engine.registry.look(|registry| {
        let found = registry.workflow(call.tenant(), id);
        let workflow = call.checked(P::WorkflowView, "workflow", found)?;
        let ids = workflow.robots.iter();
        let robots = ids.filter_map(|id| registry.robot(call.tenant(), *id));
        // Who may see the workflow sees what it targets.
        let (count, page) = list.page(&Scope::All, robots);
        let page = page.into_iter().map(|robot| Found::of(registry, robot));
        Ok::<_, Refused>((count, page.collect::<Vec<_>>()))
    })?;
    list_of(&call, count, &page)
}

/// `POST /openapi/workflows/{id}/robots`
pub async fn bind(call: Call) -> Answered {
    let body = call.body()?;
    let workflow = super::check(&call, P::WorkflowEdit)?;
    let ids = body.ids("robotIds")?;
    let ids = ids.ok_or_else(|| Refused::field("robotIds", "given"))?;
    let ids: Vec<rpa::Guid> = ids.into_iter().map(|id| rpa::Guid(id.0)).collect();
    // One that the caller may not see is told of like one that cannot be bound.
    let hidden = hidden(&call, &ids);
    let robots = ids.iter().copied().filter(|id| !hidden.contains(id));
    let command = call.command(Action::BindRobots {
        workflow,
        robots: robots.collect(),
    });
    let reply = call.state.engine.change_registry(command).await?;
    let Reply::Bound(results) = reply else {
        return Err(internal("a binding was answered with something else"));
    };
    let mut out = String::new();
    let refused = hidden
        .iter()
        .map(|id| (*id, Some(Refused::forbidden().detail())));
    let results = results
        .into_iter()
        .map(|(id, refusal)| (id, refusal.map(|refusal| refusal.to_string())));
    let mut all: Vec<(rpa::Guid, Option<String>)> = results.chain(refused).collect();
    all.sort_by_key(|(id, _)| ids.iter().position(|asked| asked == id));
    array(&mut out, all, |(robot, message), out| {
        let mut object = Object::begin(out);
        object.id("workflowId", workflow);
        object.id("robotId", robot);
        object.maybe_text("errorMessage", message.as_deref());
        object.end();
    });
    ok(out)
}

/// The robots of the company that the caller may not see.
fn hidden(call: &Call, ids: &[rpa::Guid]) -> Vec<rpa::Guid> {
    call.state.engine.registry.look(|registry| {
        let hidden = ids.iter().copied().filter(|id| {
            let robot = registry.robot(call.tenant(), *id);
            robot.is_some_and(|robot| call.check(P::RobotView, robot.meta.department).is_err())
        });
        hidden.collect()
    })
}

/// `DELETE /openapi/workflows/{id}/robots/{robot}`
pub async fn unbind(call: Call) -> Answered {
    let workflow = super::check(&call, P::WorkflowEdit)?;
    let robot: Guid = call.org_id("robot")?;
    let robot = rpa::Guid(robot.0);
    let command = call.command(Action::UnbindRobot { workflow, robot });
    call.state.engine.change_registry(command).await?;
    done()
}
