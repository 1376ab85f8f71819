//! Companies, departments, oneself.

use super::{ADMIN, COMPANY, FOREIGN, NOBODY, OTHER, ROOT, SALES, Server};
use serde_json::Value;

/// That an object has these members, and no null anywhere.
#[track_caller]
pub fn has(object: &Value, names: &[&str]) {
    for name in names {
        assert!(!object[*name].is_null(), "no {name} in {object}");
    }
    assert!(!object.to_string().contains("null"), "{object}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_signed_in_learns_their_companies_whatever_the_headers_say() {
    let server = Server::start().await;
    let kim = server.person("kim", 0).await;
    let root = server.person("root", 0).await;
    let names = |told: &Value| {
        let companies = told["companies"].as_array().expect("companies");
        companies
            .iter()
            .map(|one| one["name"].to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let rows = [
        (
            kim.as_str(),
            "/OpenApi/companies/CompanyList",
            "\"Encootech\" \"Other\"",
        ),
        (&kim, "/v2/companies/companylist?name=COO", "\"Encootech\""),
        (&kim, "/openapi/companies/companylist?Name=zzz", ""),
        (
            &root,
            "/openapi/companies/companylist",
            "\"Encootech\" \"Other\"",
        ),
        (FOREIGN, "/openapi/companies/companylist/", "\"Other\""),
        (NOBODY, "/openapi/companies/companylist", "\"Encootech\""),
    ];
    for (token, path, expected) in rows {
        let headers = [
            ("content-type", "application/json"),
            ("companyid", "anything"),
        ];
        let told = server
            .send(token, &format!("GET {path}"), &headers, "{}")
            .await
            .json();
        assert_eq!(names(&told), expected, "{path}");
    }
    let told = server
        .send(&kim, "GET /openapi/companies/companylist", &[], "")
        .await
        .json();
    let company = &told["companies"][0];
    has(
        company,
        &[
            "companyUserId",
            "companyUserName",
            "tags",
            "properties",
            "createdAt",
            "createdBy",
            "eTag",
        ],
    );
    assert_eq!(
        (&company["id"], &company["companyId"]),
        (&COMPANY.into(), &COMPANY.into())
    );
    assert_eq!(
        (&company["edition"], &company["companyUserName"]),
        (&"Enterprise".into(), &"Kim".into())
    );
    has(
        &told["tenants"][1],
        &["userId", "tenantId", "isOwner", "status", "tenantName"],
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_shows_all_departments_and_what_one_may_where() {
    let server = Server::start().await;
    let kim = server.person("kim", 0).await;
    let here = [("companyid", COMPANY)];
    let told = server
        .send(&kim, "GET /openapi/departments/tree", &here, "{}")
        .await
        .json();
    assert_eq!(told["count"], 2);
    let root = &told["rootDepartment"];
    has(
        root,
        &[
            "departmentPath",
            "tags",
            "properties",
            "createdAt",
            "eTag",
            "children",
        ],
    );
    assert_eq!(
        (&root["id"], &root["departmentId"]),
        (&ROOT.into(), &ROOT.into())
    );
    assert_eq!(
        (&root["parentId"], &root["parentResourceType"]),
        (&COMPANY.into(), &"Company".into())
    );
    assert_eq!(
        (&root["visitorHasAnyRole"], &root["visitorHasPermission"]),
        (&false.into(), &false.into())
    );
    let sales = &root["children"][0];
    assert_eq!(
        (&sales["id"], &sales["parentId"]),
        (&SALES.into(), &ROOT.into())
    );
    assert_eq!(
        (&sales["departmentPath"], &sales["userCount"]),
        (&"Root/Sales".into(), &1.into())
    );
    assert_eq!(
        (&sales["visitorHasAnyRole"], &sales["visitorHasPermission"]),
        (&true.into(), &true.into())
    );
    assert_eq!(sales["children"], Value::Array(Vec::new()));
    let path = format!("GET /v2/departments/{ROOT}/children");
    let told = server.send(NOBODY, &path, &[], "").await.json();
    assert_eq!(
        (&told["count"], &told["list"][0]["id"]),
        (&1.into(), &SALES.into())
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sees_what_one_is_in_the_company() {
    let server = Server::start().await;
    let kim = server.person("kim", 0).await;
    let here = [("companyid", COMPANY)];
    let own = server
        .send(&kim, "GET /openapi/companyUsers/self", &here, "{}")
        .await
        .json();
    has(
        &own,
        &[
            "userExtensionInfo",
            "isExternalUser",
            "hasModifiedPassword",
            "id",
            "userId",
            "isCompanyOwner",
            "eTag",
            "assignedDepartmentId",
            "parentId",
            "tags",
            "properties",
            "createdAt",
            "lastLoginAt",
        ],
    );
    let rows = [
        ("companyId", COMPANY),
        ("name", "Kim"),
        ("userName", "kim"),
        ("status", "Active"),
        ("resourceType", "CompanyUser"),
        ("departmentPath", "Root/Sales"),
        ("email", "kim@example.org"),
        ("phoneNumber", "123"),
        ("assignedDepartmentId", SALES),
    ];
    for (name, value) in rows {
        assert_eq!(own[name], value, "{name}");
    }
    assert_eq!(own["roleIds"][0], "00000000-0000-0000-0000-000000000102");
    let there = [("companyid", OTHER)];
    let own = server
        .send(&kim, "GET /v2/companyusers/self", &there, "")
        .await
        .json();
    assert_eq!(
        (&own["companyId"], &own["roleIds"]),
        (&OTHER.into(), &Value::Array(Vec::new()))
    );
    for (token, headers) in [(ADMIN, &[][..]), (&server.person("root", 0).await, &there)] {
        let own = server
            .send(token, "GET /openapi/companyusers/self", headers, "")
            .await
            .json();
        has(
            &own,
            &[
                "id",
                "userId",
                "name",
                "userName",
                "status",
                "roleIds",
                "departmentPath",
                "createdAt",
            ],
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_administers_the_system_makes_changes_and_deletes_companies_and_nobody_else_does() {
    let server = Server::start().await;
    let root = server.person("root", 0).await;
    let headers = [("companyid", COMPANY)];
    let ask = |request: String, body: &'static str| {
        let (server, root, headers) = (&server, &root, &headers);
        async move { server.send(root, &request, headers, body).await }
    };
    let made = ask(
        "POST /openapi/companies".to_owned(),
        r#"{"Name":"New","edition":"community"}"#,
    )
    .await;
    let made = made.json();
    has(
        &made,
        &["id", "companyId", "name", "edition", "createdAt", "eTag"],
    );
    assert_eq!(made["edition"], "Community");
    let id = made["id"].as_str().expect("an id").to_owned();
    let one = format!("/openapi/companies/{id}");
    let again = ask("POST /openapi/companies".to_owned(), r#"{"name":"new"}"#).await;
    assert_eq!(again.status, 400, "{}", again.text());
    let nameless = ask("POST /openapi/companies".to_owned(), "{}").await;
    nameless.refused(400, "malformed-request");
    let wrong = ask(
        "POST /openapi/companies".to_owned(),
        r#"{"name":"x","edition":"Home"}"#,
    )
    .await;
    wrong.refused(400, "malformed-request");
    let changed = ask(format!("PATCH {one}"), r#"{"name":"Newer"}"#)
        .await
        .json();
    assert_eq!(changed["name"], "Newer");
    let stale = ask(format!("PATCH {one}"), r#"{"name":"x","eTag":"99"}"#).await;
    assert_eq!(stale.status, 409, "{}", stale.text());
    // It has a tree at once, and whoever administers the system may go there.
    let inside = [("companyid", id.as_str())];
    let tree = server.send(&root, "GET /openapi/departments/tree", &inside, "");
    assert_eq!(tree.await.json()["rootDepartment"]["name"], "New");
    let listed = ask("GET /openapi/companies?SearchString=EWE".to_owned(), "")
        .await
        .json();
    assert_eq!(
        (&listed["count"], &listed["list"][0]["id"]),
        (&1.into(), &made["id"])
    );
    // Others see their own company alone.
    let own = server
        .send(ADMIN, "GET /openapi/companies", &[], "")
        .await
        .json();
    assert_eq!(
        (&own["count"], &own["list"][0]["id"]),
        (&1.into(), &COMPANY.into())
    );
    server
        .send(ADMIN, &format!("GET {one}"), &[], "")
        .await
        .refused(404, "unknown");
    let used = ask(format!("DELETE /openapi/companies/{COMPANY}"), "").await;
    used.refused(400, "in-use");
    assert!(ask(format!("DELETE {one}"), "{}").await.status < 300);
    ask(format!("GET {one}"), "").await.refused(404, "unknown");
    server.stop().await;
}
