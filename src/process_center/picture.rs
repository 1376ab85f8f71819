//! getImage: an instance's diagram as PNG, with its state and its way in it when asked.
//! Never: draws; `pictures` does, on a thread where a large picture holds nobody up.

use super::{Answered, error::Trouble, find, parameters::Parameters, tenant};
use crate::{
    api::diagram,
    http::{Context, Fault, HeaderValue, Request, Response, StatusCode},
    pictures::{Highlight, Mode},
    server::State,
};
use actors::{definitions::Published, message::Seen};
use bpmn::{archive::EndedInstance, rows::InstanceRow};
use std::sync::Arc;

/// The operation.
pub async fn get(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let process = parameters.text("processId")?;
    let light = parameters.flag("lightFlag")?;
    let mode = if light { Mode::Path } else { Mode::None };
    let core = Arc::clone(state.engine.core());
    let in_memory = move |seen: &Seen<'_>, row: &InstanceRow| {
        let published = core.catalog.get(row.definition)?;
        let model = &published.definition.process;
        let highlight = diagram::highlight_of(seen, row.number, model, mode);
        Some((published, with_end(highlight, row)))
    };
    let catalog = &state.engine.catalog;
    let archived = |ended: &EndedInstance| {
        let published = catalog.get(ended.row.definition)?;
        let highlight = diagram::highlight_ended(ended, &published.definition.process, mode);
        Some((published, with_end(highlight, &ended.row)))
    };
    let tenant = tenant(&state, &request);
    let found = find::instance(&state, tenant, &process, in_memory, archived).await?;
    let Some((published, highlight)) = found.flatten() else {
        let message = format!("there is no process instance with the id '{process}'");
        return Err(Trouble::not_found(message));
    };
    draw(published, highlight).await
}

/// An ended instance stands where it ended.
fn with_end(mut highlight: Highlight, row: &InstanceRow) -> Highlight {
    let end = row
        .ended
        .as_ref()
        .and_then(|ended| ended.end_activity.clone());
    highlight.active.extend(end);
    highlight
}

async fn draw(published: Arc<Published>, highlight: Highlight) -> Answered {
    let drawing = diagram::png(published, highlight).await;
    let png = drawing.map_err(|_| Fault::Panicked)?;
    let png = png.map_err(|error| {
        Trouble::Status(StatusCode::UNPROCESSABLE_ENTITY, error.to_string().into())
    })?;
    let content_type = HeaderValue::from_static("image/png");
    Ok(Response::typed(StatusCode::OK, content_type, png))
}
