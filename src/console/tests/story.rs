//! Stories told as tables: who asks for what, and what is to be seen in the answer.
//! Owns: reading such a table. Never: knows a resource.

use super::{ADMIN, FOREIGN, NOBODY, NOTHING, ROOT, SALES, SALES_ADMIN, Server, Told, VIEWER, dgs};
use crate::{http::header, sso};
use serde_json::Value;
use std::collections::BTreeMap;

/// A row of a story: who (`admin`, with a department behind a slash), request without `/openapi`, body, status, fragments
/// of the answer (one that begins with `!` must not be there), and `name=/pointer` to bind a value of it. `{name}` in a
/// request, a body or a fragment stands for what was bound.
pub type Row<'r> = (&'r str, &'r str, &'r str, u16, &'r [&'r str], &'r str);

/// A server, and what was bound of its answers.
pub struct Story {
    pub server: Server,
    pub names: BTreeMap<String, String>,
}

impl Story {
    pub async fn begin() -> Story {
        let names = [("root", ROOT), ("sales", SALES), ("nothing", NOTHING)];
        Story {
            server: Server::start().await,
            names: names.map(|(name, id)| (name.into(), id.into())).into(),
        }
    }

    /// Makes a workflow of a package of its own; binds its id.
    pub async fn workflow(&mut self, name: &str, department: &str) {
        let department = self.names[department].clone();
        let headers = [("departmentid", department.as_str())];
        let file = dgs(&format!("package of {name}"), "1.0.0", "print(1)");
        let (package, version) = self.server.upload(ADMIN, &headers, file).await;
        let body = format!(
            r#"{{"name":"{name}","packageId":"{package}","packageVersionId":"{version}","departmentId":"{department}"}}"#
        );
        let made = self.server.ask("POST /openapi/workflows", &body).await;
        let id = made.json()["id"].as_str().expect("an id").to_owned();
        self.names.insert(name.to_owned(), id);
    }

    /// A text with what was bound in the places of its names.
    pub fn filled(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    /// Sends one request.
    pub async fn send(&self, who: &str, request: &str, body: &str) -> Told {
        let request = self.filled(request).replacen(" /", " /openapi/", 1);
        let (who, department) = who.split_once('/').unwrap_or((who, ""));
        let token = match who {
            "admin" => ADMIN,
            "sales" => SALES_ADMIN,
            "viewer" => VIEWER,
            "nobody" => NOBODY,
            "other" => FOREIGN,
            other => other,
        };
        let department = self.names.get(department).map_or("", String::as_str);
        let headers = [
            ("content-type", "application/json"),
            ("departmentid", department),
        ];
        let body = self.filled(body);
        self.server.send(token, &request, &headers, body).await
    }

    pub async fn tell(&mut self, rows: &[Row<'_>]) {
        for (who, request, body, status, fragments, bind) in rows {
            let told = self.send(who, request, body).await;
            let text = told.text();
            assert_eq!(told.status, *status, "{who}: {request} {body}: {text}");
            for fragment in *fragments {
                let wanted = self.filled(fragment.trim_start_matches('!'));
                let there = text.contains(&wanted);
                assert_ne!(
                    there,
                    fragment.starts_with('!'),
                    "{request}: {fragment} in {text}"
                );
            }
            if status >= &400 {
                let content_type = &told.headers[header::CONTENT_TYPE];
                assert_eq!(content_type, "application/problem+json", "{request}");
            }
            if let Some((name, pointer)) = bind.split_once('=') {
                let answer = told.json();
                let value = answer.pointer(pointer).and_then(Value::as_str);
                let value = value.unwrap_or_else(|| panic!("{request}: no {pointer} in {text}"));
                self.names.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn end(self) {
        self.server.stop().await;
    }
}

/// Something new of the other company, of one of the kinds that these stories are about.
pub async fn foreign(server: &Server, kind: &str) -> Option<String> {
    let name = sso::secret::text("").expect("a text");
    let ask = async |kind: &str, body: String| {
        let request = format!("POST /openapi/{kind}");
        let told = server.send(FOREIGN, &request, &[], body).await.json();
        told["id"].as_str().map(str::to_owned)
    };
    let body = match kind {
        "companyusers" => format!(r#"{{"userName":"{name}","password":"long enough"}}"#),
        "queues" | "taskqueues" | "robots" | "workflowlayouts" | "roles" | "apikeys" => {
            format!(r#"{{"name":"{name}"}}"#)
        }
        "assets" => format!(r#"{{"name":"{name}","type":"String","value":"v"}}"#),
        "schedules" => {
            let layout = ask("workflowlayouts", format!(r#"{{"name":"{name}"}}"#)).await?;
            format!(
                r#"{{"name":"{name}","every":"P1D","target":{{"type":"Layout","id":"{layout}"}}}}"#
            )
        }
        _ => return None,
    };
    ask(kind, body).await
}
