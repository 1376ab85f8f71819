//! The small pictures inside tasks, events and gateways, each in a box of 16 by 16. Owns their lines. Must never
//! depend on a font.
//!
//! {line} stands for the colour of lines and {fill} for what fills the areas: white in catching events, the colour of
//! lines in throwing ones. Inside a filled area {line} becomes white where it has to show.

use super::super::model::{Definition, GatewayKind, TaskKind};

const GEAR: &str = "M6.7 3.2L6.8 1.2L9.2 1.2L9.3 3.2L10.5 3.6L12.0 2.4L13.6 4.0L12.4 5.5L12.8 6.7L14.8 6.8L14.8 9.2L12.8 9.3L12.4 10.5L13.6 12.0L12.0 13.6L10.5 12.4L9.3 12.8L9.2 14.8L6.8 14.8L6.7 12.8L5.5 12.4L4.0 13.6L2.4 12.0L3.6 10.5L3.2 9.3L1.2 9.2L1.2 6.8L3.2 6.7L3.6 5.5L2.4 4.0L4.0 2.4L5.5 3.6z";

const ENVELOPE: &str =
    r#"<path d="M1.5 3.5h13v9h-13z"/><path d="M1.5 3.8 8 9l6.5-5.2" fill="none"/>"#;
const SENT_ENVELOPE: &str = r#"<path d="M1 3.2h14l-7 5.6z"/><path d="M1 5.2v8h14v-8L8 10.8z"/>"#;

/// How an icon is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Lines only.
    Outlined,
    /// Areas in the colour of the lines.
    Filled,
}

/// The icon at the top left of a task: its lines and how they are inked.
pub fn task(kind: TaskKind) -> Option<(String, Ink)> {
    let outlined = |icon: &str| Some((icon.to_owned(), Ink::Outlined));
    match kind {
        TaskKind::Plain => None,
        TaskKind::User => outlined(
            r#"<path d="M2 14.5v-1.8c0-2.6 2-4.2 4.2-4.7L8 10l1.8-2c2.2.5 4.2 2.1 4.2 4.7v1.8z"/><circle cx="8" cy="4.6" r="3.1"/>"#,
        ),
        TaskKind::Service => Some((
            format!(r#"<path d="{GEAR}"/><circle cx="8" cy="8" r="2.3"/>"#),
            Ink::Outlined,
        )),
        TaskKind::Script => outlined(
            r#"<path d="M5 1.5h8.5c-3 2.6-2.4 4.2-1 6.5s2 4.2-1 6.5H3c3-2.3 2.4-4.2 1-6.5s-2-3.9 1-6.5z"/><path d="M5.3 4.5h5M5.3 7h5M6.5 9.5h5M6.5 12h5" fill="none"/>"#,
        ),
        TaskKind::Manual => outlined(
            r#"<path d="M1.5 8 5.6 3.6c.8-.8 2 .2 1.4 1.1L5.9 6.2h7.4a1 1 0 0 1 0 2h.7a1 1 0 0 1 0 2h-.7a1 1 0 0 1 0 2h-.8a.9.9 0 0 1 0 1.8H5c-2.2 0-3.5-1.2-3.5-3.2z"/><path d="M9 8.2h4.5M9 10.2h4.5M9 12.2h4" fill="none"/>"#,
        ),
        TaskKind::Send => Some((SENT_ENVELOPE.to_owned(), Ink::Filled)),
        TaskKind::Receive => outlined(ENVELOPE),
        TaskKind::BusinessRule => outlined(
            r#"<path d="M1.5 2.5h13v11h-13z"/><path d="M1.5 2.5h13v3.2h-13z" fill="{line}"/><path d="M1.5 9.6h13M5.5 5.7v7.8" fill="none"/>"#,
        ),
        TaskKind::Robot => outlined(
            r#"<path d="M8 5V3M1.6 8.5v3M14.4 8.5v3" fill="none"/><rect x="3" y="5" width="10" height="9" rx="2"/><circle cx="8" cy="2.2" r="1" fill="{line}"/><circle cx="6" cy="8.6" r=".9" fill="{line}"/><circle cx="10" cy="8.6" r=".9" fill="{line}"/><path d="M6 11.6h4" fill="none"/>"#,
        ),
    }
}

/// The icon in the middle of an event.
pub fn event(definition: Definition, ink: Ink) -> Option<&'static str> {
    match definition {
        Definition::None => None,
        Definition::Message => Some(match ink {
            Ink::Outlined => ENVELOPE,
            Ink::Filled => SENT_ENVELOPE,
        }),
        Definition::Timer => Some(
            r#"<circle cx="8" cy="8" r="6.7" fill="none"/><path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M8.9 3.4 8 8l3.2 1.2" fill="none"/>"#,
        ),
        Definition::Signal => Some(r#"<path d="M8 2 14.2 13H1.8z"/>"#),
        Definition::Error => Some(r#"<path d="M2 14 5.2 3.2l4.3 5.6L13.8 2l-3 11-4.6-6z"/>"#),
        Definition::Escalation => Some(r#"<path d="m8 1.8 4.6 12L8 9.3l-4.6 4.5z"/>"#),
        Definition::Link => Some(r#"<path d="M1.5 5.7h7.3V2.6L14.5 8l-5.7 5.4v-3.1H1.5z"/>"#),
        Definition::Compensation => Some(r#"<path d="M7.4 3.5v9L1.4 8zM13.9 3.5v9l-6-4.5z"/>"#),
        Definition::Conditional => Some(
            r#"<path d="M3 1.5h10v13H3z"/><path d="M5 4.5h6M5 6.8h6M5 9.2h6M5 11.5h6" fill="none"/>"#,
        ),
        Definition::Terminate => Some(r#"<circle cx="8" cy="8" r="6.6" fill="{line}"/>"#),
        Definition::Cancel => Some(
            r#"<path d="m3.6 2 4.4 4.4L12.4 2 14 3.6 9.6 8l4.4 4.4-1.6 1.6L8 9.6 3.6 14 2 12.4 6.4 8 2 3.6z"/>"#,
        ),
        Definition::Multiple => Some(r#"<path d="m8 1.5 6.5 4.9L12 14H4L1.5 6.4z"/>"#),
        Definition::ParallelMultiple => {
            Some(r#"<path d="M6 1.8h4V6h4.2v4H10v4.2H6V10H1.8V6H6z"/>"#)
        }
    }
}

/// The sign in a gateway, with strokes of its own width.
pub fn gateway(kind: GatewayKind) -> &'static str {
    match kind {
        GatewayKind::Exclusive => {
            r#"<path d="m4 3.2 8 9.6M12 3.2l-8 9.6" fill="none" stroke-width="2.2"/>"#
        }
        GatewayKind::Parallel => {
            r#"<path d="M8 1.8v12.4M1.8 8h12.4" fill="none" stroke-width="2.2"/>"#
        }
        GatewayKind::Inclusive => {
            r#"<circle cx="8" cy="8" r="5.8" fill="none" stroke-width="1.9"/>"#
        }
        GatewayKind::EventBased => {
            r#"<circle cx="8" cy="8" r="7.6" fill="none" stroke-width=".7"/><circle cx="8" cy="8" r="6.2" fill="none" stroke-width=".7"/><path d="m8 4 4 3-1.6 4.6H5.6L4 7z" fill="none" stroke-width=".8"/>"#
        }
        GatewayKind::Complex => {
            r#"<path d="M8 1.5v13M1.5 8h13M3.6 3.6l8.8 8.8M12.4 3.6l-8.8 8.8" fill="none" stroke-width="1.9"/>"#
        }
    }
}
