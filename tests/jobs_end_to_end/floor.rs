//! The machines: a server, a group of robots, and the file in which every run says that it has begun.
//!
//! Owns: who is there, and the common jobs. Never: looks at what has become of them.

use crate::{
    account::End,
    packages,
    support::{
        Console, Robot, Server, Setup,
        console::{GROUP, sow},
        robot::Program,
    },
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The robots' ids and secrets. The last one is in no group.
pub const ROBOTS: [(&str, &str); 4] = [
    (
        "bfdd9398-f2f9-4b10-8341-60944e87da1e",
        "r1-secret-0123456789",
    ),
    (
        "bfdd9398-f2f9-4b10-8341-60944e87da2e",
        "r2-secret-0123456789",
    ),
    (
        "bfdd9398-f2f9-4b10-8341-60944e87da3e",
        "r3-secret-0123456789",
    ),
    (
        "bfdd9398-f2f9-4b10-8341-60944e87da4e",
        "r4-secret-0123456789",
    ),
];

const PEOPLE: &str = r#"
[[company]]
id = "9a0c7d89-404a-4896-a0b9-1add6d9551e8"
name = "Encootech"
[[department]]
id = "2836f935-3c0b-4ce3-8cc3-77324f8df68c"
company = "Encootech"
name = "Head office"
[[user]]
user_name = "admin@encootech.com"
name = "Admin"
password = "123456"
[[user.member]]
company = "Encootech"
department = "Head office"
roles = ["CompanyAdmin"]
"#;

/// The machines.
pub struct Floor {
    pub robots: Vec<Robot>,
    pub console: Console,
    /// Workflows of common jobs, with how those end.
    common: Vec<(String, End)>,
    server: Server,
}

impl Floor {
    /// A server with robots that are not there yet.
    pub fn furnished() -> Floor {
        let mut server = Server::prepared(Setup::new());
        let mut seed = PEOPLE.to_owned();
        for (at, (id, secret)) in ROBOTS.iter().enumerate() {
            let name = at + 1;
            seed.push_str(&format!(
                "[[robot]]\nid = \"{id}\"\ndepartment = \"Head office\"\nname = \"r{name}\"\nsecret = \"{secret}\"\n"
            ));
        }
        seed.push_str(&format!(
            "[[group]]\nid = \"{GROUP}\"\ndepartment = \"Head office\"\nname = \"g1\"\nrobots = [\"r1\", \"r2\", \"r3\"]\n"
        ));
        sow(&server, &seed);
        server.start_again();
        Floor {
            robots: Vec::new(),
            console: Console::sign_in(&server),
            common: Vec::new(),
            server,
        }
    }

    /// The same with the workflows of common jobs: some succeed, some at the second attempt, some never.
    pub fn open() -> Floor {
        let mut floor = Floor::furnished();
        let good = packages::common(&floor, true);
        let flaky = packages::flaky(&floor);
        let bad = packages::common(&floor, false);
        let rows = [
            ("good", &good, 3, End::Succeeded),
            ("flaky", &flaky, 3, End::Succeeded),
            ("bad", &bad, 1, End::Failed),
        ];
        for (name, files, retries, end) in rows {
            let settings = json!({"priority": 1000, "maxRetryCount": retries});
            let workflow = floor.workflow(name, files, &settings, &[]);
            floor.common.push((workflow, end));
        }
        floor
    }

    /// Starts a robot.
    pub fn start_robot(&mut self, at: usize, program: Program, options: &[&'static str]) {
        let (id, secret) = ROBOTS[at];
        let robot = Robot::start_program(program, &self.server, id, secret, options);
        self.robots.push(robot);
    }

    /// Makes a workflow of a script for the group, or for these robots.
    pub fn workflow(
        &mut self,
        name: &str,
        script: &str,
        settings: &Value,
        robots: &[&str],
    ) -> String {
        let mut settings = settings.clone();
        if robots.is_empty() {
            settings["associatedQueueId"] = json!(GROUP);
        }
        let files: [(&str, &[u8]); 1] = [("main.sh", script.as_bytes())];
        let workflow = self.console.workflow(name, &files, &settings);
        if !robots.is_empty() {
            let path = format!("/openapi/workflows/{workflow}/robots");
            self.console.post(&path, &json!({"robotIds": robots}));
        }
        workflow
    }

    /// Makes a workflow and executes it; its only job.
    pub fn execute_new(
        &mut self,
        name: &str,
        script: &str,
        settings: &Value,
        robots: &[&str],
    ) -> String {
        let workflow = self.workflow(name, script, settings, robots);
        self.console.execute(&workflow, &json!({})).remove(0)
    }

    /// Executes common workflows in turn: of five jobs three succeed at once.
    pub fn execute_common(&mut self, count: usize) -> Vec<(String, End)> {
        let turns = [0, 1, 0, 2, 0];
        let mut jobs = Vec::new();
        for at in 0..count {
            let (workflow, end) = self.common[turns[at % turns.len()]].clone();
            let executed = self.console.execute(&workflow, &json!({}));
            jobs.extend(executed.into_iter().map(|job| (job, end)));
        }
        jobs
    }

    /// `kill -9`, and on again at the same address.
    pub fn kill_the_server(&mut self) {
        self.server.kill();
        self.server.start_again_here();
        self.console.again(&self.server);
    }

    /// Where runs say that they have begun.
    pub fn runs_path(&self) -> PathBuf {
        self.server.directory().join("runs")
    }

    /// A place for what a package needs.
    pub fn place(&self, name: &str) -> PathBuf {
        self.server.directory().join(name)
    }

    /// The runs that have begun and the workflows that they are of, in order.
    pub fn begun(&self) -> Vec<(String, String)> {
        let path = self.runs_path();
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = text.lines().map(|line| {
            let (run, name) = line.split_once(' ').expect("a run and a name");
            (run.to_owned(), name.to_owned())
        });
        lines.collect()
    }
}
