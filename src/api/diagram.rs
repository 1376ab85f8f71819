//! Pictures of definitions and instances: from the model's drawing to the renderer's, and what is emphasised in it.
//!
//! Owns: the one mapping of `bpmn::diagram` to `pictures`, for every API that shows a picture, how many large ones are drawn at
//! once, and the endpoints of this API.
//! Never: draws; `pictures` does, on a thread where a large picture holds nobody up.

use super::{
    common::{self, Answered},
    problem::Refused,
    subject::{self, Subject},
};
use crate::{
    http::{Context, HeaderValue, Params, Request, Response, StatusCode},
    pictures::{self, Highlight, Mode, PictureError},
    server::State,
};
use actors::{definitions::Published, entity, message::Seen};
use bpmn::{
    archive::EndedInstance,
    diagram,
    history::{self, Entry},
    model::{ElementIndex, FlowIndex, Process},
};
use codec::{DefinitionId, Id};
use std::sync::Arc;
use tokio::{sync::Semaphore, task::JoinError};

/// How a picture leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SVG text.
    Svg,
    /// Pixels.
    Png,
}

/// The drawing of a model as the renderer takes it.
pub fn picture(diagram: &diagram::Diagram) -> pictures::Diagram {
    pictures::Diagram {
        nodes: diagram.nodes.iter().map(node).collect(),
        flows: diagram.flows.iter().map(edge).collect(),
        lanes: diagram.lanes.iter().map(lane).collect(),
    }
}

/// What is emphasised of an instance that is in memory.
pub fn highlight_of(seen: &Seen<'_>, instance: u32, process: &Process, mode: Mode) -> Highlight {
    let entries = entity::history(seen.chunks, seen.instance)
        .unwrap_or_else(|_| seen.instance.history().to_vec());
    let mut highlight = of_history(&entries, instance, process, mode);
    let open = seen.instance.active_activities();
    let here = open.iter().filter(|activity| activity.instance == instance);
    highlight
        .active
        .extend(here.filter_map(|activity| element_id(process, activity.element)));
    let incidents = seen.instance.rows_ref().incidents.iter();
    let here = incidents.filter(|incident| incident.instance == instance);
    highlight
        .incidents
        .extend(here.filter_map(|incident| element_id(process, incident.element)));
    highlight
}

/// What is emphasised of an archived instance.
pub fn highlight_ended(ended: &EndedInstance, process: &Process, mode: Mode) -> Highlight {
    let finished = ended
        .activities
        .iter()
        .filter(|a| a.delete_reason.is_none());
    Highlight {
        mode,
        finished: finished
            .filter_map(|a| element_id(process, a.element))
            .collect(),
        taken_flows: ended
            .flows
            .iter()
            .filter_map(|flow| flow_id(process, *flow))
            .collect(),
        ..Highlight::default()
    }
}

fn of_history(entries: &[Entry], instance: u32, process: &Process, mode: Mode) -> Highlight {
    let activities = history::activities(entries);
    let finished = activities.iter().filter(|activity| {
        activity.instance == instance
            && activity.ended_ms.is_some()
            && activity.delete_reason.is_none()
    });
    let flows = history::taken_flows(entries, instance);
    Highlight {
        mode,
        finished: finished
            .filter_map(|a| element_id(process, a.element))
            .collect(),
        taken_flows: flows
            .iter()
            .filter_map(|flow| flow_id(process, *flow))
            .collect(),
        ..Highlight::default()
    }
}

fn element_id(process: &Process, index: ElementIndex) -> Option<String> {
    let element = process.elements.get(index.0 as usize)?;
    Some(element.id.clone())
}

fn flow_id(process: &Process, index: FlowIndex) -> Option<String> {
    process.flows.get(index.0 as usize)?.id.clone()
}

/// Large pictures take seconds and much memory: they are drawn one after the other.
static LARGE: Semaphore = Semaphore::const_new(1);

/// Draws pixels, on a thread of its own.
pub async fn png(
    published: Arc<Published>,
    highlight: Highlight,
) -> Result<Result<Vec<u8>, PictureError>, JoinError> {
    let measuring = tokio::task::spawn_blocking(move || {
        pictures::raster(&picture(&published.diagram), &highlight)
    });
    let raster = match measuring.await? {
        Ok(raster) => raster,
        Err(error) => return Ok(Err(error)),
    };
    // Nobody closes the semaphore, so there is always a permit.
    let permit = if raster.is_large() {
        LARGE.acquire().await.ok()
    } else {
        None
    };
    tokio::task::spawn_blocking(move || {
        // Held by the work rather than by who waits for it, who may go away before it is done.
        let _permit = permit;
        raster.png()
    })
    .await
}

/// Draws text, on a thread of its own.
async fn svg(
    published: Arc<Published>,
    highlight: Highlight,
) -> Result<Result<Vec<u8>, PictureError>, JoinError> {
    tokio::task::spawn_blocking(move || {
        pictures::svg(&picture(&published.diagram), &highlight).map(String::into_bytes)
    })
    .await
}

