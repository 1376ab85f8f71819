//! What the command line understands, refuses, and makes of the configuration.

use super::*;
use clap::CommandFactory;
use std::fs;

fn parse(line: &str) -> Result<Command, clap::Error> {
    let words = ["loomwork"].into_iter().chain(line.split_whitespace());
    Cli::try_parse_from(words).map(Cli::into_command)
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_is_understood() {
    let rows = [
        (
            "",
            "Serve(ServeArgs { data: DataArgs { config: None, data: None, keys: None }, listen: [], restart: false, new_keys: false })",
        ),
        (
            "serve --config c.toml --data d --listen 127.0.0.1:1 --listen [::1]:2 --restart --keys k",
            "Serve(ServeArgs { data: DataArgs { config: Some(\"c.toml\"), data: Some(\"d\"), keys: Some(\"k\") }, \
             listen: [127.0.0.1:1, [::1]:2], restart: true, new_keys: false })",
        ),
        (
            "--restart",
            "Serve(ServeArgs { data: DataArgs { config: None, data: None, keys: None }, listen: [], restart: true, new_keys: false })",
        ),
        (
            "verify --data d",
            "Verify(VerifyArgs { data: DataArgs { config: None, data: Some(\"d\"), keys: None }, repair: None, accept_history: false })",
        ),
        (
            "verify --repair 17",
            "Verify(VerifyArgs { data: DataArgs { config: None, data: None, keys: None }, repair: Some(17), accept_history: false })",
        ),
        (
            "backup b",
            "Backup(BackupArgs { into: \"b\", data: DataArgs { config: None, data: None, keys: None } })",
        ),
        (
            "restore b --data d",
            "Restore(RestoreArgs { from: \"b\", data: DataArgs { config: None, data: Some(\"d\"), keys: None } })",
        ),
        (
            "token create --name ci",
            "Token(TokenArgs { action: Create { name: \"ci\", data: DataArgs { config: None, data: None, keys: None } } })",
        ),
        (
            "token list --data d",
            "Token(TokenArgs { action: List { data: DataArgs { config: None, data: Some(\"d\"), keys: None } } })",
        ),
        (
            "token revoke --name ci",
            "Token(TokenArgs { action: Revoke { name: \"ci\", data: DataArgs { config: None, data: None, keys: None } } })",
        ),
        (
            "serve --new-keys",
            "Serve(ServeArgs { data: DataArgs { config: None, data: None, keys: None }, listen: [], restart: false, new_keys: true })",
        ),
        (
            "user add --name kim --company C --role Operator --role Viewer --password-stdin",
            "User(UserArgs { action: Add { name: \"kim\", full_name: None, company: Some(\"C\"), department: None, \
             roles: [\"Operator\", \"Viewer\"], system_admin: false, \
             password: UserPassword { password: None, password_stdin: true }, \
             data: DataArgs { config: None, data: None, keys: None } } })",
        ),
        (
            "user passwd --name kim --password p --data d",
            "User(UserArgs { action: Passwd { name: \"kim\", \
             password: UserPassword { password: Some(\"p\"), password_stdin: false }, \
             data: DataArgs { config: None, data: Some(\"d\"), keys: None } } })",
        ),
        (
            "seed s.toml --data d",
            "Seed(SeedArgs { file: \"s.toml\", data: DataArgs { config: None, data: Some(\"d\"), keys: None } })",
        ),
        ("bench-client", "BenchClient"),
        ("bench-echo", "BenchEcho"),
        ("bench-watchers", "BenchWatchers"),
        ("demo", "Demo(DemoArgs { listen: [127.0.0.1:8092] })"),
    ];
    for (line, expected) in rows {
        match parse(line) {
            Ok(command) => assert_eq!(format!("{command:?}"), expected, "{line}"),
            Err(error) => panic!("{line}: {error}"),
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let rows = [
        ("fly", "unrecognized subcommand"),
        ("serve --listen localhost:1", "is no address and port"),
        ("--data d verify", "cannot be used with"),
        ("verify --repair now", "invalid digit"),
        ("backup", "<DIR>"),
        ("restore", "<FROM>"),
        ("token", "Usage"),
        ("token create", "--name"),
    ];
    for (line, expected) in rows {
        match parse(line) {
            Ok(command) => panic!("{line}: {command:?}"),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains(expected), "{line}: {text}");
            }
        }
    }
}

#[test]
fn the_command_line_comes_before_the_file_and_the_whole_is_checked() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("c.toml");
    fs::write(&file, "data = 'a'\nkeys = 'k'\nlisten = '127.0.0.1:1'\n").expect("a file");
    let mut args = ServeArgs::default();
    args.data.config = Some(file);
    assert_eq!(
        args.config().expect("a configuration").data,
        PathBuf::from("a")
    );

    args.data.data = Some(PathBuf::from("b"));
    args.listen = vec![SocketAddr::from(([127, 0, 0, 1], 2))];
    let config = args.config().expect("a configuration");
    assert_eq!(config.data, PathBuf::from("b"));
    assert_eq!(config.keys, Some(PathBuf::from("k")));
    assert_eq!(config.listen, args.listen);

    args.listen = vec![SocketAddr::from(([0, 0, 0, 0], 2))];
    assert!(matches!(
        args.config(),
        Err(ConfigError::OpenToNetwork { .. })
    ));
    assert!(args.data.config().is_ok(), "work on data listens nowhere");
}
