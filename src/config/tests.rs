//! What the configuration takes, what it refuses and how it says so, and that `config.toml` explains all of it.

use super::*;
use std::{collections::BTreeSet, time::Duration};
use toml::de::{DeTable, DeValue};

const SHIPPED: &str = include_str!("../../config.toml");

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse("c.toml", text)
}

/// The shipped file with the knobs that have no default switched on.
fn everything_said() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest.to_owned(),
        Some(_) | None => line.to_owned(),
    };
    SHIPPED.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_shipped_file_says_exactly_the_defaults() {
    assert_eq!(parse(SHIPPED).expect("a configuration"), Config::default());
    assert_eq!(parse("").expect("a configuration"), Config::default());
}

#[test]
fn every_knob_stands_in_the_shipped_file() {
    let text = everything_said();
    let table = DeTable::parse(&text).expect("TOML");
    let mut count = 0;
    let mut compare = |section: &str, table: &DeTable<'_>| {
        let said: BTreeSet<String> = table.keys().map(|key| key.get_ref().to_string()).collect();
        assert_eq!(said, known_keys(section), "[{section}]");
        count += said.len();
    };
    compare("", table.get_ref());
    for (name, value) in table.get_ref() {
        if let DeValue::Table(inner) = value.get_ref() {
            compare(name.get_ref(), inner);
        }
    }
    assert!(count > 40, "{count}");
}

/// What the parser names when it does not know a key.
fn known_keys(section: &str) -> BTreeSet<String> {
    let header = if section.is_empty() {
        String::new()
    } else {
        format!("[{section}]\n")
    };
    let error = parse(&format!("{header}unheard_of = 1"))
        .expect_err("a refusal")
        .to_string();
    let (_, known) = error.split_once("expected").expect("the keys");
    let names = known.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

#[test]
fn what_has_no_default_is_read_too() {
    let config = parse(&everything_said()).expect("a configuration");
    assert_eq!(config.keys_dir(), PathBuf::from("/var/lib/loomwork.keys"));
    assert_eq!(
        config.archive.retention,
        Some(Duration::from_secs(365 * 86_400))
    );
    assert_eq!(
        config.public_url.gateway.as_deref(),
        Some("https://flow.example.com")
    );
    assert_eq!(
        config.public_url.sso.as_deref(),
        Some("https://sso.example.com")
    );
}

#[test]
fn an_error_names_file_line_and_key() {
    let rows = [
        (
            "listen = 8092",
            "c.toml:1: listen: invalid type: integer `8092`, expected an address such as \"127.0.0.1:8092\", or a list of them",
        ),
        (
            "listen = []",
            "c.toml:1: listen: there must be an address to listen on",
        ),
        (
            "listen = [\n'127.0.0.1:1',\n'localhost:1']",
            "c.toml:1: listen: 'localhost:1' is no address and port, such as \"127.0.0.1:8092\" or \"[::1]:8092\"",
        ),
        (
            "durability = 'never'",
            "c.toml:1: durability: unknown variant `never`, expected `sync` or `async`",
        ),
        (
            "\n[http]\n\nbody_time = 5\n",
            "c.toml:4: http.body_time: invalid type: integer `5`, expected a string",
        ),
        (
            "[http]\nidle = '5'",
            "c.toml:2: http.idle: '5' is no length of time: a unit is missing; write for example \"250ms\", \"10m\" or \"PT10M\"",
        ),
        (
            "[http]\nbody_bytes = '5MB'",
            "c.toml:2: http.body_bytes: '5MB' is no size: the unit is one of B, KiB, MiB, GiB, TiB; write for example \"512KiB\" or \"256MiB\"",
        ),
        (
            "[http]\nconnections = 0",
            "c.toml:2: http.connections: it must be at least 1",
        ),
        (
            "[http]\nhosts = ['http://x']",
            "c.toml:2: http.hosts: 'http://x' is no host, such as \"flow.example.com\" or \"flow.example.com:8443\"",
        ),
        (
            "[http]\nallowed_origins = ['https://x/y']",
            "c.toml:2: http.allowed_origins: 'https://x/y' is no scheme and host, such as \"https://flow.example.com\"",
        ),
        (
            "[public_url]\nsso = 'sso.example.com'",
            "c.toml:2: public_url.sso: 'sso.example.com' is no web address, such as \"https://flow.example.com/gateway\"",
        ),
        (
            "[engine]\ntime_zone = 'Mars'",
            "c.toml:2: engine.time_zone: 'Mars' is no time zone, such as \"UTC\" or \"Asia/Shanghai\"",
        ),
        (
            "[log]\nlevel = 'a=b=c'",
            "c.toml:2: log.level: 'a=b=c' is no log level, such as \"info\" or \"info,loomwork=debug\"",
        ),
        (
            "[journal]\nsegment = 1",
            "c.toml:2: journal.segment: unknown field `segment`, expected `segment_bytes`",
        ),
        (
            "\n[jurnal]",
            "c.toml:2: jurnal: unknown field `jurnal`, expected one of",
        ),
        (
            "[api]\nauth = 'open'\nauth = 'token'",
            "c.toml:3: duplicate key",
        ),
        ("data = ", "c.toml:1: "),
    ];
    for (text, expected) in rows {
        let shown = parse(text).expect_err("a refusal").to_string();
        assert!(shown.starts_with(expected), "{text}\n{shown}");
        assert!(!shown.contains('\n'), "{shown}");
    }
}

#[test]
fn a_file_that_was_named_must_exist() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("none.toml");
    let shown = Config::find(Some(&file))
        .expect_err("a refusal")
        .to_string();
    assert!(
        shown.starts_with(&format!("cannot read {}: ", file.display())),
        "{shown}"
    );
}

