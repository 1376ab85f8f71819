//! Why there is no configuration to start with, and where in the file that stands.
//! Never: shows a value that the file does not show.

use std::{io, net::SocketAddr, ops::Range};
use toml::de::{DeTable, DeValue};

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// The file's name.
        file: String,
        /// What the machine says.
        error: io::Error,
    },
    /// The file says what it may not say.
    #[error("{file}:{line}: {}{message}", key_prefix(.key))]
    Invalid {
        /// The file's name.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The key with its tables, as in `http.body_time`; none when the file is no TOML.
        key: Option<String>,
        /// What is wrong with it.
        message: String,
    },
    /// Robots would be lost between two heartbeats.
    #[error("refusing to start: [robots] heartbeat may be at most a third of lost_after")]
    SlowHeartbeat,
    /// Watchers would leave no connections to others.
    #[error(
        "refusing to start: [live] connections may be at most {most}, three quarters of those of [http]"
    )]
    TooManyWatchers {
        /// How many they may be.
        most: usize,
    },
    /// An API without authentication would be reached from a network.
    #[error(
        "refusing to start: [{section}] auth = \"open\" would let everyone in who reaches {listen}. \
         Listen on a loopback address only, or set [{section}] auth = \"token\", \
         or say [{section}] allow_open_network = true"
    )]
    OpenToNetwork {
        /// The API's section of the file.
        section: &'static str,
        /// A listener that is not on loopback.
        listen: SocketAddr,
    },
}

impl ConfigError {
    /// Finds the line and the key of what the parser complains about.
    pub(super) fn invalid(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().unwrap_or(0..0).start;
        let before = &text.as_bytes()[..at.min(text.len())];
        let key = DeTable::parse(text)
            .ok()
            .and_then(|table| key_at(table.get_ref(), at));
        ConfigError::Invalid {
            file: file.to_owned(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            key,
            message: error.message().trim_end().replace('\n', "; "),
        }
    }
}

fn key_prefix(key: &Option<String>) -> String {
    key.as_ref()
        .map_or_else(String::new, |key| format!("{key}: "))
}

/// The dotted key whose name or value stands at this byte.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        if let DeValue::Table(inner) = value.get_ref()
            && let Some(rest) = key_at(inner, at)
        {
            return Some(format!("{name}.{rest}"));
        }
        let stands = |span: Range<usize>| span.contains(&at);
        (stands(key.span()) || stands(value.span())).then(|| name.to_string())
    })
}
