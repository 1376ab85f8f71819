//! What several commands of the console must check.
//! Never: changes anything.

use crate::{BuiltIn, Common, Guid, Refusal, State, TEXT_CHARS};
use codec::Tenant;

/// Longest remark, in characters.
const DESCRIPTION_CHARS: usize = 4_000;
/// Most tags, properties, roles of one thing.
const NOTES: usize = 100;

/// A name must be printable and not too long.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<(), Refusal> {
    let invalid = |why| Err(Refusal::Invalid { field, why });
    if name.trim().is_empty() {
        return invalid("must not be empty");
    }
    if name.chars().any(char::is_control) {
        return invalid("must not hold control characters");
    }
    if name.chars().nth(TEXT_CHARS).is_some() {
        return invalid("has more than 255 characters");
    }
    Ok(())
}

/// Notes must not be too many or too long.
pub(super) fn check_common(common: &Common) -> Result<(), Refusal> {
    let invalid = |field, why| Err(Refusal::Invalid { field, why });
    let long = |text: &str, chars| text.chars().nth(chars).is_some();
    if common
        .description
        .as_deref()
        .is_some_and(|text| long(text, DESCRIPTION_CHARS))
    {
        return invalid("description", "has more than 4000 characters");
    }
    if common.tags.len() > NOTES || common.tags.iter().any(|tag| long(tag, TEXT_CHARS)) {
        return invalid("tags", "are more than 100 or longer than 255 characters");
    }
    let mut texts = common
        .properties
        .iter()
        .flat_map(|(name, value)| [name, value]);
    if common.properties.len() > NOTES || texts.any(|text| long(text, DESCRIPTION_CHARS)) {
        return invalid(
            "properties",
            "are more than 100 or longer than 4000 characters",
        );
    }
    Ok(())
}

/// A new revision must follow the present one, or someone else was faster.
pub(super) fn check_next(what: &'static str, id: Guid, old: u32, new: u32) -> Result<(), Refusal> {
    if new == old.wrapping_add(1) {
        return Ok(());
    }
    Err(Refusal::Stale { what, id })
}

/// Roles must be there for this company.
pub(crate) fn check_role_ids(state: &State, tenant: Tenant, roles: &[Guid]) -> Result<(), Refusal> {
    if roles.len() > NOTES {
        return Err(Refusal::Invalid {
            field: "roles",
            why: "are more than 100",
        });
    }
    for role in roles {
        if BuiltIn::by_id(*role).is_none()
            && state
                .tenancy
                .role(*role)
                .is_none_or(|found| found.tenant != tenant)
        {
            return Err(Refusal::Unknown {
                what: "role",
                id: role.to_string(),
            });
        }
    }
    Ok(())
}
