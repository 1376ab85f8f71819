//! What is archived, as the caller sees it, and how a row of the file becomes it again.
//! Never: encodes the blob; its bytes are the caller's.

use bpmn::rows::Delegation;
use codec::{DefinitionId, Id, RootId, Tenant};
use rusqlite::{Row, types::Type};

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EndState {
    /// It ran to its end.
    Completed,
    /// It was deleted while it ran.
    Cancelled,
}

impl EndState {
    pub(super) fn code(self) -> i64 {
        match self {
            EndState::Completed => 0,
            EndState::Cancelled => 1,
        }
    }
}

/// The narrow row of an ended instance: a root instance, or one that it called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRow {
    /// Its id; number 0 is the root instance.
    pub id: Id,
    /// Whose it is.
    pub tenant: Tenant,
    /// Its place in the order of creation, as the views gave it.
    pub order: u64,
    /// Its definition.
    pub definition: DefinitionId,
    /// The definition's key.
    pub key: String,
    /// The definition's version.
    pub version: u32,
    /// Business key.
    pub business_key: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Started, in milliseconds since 1970.
    pub started_ms: i64,
    /// Ended, in milliseconds since 1970.
    pub ended_ms: i64,
    /// How it ended.
    pub state: EndState,
    /// Who started it.
    pub start_user: Option<String>,
    /// The calling instance's number in the same root.
    pub super_instance: Option<u32>,
    /// The id of the end event that ended it.
    pub end_activity: Option<String>,
    /// Why it was deleted.
    pub delete_reason: Option<String>,
}

/// An ended instance with everything that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedInstance {
    /// The narrow row.
    pub row: InstanceRow,
    /// Its activities and variables, in the bytes of their owner.
    pub detail: Vec<u8>,
}

/// A finished user task: the narrow row.
pub type TaskRow = FinishedTask;

/// A finished user task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedTask {
    /// Its id.
    pub id: Id,
    /// Its instance's number in the same root.
    pub instance: u32,
    /// Whose it is.
    pub tenant: Tenant,
    /// Its place in the order of creation, as the views gave it.
    pub order: u64,
    /// Its instance's definition.
    pub definition: DefinitionId,
    /// The definition's key.
    pub key: String,
    /// The element's id in the model.
    pub activity_id: String,
    /// The execution that waited at it, by its number in the root.
    pub execution: u32,
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// The last assignee.
    pub assignee: Option<String>,
    /// Owner.
    pub owner: Option<String>,
    /// Whether it was delegated.
    pub delegation: Option<Delegation>,
    /// Priority; 50 by default.
    pub priority: i32,
    /// Due, in milliseconds since 1970.
    pub due_ms: Option<i64>,
    /// Category.
    pub category: Option<String>,
    /// Form key.
    pub form_key: Option<String>,
    /// The parent task's number in the same root.
    pub parent_task: Option<u32>,
    /// Its instance's business key.
    pub business_key: Option<String>,
    /// Created, in milliseconds since 1970.
    pub created_ms: i64,
    /// Claimed, in milliseconds since 1970.
    pub claimed_ms: Option<i64>,
    /// Completed or deleted, in milliseconds since 1970.
    pub ended_ms: i64,
    /// Why it went without being completed.
    pub delete_reason: Option<String>,
}

pub(super) fn delegation_code(delegation: Delegation) -> i64 {
    match delegation {
        Delegation::Pending => 0,
        Delegation::Resolved => 1,
    }
}

/// An unsigned order as SQLite's signed integer that sorts the same.
pub(super) fn place_of(order: u64) -> i64 {
    (order ^ (1 << 63)).cast_signed()
}

pub(super) fn order_of(place: i64) -> u64 {
    place.cast_unsigned() ^ (1 << 63)
}

/// Columns of `instance_row`, in its order.
pub(super) const INSTANCE_COLUMNS: &str = "root, number, tenant, place, definition, key, version, business_key, name, \
     started_ms, ended_ms, state, start_user, super, end_activity, delete_reason";

pub(super) fn instance_row(row: &Row<'_>) -> rusqlite::Result<InstanceRow> {
    Ok(InstanceRow {
        id: id_of(row, 0, 1)?,
        tenant: Tenant(row.get(2)?),
        order: order_of(row.get(3)?),
        definition: DefinitionId(row.get::<_, i64>(4)?.cast_unsigned()),
        key: row.get(5)?,
        version: row.get(6)?,
        business_key: row.get(7)?,
        name: row.get(8)?,
        started_ms: row.get(9)?,
        ended_ms: row.get(10)?,
        state: match row.get::<_, i64>(11)? {
            0 => EndState::Completed,
            1 => EndState::Cancelled,
            other => return Err(rusqlite::Error::IntegralValueOutOfRange(11, other)),
        },
        start_user: row.get(12)?,
        super_instance: row.get(13)?,
        end_activity: row.get(14)?,
        delete_reason: row.get(15)?,
    })
}

/// Columns of `task_row`, in its order.
pub(super) const TASK_COLUMNS: &str = "root, number, instance, tenant, place, definition, key, activity_id, execution, name, \
     description, assignee, owner, delegation, priority, due_ms, category, form_key, parent_task, business_key, created_ms, claimed_ms, \
     ended_ms, delete_reason";

pub(super) fn task_row(row: &Row<'_>) -> rusqlite::Result<FinishedTask> {
    Ok(FinishedTask {
        id: id_of(row, 0, 1)?,
        instance: row.get(2)?,
        tenant: Tenant(row.get(3)?),
        order: order_of(row.get(4)?),
        definition: DefinitionId(row.get::<_, i64>(5)?.cast_unsigned()),
        key: row.get(6)?,
        activity_id: row.get(7)?,
        execution: row.get(8)?,
        name: row.get(9)?,
        description: row.get(10)?,
        assignee: row.get(11)?,
        owner: row.get(12)?,
        delegation: match row.get::<_, Option<i64>>(13)? {
            None => None,
            Some(0) => Some(Delegation::Pending),
            Some(1) => Some(Delegation::Resolved),
            Some(other) => return Err(rusqlite::Error::IntegralValueOutOfRange(13, other)),
        },
        priority: row.get(14)?,
        due_ms: row.get(15)?,
        category: row.get(16)?,
        form_key: row.get(17)?,
        parent_task: row.get(18)?,
        business_key: row.get(19)?,
        created_ms: row.get(20)?,
        claimed_ms: row.get(21)?,
        ended_ms: row.get(22)?,
        delete_reason: row.get(23)?,
    })
}

pub(super) fn id_of(row: &Row<'_>, root: usize, number: usize) -> rusqlite::Result<Id> {
    let bytes: [u8; 16] = row.get(root)?;
    let number = row.get::<_, i64>(number)?;
    let number = u32::try_from(number).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, Type::Integer, Box::new(error))
    })?;
    Ok(RootId(u128::from_be_bytes(bytes)).child(number))
}
