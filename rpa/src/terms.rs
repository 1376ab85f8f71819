//! The words that everything here shares: the closed lists of the console API, who did something when, and what every
//! resource carries.
//!
//! Owns: their names and numbers. Core types and disk types are the same here: variants are only added at the end, and
//! the structs never change. Never: reads JSON; the front end does.

use crate::Guid;
use codec::Tenant;
use serde::{Deserialize, Serialize};

/// A closed list with a name and a number for each entry, both of which clients send.
macro_rules! words {
    ($(#[$about:meta])* $list:ident { $($(#[$entry_about:meta])* $entry:ident = $number:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $list {
            $($(#[$entry_about])* $entry,)+
        }

        impl $list {
            /// All of them, in order.
            pub const ALL: &'static [$list] = &[$($list::$entry,)+];

            /// The name that APIs show.
            pub fn name(self) -> &'static str {
                match self {
                    $($list::$entry => stringify!($entry),)+
                }
            }

            /// The number that some clients send instead.
            pub fn number(self) -> i64 {
                match self {
                    $($list::$entry => $number,)+
                }
            }

            /// Reads a name in any case, or a number in digits.
            pub fn read(text: &str) -> Option<$list> {
                let text = text.trim();
                let number = text.parse::<i64>().ok();
                let fits = |entry: &$list| {
                    entry.name().eq_ignore_ascii_case(text) || Some(entry.number()) == number
                };
                $list::ALL.iter().copied().find(fits)
            }
        }
    };
}

words! {
    /// When a run is filmed. Kept and passed on; nothing here films.
    VideoRecordMode {
        /// Never.
        NeverRecord = 0,
        /// Filmed, uploaded when it succeeded.
        ReportOnlyWhenSucceeded = 1,
        /// Filmed, uploaded when it failed.
        ReportOnlyWhenFailed = 2,
        /// Filmed and kept at the robot.
        AlwaysRecord = 3,
        /// Filmed and uploaded.
        AlwaysReport = 4,
    }
}

words! {
    /// What happens when no robot is free at the moment of an execute.
    JobExecutionPolicy {
        /// The job is cancelled.
        SkipWhenNoResource = 0,
        /// The job waits.
        AnyTime = 1,
    }
}

words! {
    /// What started a job.
    JobStartupType {
        /// A person or a program, through an API.
        Manually = 0,
        /// A schedule.
        Trigger = 1,
        /// A message of a task queue.
        TaskQueue = 2,
    }
}

words! {
    /// The state of a job, as the API shows it.
    JobState {
        /// No attempt has begun.
        Queued = 0,
        /// An attempt runs, or the next one waits for a robot.
        Running = 1,
        /// The last attempt failed.
        Failed = 2,
        /// It was ended from outside.
        Cancelled = 3,
        /// Its last attempt succeeded.
        Succeeded = 4,
        /// Its robot has stopped it for a while.
        Paused = 5,
    }
}

words! {
    /// Where an argument's value comes from and goes to.
    Direction {
        /// Given to the run.
        In = 0,
        /// Given back by the run.
        Out = 1,
        /// Both.
        InOut = 2,
    }
}

words! {
    /// Whether the console may give a robot work.
    ConsoleManagement {
        /// It may.
        Managed = 0,
        /// It may not.
        Unmanaged = 1,
    }
}

words! {
    /// The type of an asset's value; fixed when it is created.
    AssetType {
        /// Text.
        String = 0,
        /// A whole number.
        Integer = 1,
        /// A decimal number.
        Float = 2,
        /// True or False.
        Boolean = 3,
        /// A user name and a password.
        Credential = 4,
    }
}

words! {
    /// What becomes of a schedule's firing that was missed while the server was down.
    Misfire {
        /// It fires once, late, however many were missed.
        Once = 0,
        /// It is left out.
        Skip = 1,
    }
}

impl JobState {
    /// Whether it never changes again.
    pub fn is_final(self) -> bool {
        match self {
            JobState::Failed | JobState::Cancelled | JobState::Succeeded => true,
            JobState::Queued | JobState::Running | JobState::Paused => false,
        }
    }
}

/// Who did something, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The principal.
    pub by: Guid,
    /// What the principal is called.
    pub by_name: String,
}

/// What every configured resource knows about its place and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The company.
    pub tenant: Tenant,
    /// The department.
    pub department: Guid,
    /// Its creation.
    pub created: Stamp,
    /// Its last change.
    pub modified: Option<Stamp>,
    /// Counts its changes.
    pub revision: u64,
}

/// The eTag of what counts no changes: it follows from all that is known of it, so that every change gives another one.
pub fn etag_of(value: &impl Serialize) -> String {
    let bytes = codec::encode(1, value);
    // FNV-1a: the same text for the same content in every build.
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Whether an eTag that came with a change is not the one of now.
pub fn is_stale(now: &str, given: Option<&str>) -> bool {
    match given {
        // The word that generated clients send for a text that nobody filled in.
        None | Some("string" | "") => false,
        Some(known) => known != now,
    }
}

/// What people call a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Free texts by key, in the caller's order.
    pub properties: Vec<(String, String)>,
}

/// The SHA-256 of a package's bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sha256(pub [u8; 32]);

/// A mail about a job's end. Kept and shown; nothing here sends mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Whether it is wanted at all.
    pub switch_on: bool,
    /// Only the last run instance counts.
    pub only_last_run: bool,
    /// States, by the names or numbers that the client sent.
    pub conditions: Vec<String>,
    /// Addresses.
    pub recipients: Vec<String>,
}

impl Meta {
    /// The place and history of something new.
    pub fn new(tenant: Tenant, department: Guid, created: Stamp) -> Self {
        Meta {
            tenant,
            department,
            created,
            modified: None,
            revision: 1,
        }
    }

    /// The text that changes with every change.
    pub fn etag(&self) -> String {
        format!("{:x}", self.revision)
    }

    /// The same after a change.
    pub fn touched(mut self, by: Stamp) -> Self {
        self.modified = Some(by);
        self.revision += 1;
        self
    }
}

impl std::fmt::Display for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::str::FromStr for Sha256 {
    type Err = ();

    /// Reads 64 hex digits in lower case, as it is written.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut bytes = [0; 32];
        let proper = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(proper) {
            return Err(());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let pair = text.get(2 * at..2 * at + 2).ok_or(())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| ())?;
        }
        Ok(Sha256(bytes))
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written_and_in_no_other_form() {
        let digest = Sha256(std::array::from_fn(|at| (at * 9) as u8));
        let text = digest.to_string();
        assert_eq!(text.parse(), Ok(digest));
        for wrong in [
            "",
            &text[1..],
            &text.to_uppercase(),
            &format!("+{}", &text[1..]),
        ] {
            assert_eq!(wrong.parse::<Sha256>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn words_are_read_by_name_in_any_case_and_by_number() {
        let rows = [
            ("NeverRecord", Some(VideoRecordMode::NeverRecord)),
            ("alwaysreport", Some(VideoRecordMode::AlwaysReport)),
            ("3", Some(VideoRecordMode::AlwaysRecord)),
            ("5", None),
            ("-1", None),
            ("", None),
            ("Never", None),
        ];
        for (text, expected) in rows {
            assert_eq!(VideoRecordMode::read(text), expected, "{text}");
        }
        for state in JobState::ALL {
            assert_eq!(JobState::read(state.name()), Some(*state));
            assert_eq!(JobState::read(&state.number().to_string()), Some(*state));
        }
    }
}
