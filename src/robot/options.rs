//! What a robot is told: its connection string and where it keeps its state.
//! Never: prints a secret.

use super::{Error, net::Address, trust::Trust};
use clap::Args;
use std::{fmt, path::PathBuf};

/// How to run a robot.
#[derive(Debug, Args)]
pub struct RobotArgs {
    /// HubUrl=…;ClientId=…;ClientSecret=…;AuthenticationUrl=…, as the server gave it when the robot was made
    #[arg(
        long,
        value_name = "TEXT",
        env = "LOOMWORK_CONNECTION",
        hide_env_values = true
    )]
    pub connection: String,
    /// Where the robot keeps packages, runs and results that are not delivered yet [default: $HOME/.loomwork-robot/ID]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Take every offer as a start: quicker, but a cut connection costs an attempt
    #[arg(long)]
    pub auto_accept: bool,
    /// Never use a WebSocket: for networks that let none through
    #[arg(long)]
    pub poll: bool,
    /// Believe the authorities of this PEM file that an https server is who it says, instead of the machine's
    #[arg(long, value_name = "FILE", env = "LOOMWORK_CA")]
    pub ca: Option<PathBuf>,
}

/// What a robot is told, checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose hub, and who comes.
    pub connection: Connection,
    /// Whom it believes.
    pub trust: Trust,
    /// Its directory.
    pub dir: PathBuf,
    /// Whether an offer is a start.
    pub auto_accept: bool,
    /// Whether to poll only.
    pub poll: bool,
}

/// A connection string, read.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The hub.
    pub hub: Address,
    /// The robot's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Where tokens are.
    pub authentication: Address,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.client_id, self.hub)
    }
}

impl RobotArgs {
    /// Checks what was said.
    pub fn options(&self) -> Result<Options, Error> {
        let trust = match &self.ca {
            Some(file) => {
                let read = Trust::in_file(file.clone());
                let wrong = |error| Error::Authorities(file.display().to_string(), error);
                read.map_err(wrong)?
            }
            None => Trust::default(),
        };
        let connection = Connection::read(&self.connection, &trust).map_err(Error::Connection)?;
        let dir = match (&self.dir, std::env::var_os("HOME")) {
            (Some(dir), _) => dir.clone(),
            (None, Some(home)) => PathBuf::from(home)
                .join(".loomwork-robot")
                .join(&connection.client_id),
            (None, None) => {
                let text = "HOME is not set: say where the robot keeps its state by --dir";
                return Err(Error::Connection(text.to_owned()));
            }
        };
        let dir = std::path::absolute(&dir).map_err(super::failed(dir.display()))?;
        Ok(Options {
            connection,
            trust,
            dir,
            auto_accept: self.auto_accept,
            poll: self.poll,
        })
    }
}

impl Connection {
    /// Reads a connection string; names in any case, in any order, unknown ones are ignored.
    pub fn read(text: &str, trust: &Trust) -> Result<Self, String> {
        let mut found = [const { None }; 4];
        let names = ["HubUrl", "ClientId", "ClientSecret", "AuthenticationUrl"];
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                // Not the part itself: it may be a piece of the secret.
                return Err("a part has no '='; it is NAME=VALUE;NAME=VALUE".to_owned());
            };
            let known = names
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name.trim()));
            let Some(at) = known else { continue };
            if found[at].replace(value.trim().to_owned()).is_some() {
                return Err(format!("{} is said twice", names[at]));
            }
        }
        let mut take = |at: usize| {
            let value = found[at].take().filter(|value: &String| !value.is_empty());
            value.ok_or_else(|| format!("{} is missing", names[at]))
        };
        let (hub, client_id, client_secret, sso) = (take(0)?, take(1)?, take(2)?, take(3)?);
        let is_plain = |id: char| id.is_ascii_alphanumeric() || "-_.".contains(id);
        if !client_id.chars().all(is_plain) || client_id.starts_with('.') {
            return Err("ClientId has characters that no robot's id has".to_owned());
        }
        let address = |name: &str, url: &str| {
            Address::read(url, trust).map_err(|fault| format!("{name} '{url}': {fault}"))
        };
        Ok(Self {
            hub: address(names[0], hub.trim_end_matches('/'))?,
            client_id,
            client_secret,
            authentication: address(names[3], &sso)?,
        })
    }
}
