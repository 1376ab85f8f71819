//! What tasks, instances, history and forms look like in this API: the original's keys, and beside them the ids that
//! it lacks. Never: reads anything itself; callers bring the rows.

pub mod form;
pub mod history;
pub mod instance;
pub mod task;

use actors::definitions::{Catalog, Published};
use codec::DefinitionId;
use serde_json::Value as Json;

/// Ids of definitions that would be longer are plain numbers.
const DEFINITION_ID_CHARS: usize = 64;

/// A definition's id: `key:version:number`, or its number when that would be too long.
pub fn definition_id(published: &Published) -> String {
    if published.id.chars().count() > DEFINITION_ID_CHARS {
        published.definition.id.0.to_string()
    } else {
        published.id.to_string()
    }
}

/// The same by number; null when the definition is gone.
fn definition(catalog: &Catalog, id: DefinitionId) -> Json {
    let published = catalog.get(id);
    published.map_or(Json::Null, |published| definition_id(&published).into())
}

/// 1 active, 2 suspended.
fn suspension(suspended: bool) -> u8 {
    if suspended { 2 } else { 1 }
}
