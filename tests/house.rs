//! The rules of the house, read from the files themselves: who may know whom, and how a file looks.
//!
//! Owns: the layers of the design, the head and length of every file, what must be there. Never: opinions that clippy has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The arrows of the house: a crate and the crates of ours that it may build on.
const ARROWS: [(&str, &[&str]); 7] = [
    ("codec", &[]),
    ("bpmn", &["codec"]),
    ("org", &["codec"]),
    ("rpa", &["codec"]),
    ("snapshots", &["codec"]),
    ("actors", &["bpmn", "codec", "org", "rpa", "snapshots"]),
    (
        "loomwork",
        &["actors", "bpmn", "codec", "org", "rpa", "snapshots"],
    ),
];
/// Crates without clock, randomness, files, threads or async.
const PURE: [&str; 4] = ["bpmn", "codec", "org", "rpa"];
/// What a pure crate must not name.
const IMPURE: [&str; 11] = [
    "tokio",
    "async fn",
    ".await",
    "std::fs",
    "std::net",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "HashMap",
    "HashSet",
    "getrandom",
];
/// Lines of a file.
const LINES: usize = 450;
/// Tests that may pause, with the reason.
const MAY_PAUSE: [(&str, &str); 1] = [(
    "src/bench/tests.rs",
    "a handler that stalls: the pause is what is measured",
)];
/// What must lie in the repository.
const THERE: [&str; 13] = [
    "ARCHITECTURE.md",
    "README.md",
    "README.zh.md",
    "LICENSE",
    "Cargo.toml",
    "Cargo.lock",
    "config.toml",
    "deny.toml",
    "test",
    ".ci/run",
    "docs/process-center.md",
    "docs/performance.md",
    "snapshots/FORMAT.md",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The directory of a crate.
fn home(name: &str) -> PathBuf {
    if name == "loomwork" {
        root()
    } else {
        root().join(name)
    }
}

fn is_left_out(name: &str) -> bool {
    ["target", ".git", "node_modules", "data", "data.keys"].contains(&name)
}

/// All files below a folder, without what is built or fetched.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => panic!("{}: {error}", folder.display()),
        };
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if name.is_none_or(|name| is_left_out(&name)) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension()
        .is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    files(folder)
        .into_iter()
        .filter(|path| has_extension(path, &["rs"]))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap_or(&path);
            (name.display().to_string(), read(&path))
        })
        .collect()
}

/// Lines of a file that are code: comments say what they like.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.trim()))
        .filter(|(_, line)| !line.starts_with("//"))
}

fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest: toml::Table = match read(&home(name).join("Cargo.toml")).parse() {
        Ok(manifest) => manifest,
        Err(error) => panic!("Cargo.toml of {name}: {error}"),
    };
    let tables = ["dependencies", "build-dependencies"];
    tables
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn the_arrows_between_the_crates_point_only_downwards() {
    let ours: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut broken = Vec::new();
    for (name, allowed) in &ours {
        for dependency in dependencies(name) {
            let known = ours.contains_key(dependency.as_str());
            if known && !allowed.contains(&dependency.as_str()) {
                broken.push(format!("{name} must not build on {dependency}"));
            }
        }
    }
    assert_none(&broken, "the layers");
    let workspace: toml::Table = match read(&root().join("Cargo.toml")).parse() {
        Ok(manifest) => manifest,
        Err(error) => panic!("Cargo.toml: {error}"),
    };
    let members = workspace["workspace"]["members"].as_array();
    let members = members
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str);
    let unknown: Vec<String> = members
        .filter(|member| !ours.contains_key(member))
        .map(str::to_owned)
        .collect();
    assert_none(&unknown, "crates whose arrows this test does not know");
}

#[test]
fn only_codec_knows_bincode() {
    let broken: Vec<String> = ARROWS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| *name != "codec" && dependencies(name).contains("bincode"))
        .map(str::to_owned)
        .collect();
    assert_none(&broken, "crates that depend on bincode beside codec");
    let mut named = Vec::new();
    for (path, text) in sources(&root()) {
        if path.starts_with("codec/") || path.starts_with("tests/house") {
            continue;
        }
        named.extend(
            code(&text)
                .filter(|(_, line)| line.contains("bincode::"))
                .map(|(number, _)| format!("{path}:{number}")),
        );
    }
    assert_none(&named, "code that names bincode beside codec");
}