/// Draws, and answers with the picture.
pub async fn drawn(published: Arc<Published>, highlight: Highlight, format: Format) -> Answered {
    let (drawing, content_type) = match format {
        Format::Svg => (svg(published, highlight).await, "image/svg+xml"),
        Format::Png => (png(published, highlight).await, "image/png"),
    };
    let bytes = drawing
        .map_err(|_| Refused::from(actors::Failure::Panicked))?
        .map_err(|error| Refused::unprocessable("not-drawable", error.to_string()))?;
    let content_type = HeaderValue::from_static(content_type);
    Ok(Response::typed(StatusCode::OK, content_type, bytes))
}

/// `GET /definitions/{id}/diagram.svg`
pub async fn definition_svg(state: Context<State>, request: Request, params: Params) -> Answered {
    let published = super::definitions::find(&state, &request, params.get("id"))?;
    drawn(published, Highlight::default(), Format::Svg).await
}

/// `GET /definitions/{id}/diagram.png`
pub async fn definition_png(state: Context<State>, request: Request, params: Params) -> Answered {
    let published = super::definitions::find(&state, &request, params.get("id"))?;
    drawn(published, Highlight::default(), Format::Png).await
}

/// `GET /instances/{id}/diagram.svg`
pub async fn instance_svg(state: Context<State>, request: Request, params: Params) -> Answered {
    instance(&state, &request, params.get("id"), Format::Svg).await
}

/// `GET /instances/{id}/diagram.png`
pub async fn instance_png(state: Context<State>, request: Request, params: Params) -> Answered {
    instance(&state, &request, params.get("id"), Format::Png).await
}

async fn instance(state: &Context<State>, request: &Request, id: &str, format: Format) -> Answered {
    let mode = mode(request)?;
    let tenant = common::tenant(state, request);
    let id = Subject::Instance.parse(id)?;
    let (definition, highlight) = match highlight_in_memory(state, id, tenant, mode).await? {
        Some(found) => found,
        None => {
            let ended = subject::archived(state, tenant, id).await?;
            let definition = ended.row.definition;
            let published = known(state, definition)?;
            (
                definition,
                highlight_ended(&ended, &published.definition.process, mode),
            )
        }
    };
    drawn(known(state, definition)?, highlight, format).await
}

async fn highlight_in_memory(
    state: &Context<State>,
    id: Id,
    tenant: codec::Tenant,
    mode: Mode,
) -> Result<Option<(DefinitionId, Highlight)>, Refused> {
    let shared = Context::clone(state);
    subject::look(state, tenant, id, move |seen, row| {
        let highlight = known(&shared, row.definition).map_or_else(
            |_| Highlight::default(),
            |published| highlight_of(seen, id.number, &published.definition.process, mode),
        );
        (row.definition, highlight)
    })
    .await
}

fn known(state: &State, definition: DefinitionId) -> Result<Arc<Published>, Refused> {
    let published = state.engine.catalog.get(definition);
    published.ok_or_else(|| Refused::not_found("definition-not-found", "its definition is gone"))
}

fn mode(request: &Request) -> Result<Mode, Refused> {
    match request.query.get("highlight") {
        None | Some("active") => Ok(Mode::Active),
        Some("path") => Ok(Mode::Path),
        Some("none") => Ok(Mode::None),
        Some(other) => Err(Refused::parameter("highlight", other)),
    }
}

fn node(node: &diagram::Node) -> pictures::Node {
    pictures::Node {
        id: node.id.clone(),
        name: node.name.clone(),
        kind: kind(node.kind),
        bounds: node.bounds.map(bounds),
        label: node.label.map(bounds),
        repetition: match node.repetition {
            diagram::Repetition::None => pictures::Repetition::None,
            diagram::Repetition::Parallel => pictures::Repetition::Parallel,
            diagram::Repetition::Sequential => pictures::Repetition::Sequential,
            diagram::Repetition::Loop => pictures::Repetition::Loop,
        },
        interrupting: node.interrupting,
        for_compensation: node.for_compensation,
        parent: node.parent.clone(),
        attached_to: node.attached_to.clone(),
    }
}