#[test]
fn the_apis_and_signing_in_may_have_addresses_of_their_own() {
    let text = "[listen]\nsso = '127.0.0.1:81'\ngateway = '127.0.0.1:8080'";
    let config = parse(text).expect("a configuration");
    let listen: Vec<String> = config.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["127.0.0.1:8080", "127.0.0.1:81"]);
    for wrong in [
        "[listen]\nsso = '127.0.0.1:81'",
        "[listen]\nsso = 'x'\ngateway = 'y'",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn lengths_of_time_are_read_in_every_form() {
    let rows = [
        ("250ms", Some(250)),
        ("10s", Some(10_000)),
        ("10m", Some(600_000)),
        ("1h 30m", Some(5_400_000)),
        ("PT10M", Some(600_000)),
        ("PT0.25S", Some(250)),
        ("P1DT1H", Some(90_000_000)),
        ("7 days", Some(604_800_000)),
        ("P1W", Some(604_800_000)),
        ("", None),
        ("10", None),
        ("0s", None),
        ("-1s", None),
        ("P1M", None),
        ("1y", None),
        ("10 parsecs", None),
    ];
    for (text, expected_ms) in rows {
        let expected = expected_ms.map(Duration::from_millis);
        assert_eq!(duration::parse(text).ok(), expected, "{text}");
    }
}

#[test]
fn sizes_are_read_in_binary_units_only() {
    let rows = [
        ("1B", Some(1)),
        ("512", None),
        ("32KiB", Some(32 << 10)),
        ("256 MiB", Some(256 << 20)),
        ("8GiB", Some(8 << 30)),
        ("1TiB", Some(1 << 40)),
        ("16777215TiB", Some(16_777_215 << 40)),
        ("16777216TiB", None),
        ("99999999999999999999B", None),
        ("0MiB", None),
        ("1.5MiB", None),
        ("-1MiB", None),
        ("1MB", None),
        ("1mib", None),
        ("MiB", None),
        ("", None),
    ];
    for (text, expected) in rows {
        assert_eq!(size::parse(text).ok(), expected, "{text}");
    }
    let rows = [
        ("1024", Some(1024)),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("true", None),
    ];
    for (value, expected) in rows {
        let config = parse(&format!("[journal]\nsegment_bytes = {value}"));
        let read = config.ok().map(|config| config.journal.segment_bytes);
        assert_eq!(read, expected, "{value}");
    }
}

#[test]
fn an_open_api_is_served_to_a_network_only_when_that_is_said() {
    let open = |section: &str| format!("[{section}]\nauth = 'open'\n");
    let token = |section: &str| format!("[{section}]\nauth = 'token'\n");
    let allowed = |section: &str| format!("{}allow_open_network = true\n", open(section));
    let (pc, api) = ("process_center", "api");
    let rows = [
        (
            "['127.0.0.1:1', '[::1]:1', '127.9.9.9:1']",
            open(pc),
            open(api),
            None,
        ),
        ("'[::ffff:127.0.0.1]:1'", open(pc), open(api), None),
        ("'0.0.0.0:1'", token(pc), token(api), None),
        ("'0.0.0.0:1'", allowed(pc), allowed(api), None),
        ("'0.0.0.0:1'", allowed(pc), token(api), None),
        ("'0.0.0.0:1'", open(pc), token(api), Some((pc, "0.0.0.0:1"))),
        ("'[::]:1'", token(pc), open(api), Some((api, "[::]:1"))),
        (
            "['127.0.0.1:1', '10.0.0.1:2']",
            open(pc),
            allowed(api),
            Some((pc, "10.0.0.1:2")),
        ),
    ];
    for (listen, first, second, expected) in rows {
        let text = format!("listen = {listen}\n{first}{second}");
        let refused = parse(&text).expect("a configuration").check().err();
        match (&refused, expected) {
            (None, None) => {}
            (Some(ConfigError::OpenToNetwork { section, listen }), Some((name, address))) => {
                assert_eq!((*section, listen.to_string().as_str()), (name, address));
            }
            (refused, expected) => panic!("{text}: {refused:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn watchers_leave_a_quarter_of_the_connections_to_others() {
    let rows = [
        ("", Ok(12_288)),
        ("[http]\nconnections = 100", Ok(75)),
        ("[http]\nconnections = 1", Ok(1)),
        (
            "[http]\nconnections = 100\n[live]\nconnections = 75",
            Ok(75),
        ),
        (
            "[http]\nconnections = 100\n[live]\nconnections = 76",
            Err(75),
        ),
    ];
    for (text, expected) in rows {
        let config = parse(text).expect("a configuration");
        match (config.check(), expected) {
            (Ok(()), Ok(watchers)) => assert_eq!(config.watchers(), watchers, "{text}"),
            (Err(ConfigError::TooManyWatchers { most }), Err(may)) => assert_eq!(most, may),
            (found, expected) => panic!("{text}: {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn keys_lie_beside_the_data_unless_told_otherwise() {
    let rows = [
        ("./data", "./data.keys"),
        ("data/", "data.keys"),
        ("/var/lib/x//", "/var/lib/x.keys"),
    ];
    for (data, keys) in rows {
        let config = Config {
            data: PathBuf::from(data),
            ..Config::default()
        };
        assert_eq!(config.keys_dir(), PathBuf::from(keys), "{data}");
    }
}

#[test]
fn more_than_the_machine_could_give_is_refused_with_its_key_and_bound() {
    for (text, said) in [
        (
            "[engine]\nworkers = 1000000000",
            "c.toml:2: engine.workers: there can be at most 1024 workers",
        ),
        (
            "[journal]\nsegment_bytes = \"8TiB\"",
            "c.toml:2: journal.segment_bytes: a segment has at most 1GiB",
        ),
    ] {
        let refused = Config::parse("c.toml", text).err().map(|e| e.to_string());
        assert_eq!(refused.as_deref(), Some(said));
    }
    assert!(Config::parse("c.toml", "[engine]\nworkers = 1024").is_ok());
    assert!(Config::parse("c.toml", "[journal]\nsegment_bytes = \"1GiB\"").is_ok());
}