#[test]
fn pure_crates_have_no_clock_no_chance_no_files_and_no_async() {
    let mut broken = Vec::new();
    for name in PURE {
        for (path, text) in sources(&home(name).join("src")) {
            // Tests beside the code may read the files that they compare with.
            if path.ends_with("/tests.rs")
                || path.contains("/tests/")
                || path.ends_with("/golden.rs")
            {
                continue;
            }
            for (number, line) in code(&text) {
                let found = IMPURE.iter().find(|word| line.contains(**word));
                broken.extend(found.map(|word| format!("{path}:{number}: {word}")));
            }
        }
        for banned in ["tokio", "getrandom", "rand", "ractor", "async-trait"] {
            if dependencies(name).contains(banned) {
                broken.push(format!("{name} depends on {banned}"));
            }
        }
    }
    assert_none(&broken, "purity");
}

#[test]
fn every_file_begins_by_saying_what_it_owns_and_is_short() {
    let mut broken = Vec::new();
    let mut count = 0;
    for (path, text) in sources(&root()) {
        count += 1;
        if !text.starts_with("//!") {
            broken.push(format!("{path} does not begin with //!"));
        }
        let lines = text.lines().count();
        if lines > LINES {
            broken.push(format!("{path} has {lines} lines"));
        }
    }
    assert_none(&broken, "heads and lengths");
    assert!(count > 100, "only {count} files were looked at");
}

#[test]
fn nothing_is_left_undone_and_no_test_is_skipped_or_waits_by_the_clock() {
    // In pieces, so that this file is not its own first find.
    let words = [
        concat!("#[ig", "nore"),
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
    ];
    let pause = concat!("sle", "ep(");
    let mut broken = Vec::new();
    for (path, text) in sources(&root()) {
        let may_pause = MAY_PAUSE.iter().any(|(name, _)| *name == path);
        let of_tests = !may_pause && (path.contains("tests/") || path.ends_with("tests.rs"));
        for (number, line) in text.lines().enumerate() {
            let found = words
                .iter()
                .find(|word| line.contains(**word))
                .or_else(|| (of_tests && line.contains(pause)).then_some(&pause));
            broken.extend(found.map(|word| format!("{path}:{}: {word}", number + 1)));
        }
    }
    assert_none(&broken, "unfinished or unsteady");
}

#[test]
fn no_file_names_a_place_on_somebodys_machine_or_a_registry() {
    let words = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
        concat!("/Us", "ers/"),
        concat!("crates.io/", "api"),
        concat!("index.", "crates.io"),
        concat!("registry.", "npmjs"),
        concat!("pypi", ".org"),
    ];
    let kinds = ["rs", "toml", "md", "sh", "yml", "yaml", "json"];
    let mut broken = Vec::new();
    let scripts = ["test", ".ci/run"].map(|name| root().join(name));
    let listed = files(&root())
        .into_iter()
        .filter(|path| has_extension(path, &kinds));
    for path in listed.chain(scripts.into_iter().filter(|path| path.exists())) {
        let text = read(&path);
        let name = path
            .strip_prefix(root())
            .unwrap_or(&path)
            .display()
            .to_string();
        for (number, line) in text.lines().enumerate() {
            let found = words.iter().find(|word| line.contains(**word));
            broken.extend(found.map(|word| format!("{name}:{}: {word}", number + 1)));
        }
    }
    assert_none(&broken, "places");
}

#[test]
fn what_a_reader_looks_for_is_there() {
    let absent: Vec<String> = THERE
        .iter()
        .filter(|name| !root().join(name).exists())
        .map(|name| (*name).to_owned())
        .collect();
    assert_none(&absent, "absent");
    let licence = read(&root().join("LICENSE"));
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0"));
    let fonts = files(&root().join("assets/fonts"));
    let has_font = fonts
        .iter()
        .any(|path| path.to_string_lossy().ends_with(".otf.gz"));
    let licence = read(&root().join("assets/fonts/OFL.txt"));
    assert!(has_font && licence.contains("SIL OPEN FONT LICENSE"));
    for folder in [
        "src",
        "actors",
        "snapshots",
        "tests",
        "benches",
        "bpmn",
        "org",
        "codec",
    ] {
        assert!(root().join(folder).is_dir(), "{folder}/ is absent");
    }
}

#[test]
fn the_scripts_of_ci_and_test_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    for name in [".ci/run", "test"] {
        let path = root().join(name);
        let mode = match fs::metadata(&path) {
            Ok(found) => found.permissions().mode(),
            Err(error) => panic!("{name}: {error}"),
        };
        assert!(mode & 0o111 != 0, "{name} is not executable");
    }
}