fn kind(kind: diagram::NodeKind) -> pictures::NodeKind {
    match kind {
        diagram::NodeKind::Event {
            position,
            definition,
        } => pictures::NodeKind::Event {
            position: match position {
                diagram::Position::Start => pictures::Position::Start,
                diagram::Position::Catch => pictures::Position::Catch,
                diagram::Position::Throw => pictures::Position::Throw,
                diagram::Position::Boundary => pictures::Position::Boundary,
                diagram::Position::End => pictures::Position::End,
            },
            definition: event_definition(definition),
        },
        diagram::NodeKind::Task(task) => pictures::NodeKind::Task(task_kind(task)),
        diagram::NodeKind::Gateway(gateway) => pictures::NodeKind::Gateway(match gateway {
            diagram::GatewayKind::Exclusive => pictures::GatewayKind::Exclusive,
            diagram::GatewayKind::Parallel => pictures::GatewayKind::Parallel,
            diagram::GatewayKind::Inclusive => pictures::GatewayKind::Inclusive,
            diagram::GatewayKind::EventBased => pictures::GatewayKind::EventBased,
            diagram::GatewayKind::Complex => pictures::GatewayKind::Complex,
        }),
        diagram::NodeKind::SubProcess { variant, expanded } => pictures::NodeKind::SubProcess {
            variant: match variant {
                diagram::SubProcessKind::Embedded => pictures::SubProcessKind::Embedded,
                diagram::SubProcessKind::Event => pictures::SubProcessKind::Event,
                diagram::SubProcessKind::Transaction => pictures::SubProcessKind::Transaction,
                diagram::SubProcessKind::AdHoc => pictures::SubProcessKind::AdHoc,
            },
            expanded,
        },
        diagram::NodeKind::CallActivity => pictures::NodeKind::CallActivity,
        diagram::NodeKind::DataObject => pictures::NodeKind::DataObject,
        diagram::NodeKind::DataStore => pictures::NodeKind::DataStore,
        diagram::NodeKind::TextAnnotation => pictures::NodeKind::TextAnnotation,
        diagram::NodeKind::Group => pictures::NodeKind::Group,
    }
}

fn event_definition(definition: diagram::Definition) -> pictures::Definition {
    match definition {
        diagram::Definition::None => pictures::Definition::None,
        diagram::Definition::Message => pictures::Definition::Message,
        diagram::Definition::Timer => pictures::Definition::Timer,
        diagram::Definition::Signal => pictures::Definition::Signal,
        diagram::Definition::Error => pictures::Definition::Error,
        diagram::Definition::Escalation => pictures::Definition::Escalation,
        diagram::Definition::Link => pictures::Definition::Link,
        diagram::Definition::Compensation => pictures::Definition::Compensation,
        diagram::Definition::Conditional => pictures::Definition::Conditional,
        diagram::Definition::Terminate => pictures::Definition::Terminate,
        diagram::Definition::Cancel => pictures::Definition::Cancel,
        diagram::Definition::Multiple => pictures::Definition::Multiple,
        diagram::Definition::ParallelMultiple => pictures::Definition::ParallelMultiple,
    }
}

fn task_kind(task: diagram::TaskKind) -> pictures::TaskKind {
    match task {
        diagram::TaskKind::Plain => pictures::TaskKind::Plain,
        diagram::TaskKind::User => pictures::TaskKind::User,
        diagram::TaskKind::Service => pictures::TaskKind::Service,
        diagram::TaskKind::Script => pictures::TaskKind::Script,
        diagram::TaskKind::Manual => pictures::TaskKind::Manual,
        diagram::TaskKind::Send => pictures::TaskKind::Send,
        diagram::TaskKind::Receive => pictures::TaskKind::Receive,
        diagram::TaskKind::BusinessRule => pictures::TaskKind::BusinessRule,
        diagram::TaskKind::Robot => pictures::TaskKind::Robot,
    }
}

fn edge(edge: &diagram::Edge) -> pictures::Edge {
    pictures::Edge {
        id: edge.id.clone(),
        name: edge.name.clone(),
        kind: match edge.kind {
            diagram::EdgeKind::Sequence(condition) => {
                pictures::EdgeKind::Sequence(match condition {
                    diagram::Condition::None => pictures::Condition::None,
                    diagram::Condition::Expression => pictures::Condition::Expression,
                    diagram::Condition::Default => pictures::Condition::Default,
                })
            }
            diagram::EdgeKind::Message => pictures::EdgeKind::Message,
            diagram::EdgeKind::Association => pictures::EdgeKind::Association,
            diagram::EdgeKind::DirectedAssociation => pictures::EdgeKind::DirectedAssociation,
        },
        source: edge.source.clone(),
        target: edge.target.clone(),
        waypoints: edge
            .waypoints
            .iter()
            .map(|point| pictures::Point {
                x: point.x,
                y: point.y,
            })
            .collect(),
        label: edge.label.map(bounds),
    }
}

fn lane(lane: &diagram::Lane) -> pictures::Lane {
    pictures::Lane {
        id: lane.id.clone(),
        name: lane.name.clone(),
        bounds: lane.bounds.map(bounds),
        parent: lane.parent.clone(),
        vertical: lane.vertical,
        members: lane.members.clone(),
    }
}

fn bounds(bounds: diagram::Bounds) -> pictures::Bounds {
    pictures::Bounds {
        x: bounds.x,
        y: bounds.y,
        width: bounds.width,
        height: bounds.height,
    }
}
