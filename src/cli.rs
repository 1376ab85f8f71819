//! The command line: what may be said, and how it joins the configuration.
//! Owns: names, help texts and checks of arguments. Never: does what is asked.

use crate::config::{self, Config, ConfigError, Overrides};
use clap::{Args, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

/// A durable BPMN 2.0 workflow engine and RPA orchestrator in one server.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(
    name = "loomwork",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do; nothing = serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of serving without a command.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until told to stop
    Serve(ServeArgs),
    /// Read all data again and say whether it is whole; no server may run on what is repaired
    Verify(VerifyArgs),
    /// Copy a consistent state into a new directory, also while the server runs; the keys are not in it
    Backup(BackupArgs),
    /// Make a data directory out of a backup
    Restore(RestoreArgs),
    /// Make, list or revoke API tokens, also while the server runs
    Token(TokenArgs),
    /// Add people and set their passwords, also while the server runs
    User(UserArgs),
    /// Fill a data directory with what a file says; no server may run on it
    Seed(SeedArgs),
    /// Serve an example process from a data directory that is thrown away
    Demo(DemoArgs),
    /// Work for a server: run the packages that it sends, on this machine
    Robot(crate::robot::RobotArgs),
    /// Print what happens on a server while it happens, one line a change
    Watch(crate::watch::WatchArgs),
    /// Measure this machine with this server
    Bench(crate::bench::BenchArgs),
    /// One window of load, as the bench starts it
    #[command(hide = true)]
    BenchClient,
    /// A crowd of watchers, as the bench starts it
    #[command(hide = true)]
    BenchWatchers,
    /// The bare server that the bench compares with
    #[command(hide = true)]
    BenchEcho,
}

/// Which data it is about.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct DataArgs {
    /// Read this configuration instead of ./config.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The data directory, instead of the configuration's
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The directory of the keys, instead of the configuration's
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
}

/// How to serve.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct ServeArgs {
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// Listen here instead; may be said more than once
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = config::address)]
    pub listen: Vec<SocketAddr>,
    /// Start again whenever the server ends with a failure
    #[arg(long)]
    pub restart: bool,
    /// Make new keys when those of the data are gone: everyone must sign in again, what was encrypted is lost
    #[arg(long)]
    pub new_keys: bool,
}

/// What to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// Set aside as *.torn what is damaged at this sequence, as a refused start or verify names it; where nothing else has it,
    /// the journal is cut there, and what was written from there on is given up
    #[arg(long, value_name = "SEQUENCE")]
    pub repair: Option<u64>,
    /// Go on with what is left of a history.db that has lost its last commits, is empty or gone: what had ended by then
    /// is given up
    #[arg(long, conflicts_with = "repair")]
    pub accept_history: bool,
}

/// Where to copy to.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The directory to make; it must not exist or be empty
    #[arg(value_name = "DIR")]
    pub into: PathBuf,
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
}

/// What to restore.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The directory that a backup made
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
}

/// What to do with tokens.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Make, list or revoke.
    #[command(subcommand)]
    pub action: TokenAction,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Make a token and print it, this once
    Create {
        /// What to call it; whoever brings it acts under this name
        #[arg(long)]
        name: String,
        /// The data.
        #[command(flatten)]
        data: DataArgs,
    },
    /// List the names of all tokens
    List {
        /// The data.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Let nobody in any more with this token
    Revoke {
        /// Its name
        #[arg(long)]
        name: String,
        /// The data.
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What to do with people.
#[derive(Debug, Args)]
pub struct UserArgs {
    /// Add somebody, or set a password.
    #[command(subcommand)]
    pub action: UserAction,
}

/// What to do with people.
#[derive(Debug, Subcommand)]
pub enum UserAction {
    /// Add somebody who can sign in; without a password a random one is made and printed, this once
    Add {
        /// What to type to sign in
        #[arg(long)]
        name: String,
        /// What others read; without it the name
        #[arg(long)]
        full_name: Option<String>,
        /// The company, by name or id; without it the only one
        #[arg(long)]
        company: Option<String>,
        /// The department, by name or id; without it the company's root
        #[arg(long)]
        department: Option<String>,
        /// A role, by name; may be said more than once
        #[arg(long = "role", default_value = "Viewer")]
        roles: Vec<String>,
        /// May do everything everywhere
        #[arg(long)]
        system_admin: bool,
        /// The password.
        #[command(flatten)]
        password: UserPassword,
        /// The data.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Set somebody's password; without one a random one is made and printed, this once
    Passwd {
        /// What one types to sign in
        #[arg(long)]
        name: String,
        /// The password.
        #[command(flatten)]
        password: UserPassword,
        /// The data.
        #[command(flatten)]
        data: DataArgs,
    },
}

/// A password for somebody.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub struct UserPassword {
    /// The password; others on this machine may see it while the command runs
    #[arg(long, conflicts_with = "password_stdin")]
    pub password: Option<String>,
    /// Read the password from the standard input, one line
    #[arg(long)]
    pub password_stdin: bool,
}

/// What to fill the data with.
#[derive(Debug, Args)]
pub struct SeedArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
}

/// How to show what the server does.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Listen here; may be said more than once
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = config::address, default_value = "127.0.0.1:8092")]
    pub listen: Vec<SocketAddr>,
}

impl Cli {
    /// The command, with `serve` in the place of none.
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

impl ServeArgs {
    /// The configuration to serve with: the file's, then the command line's, checked.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let overrides = Overrides {
            listen: self.listen.clone(),
            ..self.data.overrides()
        };
        let config = Config::find(self.data.config.as_deref())?.with(overrides);
        config.check()?;
        Ok(config)
    }
}

impl DataArgs {
    /// The configuration of work on data without listening.
    pub fn config(&self) -> Result<Config, ConfigError> {
        Ok(Config::find(self.config.as_deref())?.with(self.overrides()))
    }

    fn overrides(&self) -> Overrides {
        Overrides {
            listen: Vec::new(),
            data: self.data.clone(),
            keys: self.keys.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
