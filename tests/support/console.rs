//! The console as a program uses it: data that a seed has put there, a token, the headers of a company.
//!
//! Owns: signing in and what every request carries. Never: says what an answer should be.

use super::{Answer, Client, Request, Server, zip_of};
use serde_json::{Value, json};
use std::fs;

pub const COMPANY: &str = "9a0c7d89-404a-4896-a0b9-1add6d9551e8";
pub const DEPARTMENT: &str = "2836f935-3c0b-4ce3-8cc3-77324f8df68c";
pub const GROUP: &str = "30f57ce8-2530-4d30-b9d1-f6352a0381c1";
pub const ROBOT: &str = "bfdd9398-f2f9-4b10-8341-60944e87da1e";
pub const SECRET: &str = "r1-secret-0123456789";

/// A company with its administrator, a robot and a group.
pub const SEED: &str = r#"
[[company]]
id = "9a0c7d89-404a-4896-a0b9-1add6d9551e8"
name = "Encootech"

[[department]]
id = "2836f935-3c0b-4ce3-8cc3-77324f8df68c"
company = "Encootech"
name = "Head office"

[[user]]
id = "11111111-1111-4111-8111-111111111111"
user_name = "admin@encootech.com"
name = "Admin"
password = "123456"
system_admin = false
[[user.member]]
company = "Encootech"
department = "Head office"
roles = ["CompanyAdmin"]

[[role]]
company = "Encootech"
name = "Uploader"
permissions = ["package.view", "package.upload"]

[[client]]
id = "shortlived"
grants = ["password", "refresh_token"]
access_token_s = 2

[[robot]]
id = "bfdd9398-f2f9-4b10-8341-60944e87da1e"
department = "Head office"
name = "r1"
secret = "r1-secret-0123456789"

[[group]]
id = "30f57ce8-2530-4d30-b9d1-f6352a0381c1"
department = "Head office"
name = "g1"
robots = ["r1"]
"#;

/// Puts what the seed says into the data of a server that does not run.
///
/// # Panics
/// When it is refused.
pub fn sow(server: &Server, seed: &str) {
    let file = server.directory().join("seed.toml");
    fs::write(&file, seed).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let name = file.display().to_string();
    let seeded = server.command(&["seed", &name]).output();
    let seeded = seeded.unwrap_or_else(|error| panic!("loomwork seed: {error}"));
    let complaint = String::from_utf8_lossy(&seeded.stderr);
    assert!(seeded.status.success(), "{complaint}");
}

/// Asks the token endpoint.
pub fn token(client: &mut Client, form: &[(&str, &str)]) -> Answer {
    client.send(&Request::post("/connect/token").form(form))
}

/// The token of a robot.
///
/// # Panics
/// When it is refused.
pub fn robot_token(server: &Server, id: &str, secret: &str) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ];
    let told = token(&mut server.client(), &form).expect(200).json();
    text(&told["access_token"])
}

/// A text of an answer; empty when it is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A program that has signed in as the administrator.
pub struct Console {
    client: Client,
    token: String,
}

impl Console {
    /// With a token at hand.
    pub fn with(server: &Server, token: &str) -> Console {
        Console {
            client: server.client(),
            token: token.to_owned(),
        }
    }

    /// Signs in.
    ///
    /// # Panics
    /// When it is refused.
    pub fn sign_in(server: &Server) -> Console {
        let form = [
            ("client_id", "thirdpartyservice"),
            ("grant_type", "password"),
            ("username", "admin@encootech.com"),
            ("password", "123456"),
        ];
        let told = token(&mut server.client(), &form).expect(200).json();
        Console::with(server, &text(&told["access_token"]))
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The same caller at the server that runs now.
    pub fn again(&mut self, server: &Server) {
        self.client = server.client();
    }

    /// Sends a request with the token and the company.
    pub fn send(&mut self, request: Request) -> Answer {
        let request = request
            .header("Authorization", &format!("Bearer {}", self.token))
            .header("CompanyId", COMPANY)
            .header("DepartmentId", DEPARTMENT);
        self.client.send(&request)
    }

    /// What a GET shows.
    pub fn get(&mut self, path: &str) -> Value {
        self.send(Request::get(path)).expect(200).json()
    }

    /// What a POST of JSON answers.
    pub fn post(&mut self, path: &str, body: &Value) -> Value {
        self.send(Request::post(path).json(body)).expect(200).json()
    }

    /// Uploads a package file; its answer.
    pub fn upload(&mut self, file: &[u8]) -> Answer {
        let request = Request::new("PUT", "/openapi/packages");
        self.send(request.body("application/octet-stream", file))
    }

    /// Uploads a package of these files beside its `project.json` and makes a workflow of it; the workflow's id.
    pub fn workflow(&mut self, name: &str, files: &[(&str, &[u8])], settings: &Value) -> String {
        let project = json!({"ProjectName": name, "Version": "1.0.0"}).to_string();
        let mut all = vec![("project.json", project.as_bytes())];
        all.extend_from_slice(files);
        let package = self.upload(&zip_of(&all)).expect(200).json();
        let mut body = json!({
            "name": name,
            "packageId": package["packageId"],
            "packageVersionId": package["packageVersionId"],
            "videoRecordMode": "NeverRecord",
        });
        for (name, value) in settings.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        text(&self.post("/openapi/workflows", &body)["id"])
    }

    /// Executes a workflow; the ids of its jobs.
    pub fn execute(&mut self, workflow: &str, body: &Value) -> Vec<String> {
        let path = format!("/openapi/workflows/{workflow}/execute");
        let jobs = self.post(&path, body);
        let jobs = jobs.as_array().into_iter().flatten();
        jobs.map(|job| text(&job["id"])).collect()
    }

    /// A job once it has ended.
    ///
    /// # Panics
    /// When it does not end.
    pub fn ended(&mut self, job: &str) -> Value {
        let shown = self.get(&format!("/openapi/jobs/{job}?waitMs=60000"));
        let state = text(&shown["state"]);
        let ends = ["Succeeded", "Failed", "Cancelled"];
        assert!(ends.contains(&state.as_str()), "still {shown}");
        shown
    }
}
