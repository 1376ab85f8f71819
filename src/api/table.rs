//! The table of this API's endpoints: method, path, function, and what the OpenAPI document says of each.
//! Never: a function's work.

use super::{
    activities, clock, definitions, deployments, diagram, events, forms, identity_links, incidents,
    instance_list, instances,
    openapi::{self, Operation, operation},
    task_list, tasks, timers, variables,
};
use crate::{http::Route, server::State};

const PAGE: [&str; 3] = ["limit", "after", "total"];

/// Every endpoint.
pub fn operations() -> Vec<Operation> {
    let groups = [
        definition_operations(),
        instance_operations(),
        history_operations(),
        task_operations(),
        task_content_operations(),
        work_operations(),
    ];
    groups.into_iter().flatten().collect()
}

fn paged(route: Route<State>, query: &[&'static str], item: &'static str) -> Operation {
    let query = query.iter().copied().chain(PAGE);
    operation(route).query(query).lists(item)
}

fn definition_operations() -> Vec<Operation> {
    use definitions as d;
    vec![
        operation(Route::post("/api/v1/deployments", deployments::create).summary("Deploy models"))
            .query(["name", "enableDuplicateFiltering"])
            .takes_models()
            .creates("Deployment")
            .idempotent(),
        paged(
            Route::get("/api/v1/deployments", deployments::list)
                .summary("Deployments, newest first"),
            &["name"],
            "Deployment",
        ),
        operation(Route::get("/api/v1/deployments/{id}", deployments::get).summary("A deployment"))
            .gives("Deployment"),
        operation(
            Route::delete("/api/v1/deployments/{id}", deployments::delete)
                .summary("Remove a deployment; with cascade its instances and their history too"),
        )
        .query(["cascade"])
        .removes(),
        paged(
            Route::get("/api/v1/definitions", d::list).summary("Definitions, newest first"),
            &["key", "latest", "state"],
            "Definition",
        ),
        operation(Route::get("/api/v1/definitions/{id}", d::get).summary("A definition"))
            .gives("Definition"),
        operation(
            Route::get("/api/v1/definitions/{id}/xml", d::xml)
                .summary("The model as it was deployed"),
        )
        .sends("application/xml"),
        operation(
            Route::get(
                "/api/v1/definitions/{id}/diagram.svg",
                diagram::definition_svg,
            )
            .summary("The diagram as SVG"),
        )
        .sends("image/svg+xml"),
        operation(
            Route::get(
                "/api/v1/definitions/{id}/diagram.png",
                diagram::definition_png,
            )
            .summary("The diagram as PNG"),
        )
        .sends("image/png"),
        operation(
            Route::put("/api/v1/definitions/{id}/state", d::set_state)
                .summary("Suspend or activate a definition"),
        )
        .takes("DefinitionState")
        .gives("Definition"),
        operation(
            Route::put(
                "/api/v1/definitions/by-key/{key}/state",
                d::set_state_by_key,
            )
            .summary("Suspend or activate the latest version of a key"),
        )
        .takes("DefinitionState")
        .gives("Definition"),
        operation(Route::get("/api/v1/openapi.json", openapi::document).summary("This document"))
            .sends("application/json"),
    ]
}

fn instance_operations() -> Vec<Operation> {
    use instances as i;
    let filters = [
        "definitionKey",
        "definitionId",
        "businessKey",
        "state",
        "superInstanceId",
        "rootInstanceId",
        "startedBefore",
        "startedAfter",
        "variable",
    ];
    vec![
        operation(Route::post("/api/v1/instances", i::start).summary("Start an instance"))
            .takes("Start")
            .creates("InstanceWithTasks")
            .idempotent(),
        paged(
            Route::get("/api/v1/instances", instance_list::list)
                .summary("Instances, newest first; running ones unless a state is asked for"),
            &filters,
            "Instance",
        ),
        operation(
            Route::get("/api/v1/instances/{id}", i::get).summary("An instance, running or ended"),
        )
        .gives("Instance"),
        operation(
            Route::delete("/api/v1/instances/{id}", i::delete)
                .summary("Cancel an instance and all that it called"),
        )
        .query(["reason"])
        .removes(),
        operation(
            Route::put("/api/v1/instances/{id}/state", i::set_state)
                .summary("Suspend or activate an instance"),
        )
        .takes("InstanceState")
        .gives("Instance"),
        operation(
            Route::post("/api/v1/instances/{id}/trigger", i::trigger)
                .summary("Continue a receive task"),
        )
        .takes("Trigger")
        .gives("InstanceWithTasks"),
    ]
}

fn history_operations() -> Vec<Operation> {
    vec![
        operation(
            Route::get("/api/v1/instances/{id}/variables", variables::of_instance)
                .summary("Variables; of an ended instance the last values"),
        )
        .gives("Variables"),
        operation(
            Route::patch(
                "/api/v1/instances/{id}/variables",
                variables::change_instance,
            )
            .summary("Set and remove variables"),
        )
        .takes("VariableChanges")
        .gives("Variables")
        .idempotent(),
        paged(
            Route::get("/api/v1/instances/{id}/activities", activities::list)
                .summary("Activities in order of start"),
            &["state"],
            "Activity",
        ),
        paged(
            Route::get(
                "/api/v1/instances/{id}/subscriptions",
                activities::subscriptions,
            )
            .summary("Messages and signals that it waits for"),
            &[],
            "Subscription",
        ),
        paged(
            Route::get("/api/v1/instances/{id}/timers", timers::of_instance)
                .summary("Its timers in order of due time"),
            &[],
            "Timer",
        ),
        paged(
            Route::get("/api/v1/instances/{id}/incidents", incidents::of_instance)
                .summary("Its open incidents, newest first"),
            &[],
            "Incident",
        ),
        operation(
            Route::get("/api/v1/instances/{id}/diagram.svg", diagram::instance_svg)
                .summary("Its diagram as SVG"),
        )
        .query(["highlight"])
        .sends("image/svg+xml"),
        operation(
            Route::get("/api/v1/instances/{id}/diagram.png", diagram::instance_png)
                .summary("Its diagram as PNG"),
        )
        .query(["highlight"])
        .sends("image/png"),
    ]
}

fn task_operations() -> Vec<Operation> {
    let filters = [
        "state",
        "instanceId",
        "rootInstanceId",
        "processDefinitionKey",
        "activityId",
        "name",
        "assignee",
        "owner",
        "candidateUser",
        "candidateGroup",
        "involvedUser",
        "unassigned",
        "businessKey",
        "dueBefore",
        "endedAfter",
        "suspended",
        "sort",
    ];
    let write = |route: Route<State>| operation(route).gives("Task").idempotent();
    vec![
        paged(
            Route::get("/api/v1/tasks", task_list::list)
                .summary("Tasks, newest first; open ones unless a state is asked for"),
            &filters,
            "Task",
        ),
        operation(Route::get("/api/v1/tasks/{id}", tasks::get).summary("An open task"))
            .gives("Task"),
        write(Route::patch("/api/v1/tasks/{id}", tasks::patch).summary("Change fields of a task"))
            .takes("TaskChanges"),
        operation(
            Route::post("/api/v1/tasks/{id}/complete", tasks::complete).summary("Complete a task"),
        )
        .takes("Completion")
        .gives("Completed")
        .idempotent(),
        write(
            Route::post("/api/v1/tasks/{id}/claim", tasks::claim)
                .summary("Claim a task; another's is refused"),
        )
        .takes("User"),
        write(
            Route::post("/api/v1/tasks/{id}/unclaim", tasks::unclaim).summary("Give a task back"),
        ),
        write(
            Route::post("/api/v1/tasks/{id}/assign", tasks::assign)
                .summary("Assign a task, whoever has it"),
        )
        .takes("User"),
        write(
            Route::post("/api/v1/tasks/{id}/delegate", tasks::delegate).summary("Delegate a task"),
        )
        .takes("User"),
        write(
            Route::post("/api/v1/tasks/{id}/resolve", tasks::resolve)
                .summary("Give a delegated task back to its owner"),
        )
        .takes("Resolution"),
    ]
}

fn task_content_operations() -> Vec<Operation> {
    use variables as v;
    let links = "/api/v1/tasks/{id}/identity-links";
    vec![
        operation(
            Route::get("/api/v1/tasks/{id}/variables", v::of_task)
                .summary("All variables that the task sees"),
        )
        .gives("Variables"),
        operation(
            Route::patch("/api/v1/tasks/{id}/variables", v::change_task)
                .summary("Set and remove variables from the task upwards"),
        )
        .takes("VariableChanges")
        .gives("Variables")
        .idempotent(),
        operation(
            Route::get("/api/v1/tasks/{id}/variables/local", v::local_of_task)
                .summary("The task's own variables"),
        )
        .gives("Variables"),
        operation(
            Route::patch("/api/v1/tasks/{id}/variables/local", v::change_task_local)
                .summary("Set and remove the task's own variables"),
        )
        .takes("VariableChanges")
        .gives("Variables")
        .idempotent(),
        paged(
            Route::get(links, identity_links::list)
                .summary("Assignee, owner, candidates and other links"),
            &[],
            "IdentityLink",
        ),
        operation(Route::post(links, identity_links::add).summary("Add a link"))
            .takes("IdentityLink")
            .creates("IdentityLink")
            .idempotent(),
        operation(
            Route::delete(links, identity_links::remove)
                .summary("Remove a link, named by the body or by the query"),
        )
        .query(["type", "userId", "groupId"])
        .takes("IdentityLink")
        .removes()
        .idempotent(),
        operation(
            Route::get("/api/v1/tasks/{id}/form", forms::get)
                .summary("The form's properties with their values"),
        )
        .gives("Form"),
        operation(
            Route::post("/api/v1/tasks/{id}/form", forms::submit)
                .summary("Submit the form and complete the task"),
        )
        .takes("Submission")
        .gives("Completed")
        .idempotent(),
    ]
}

fn work_operations() -> Vec<Operation> {
    vec![
        operation(Route::post("/api/v1/signals", events::signal).summary("Send a signal"))
            .takes("Signal")
            .gives("Delivered"),
        operation(
            Route::post("/api/v1/messages", events::message)
                .summary("Send a message; 404 when nobody waits"),
        )
        .takes("Message")
        .gives("Correlated"),
        paged(
            Route::get("/api/v1/timers", timers::list)
                .summary("Timers of instances and start timers, in order of due time"),
            &[
                "instanceId",
                "rootInstanceId",
                "definitionKey",
                "definitionId",
                "dueBefore",
            ],
            "Timer",
        ),
        operation(
            Route::post("/api/v1/timers/{id}/fire", timers::fire)
                .summary("Fire a timer now, due or not"),
        )
        .gives("Fired"),
        operation(
            Route::patch("/api/v1/timers/{id}", timers::change).summary("Set when a timer is due"),
        )
        .takes("TimerChange")
        .gives("Timer"),
        paged(
            Route::get("/api/v1/incidents", incidents::list)
                .summary("Open incidents, newest first"),
            &[
                "instanceId",
                "rootInstanceId",
                "definitionKey",
                "definitionId",
                "type",
            ],
            "Incident",
        ),
        operation(
            Route::post("/api/v1/incidents/{id}/retry", incidents::retry)
                .summary("Let what failed be tried again"),
        )
        .gives("Retried"),
        operation(
            Route::post("/api/v1/incidents/retry", incidents::retry_all)
                .summary("Retry all incidents that pass a filter"),
        )
        .takes("IncidentFilter")
        .gives("RetriedAll"),
        operation(Route::get("/api/v1/clock", clock::get).summary("What time it is for processes"))
            .gives("Clock"),
        operation(
            Route::put("/api/v1/clock", clock::set)
                .summary("Move the manual clock and run what becomes due"),
        )
        .takes("ClockChange")
        .gives("Clock"),
        operation(Route::post("/api/v1/clock/settle", clock::settle).summary("Run what is due"))
            .gives("Clock"),
    ]
}
