//! Packages: upload by one request, look, change, delete.

use super::{
    ADMIN, COMPANY, FOREIGN_ROOT, Headers, OTHER, ROOT, SALES, SALES_ADMIN, Server, VIEWER,
    companies::has, dgs,
};
use serde_json::Value;

const IN_SALES: Headers<'static> = &[("departmentid", SALES)];

fn names(told: &Value) -> Vec<String> {
    let list = told["list"].as_array().expect("a list").iter();
    list.map(|one| one["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_file_becomes_a_version_once_and_never_changes() {
    let server = Server::start().await;
    let first = server
        .send(
            ADMIN,
            "PUT /openapi/packages",
            &[],
            dgs("Add", "1.9.0", "x"),
        )
        .await;
    let first = first.json();
    has(&first, &["packageId", "packageVersionId"]);
    assert_eq!(
        (&first["packageName"], &first["currentVersion"]),
        (&"Add".into(), &"1.9.0".into())
    );
    assert_eq!(first["lastVersion"], "1.9.0");
    let again = server
        .send(
            ADMIN,
            "PUT /OPENAPI/PACKAGES",
            &[],
            dgs("Add", "1.9.0", "x"),
        )
        .await;
    assert_eq!(again.json(), first, "the same again is no error");
    let other = server
        .send(
            ADMIN,
            "PUT /openapi/packages",
            &[],
            dgs("Add", "1.9.0", "y"),
        )
        .await;
    other.refused(400, "other-content");
    assert_eq!(server.blobs(), 1, "what was refused does not stay");
    let next = server
        .send(
            ADMIN,
            "PUT /openapi/packages",
            &[],
            dgs("Add", "1.10.0", "y"),
        )
        .await;
    assert_eq!(next.json()["lastVersion"], "1.10.0", "numbers are numbers");
    let older = server
        .send(
            ADMIN,
            "PUT /openapi/packages",
            &[],
            dgs("Add", "1.2.0", "z"),
        )
        .await
        .json();
    assert_eq!(
        (&older["currentVersion"], &older["lastVersion"]),
        (&"1.2.0".into(), &"1.10.0".into())
    );
    assert_eq!(older["packageId"], first["packageId"]);
    let elsewhere = server
        .upload(ADMIN, IN_SALES, dgs("Add", "1.9.0", "other"))
        .await;
    assert_ne!(
        Value::from(elsewhere.0),
        first["packageId"],
        "a department has its own"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_shows_all_that_is_documented() {
    let server = Server::start().await;
    let (id, version) = server.upload(ADMIN, &[], dgs("Add", "1.0.0", "x")).await;
    let patched = server
        .ask(
            &format!("PATCH /openapi/packages/{id}"),
            r#"{"eTag":"string","TAGS":["t1"],"description":"d"}"#,
        )
        .await;
    let package = patched.json();
    has(
        &package,
        &[
            "id",
            "totalDownloads",
            "createdAt",
            "createdBy",
            "createdByName",
            "modifiedAt",
            "modifiedBy",
            "modifiedByName",
            "properties",
            "eTag",
            "versions",
        ],
    );
    let rows = [
        ("name", "Add"),
        ("description", "d"),
        ("lastVersion", "1.0.0"),
        ("lastVersionId", &version),
        ("companyId", COMPANY),
        ("departmentId", ROOT),
        ("resourceType", "Package"),
        ("createdByName", "admin"),
    ];
    for (name, value) in rows {
        assert_eq!(package[name], value, "{name}");
    }
    assert_eq!(package["tags"][0], "t1");
    let shown = &package["versions"][0];
    has(
        shown,
        &[
            "createdAt",
            "createdBy",
            "createdByName",
            "modifiedAt",
            "modifiedBy",
            "modifiedByName",
            "eTag",
            "uploadTime",
            "totalDownloads",
            "companyId",
            "departmentId",
            "deploymentCount",
            "hashValue",
            "hashAlgorithm",
        ],
    );
    assert_eq!(
        (&shown["id"], &shown["packageId"]),
        (&version.into(), &id.clone().into())
    );
    assert_eq!(
        (&shown["version"], &shown["description"]),
        (&"1.0.0".into(), &"adds".into())
    );
    let argument = &shown["arguments"][0];
    assert_eq!(
        (&argument["name"], &argument["type"]),
        (&"a".into(), &"System.Int32".into())
    );
    assert_eq!(
        (&argument["direction"], &argument["defaultValue"]),
        (&"In".into(), &"1".into())
    );
    let got = server
        .send(
            VIEWER,
            &format!("GET /openapi/packages/{}", id.to_uppercase()),
            &[],
            "{}",
        )
        .await;
    assert_eq!(got.json(), package);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_something_older_is_refused_and_null_is_absent() {
    let server = Server::start().await;
    let (id, _) = server.upload(ADMIN, &[], dgs("Add", "1.0.0", "x")).await;
    let path = format!("PATCH /openapi/packages/{id}");
    let etag = server.ask(&path, r#"{"tags":["a"]}"#).await.json()["eTag"].clone();
    let body = format!(r#"{{"ETAG":{etag},"tags":null,"Description":"new"}}"#);
    let changed = server.ask(&path, &body).await.json();
    assert_eq!(
        (&changed["tags"][0], &changed["description"]),
        (&"a".into(), &"new".into())
    );
    server.ask(&path, &body).await.refused(409, "changed");
    server
        .ask(&path, r#"{"name":"Other"}"#)
        .await
        .refused(400, "improper");
    server
        .ask(&path, r#"{"tags":"a"}"#)
        .await
        .refused(400, "malformed-request");
    server
        .ask(&path, "[]")
        .await
        .refused(400, "malformed-request");
    server
        .ask(&path, "{")
        .await
        .refused(400, "malformed-request");
    let told = server
        .send(ADMIN, &path, &[("content-type", "text/xml")], "<a/>")
        .await;
    told.refused(415, "unsupported-media-type");
    assert_eq!(
        server.send(ADMIN, &path, &[], "").await.json(),
        changed,
        "nothing changes nothing"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_ordered_and_paged() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for (n, name) in ["Alpha", "beta", "Gamma"].into_iter().enumerate() {
        let at_ms = 1_700_000_000_000 + n as i64 * 1_000;
        assert!(server.state.engine.clock.set(at_ms));
        ids.push(server.upload(ADMIN, &[], dgs(name, "1.0", name)).await.0);
    }
    server
        .ask(
            &format!("PATCH /openapi/packages/{}", ids[0]),
            r#"{"tags":["Red%"],"description":"first"}"#,
        )
        .await
        .json();
    let lists = [
        "packages",
        "workflows",
        "workflowlayouts",
        "robots",
        "queues",
        "taskqueues",
        "assets",
        "schedules",
        "companies",
        "departments",
        "companyusers",
        "roles",
        "apikeys",
        "jobs",
        "jobgroups",
    ];
    for list in lists {
        let request = format!("GET /openapi/{list}?OrderBy=x");
        let told = server.ask(&request, "").await;
        told.refused(400, "malformed-request");
    }
    let rows: [(&str, u64, &[&str]); 13] = [
        ("", 3, &["Gamma", "beta", "Alpha"]),
        ("OrderBy=1", 3, &["Gamma", "beta", "Alpha"]),
        ("PageIndex=0&&PageSize=2", 3, &["Gamma", "beta"]),
        ("pageindex=1&pagesize=2&isdesc=true", 3, &["Alpha"]),
        ("PageIndex=9", 3, &[]),
        ("IsDesc=False", 3, &["Alpha", "beta", "Gamma"]),
        ("OrderBy=name&IsDesc=0", 3, &["Alpha", "beta", "Gamma"]),
        ("Name=A", 3, &["Gamma", "beta", "Alpha"]),
        ("Name=ALPH", 1, &["Alpha"]),
        ("SearchString=red%25", 1, &["Alpha"]),
        ("SearchString=FIRST&Name=beta", 0, &[]),
        (
            "StartTime=2023-11-14T22:13:21Z&EndTime=2023-11-14T22:13:21.000Z",
            1,
            &["beta"],
        ),
        ("SearchString=%25", 1, &["Alpha"]),
    ];
    for (query, count, expected) in rows {
        let told = server
            .send(VIEWER, &format!("GET /openapi/packages?{query}"), &[], "{}")
            .await
            .json();
        assert_eq!(
            (&told["count"], names(&told)),
            (
                &count.into(),
                expected.iter().map(|one| (*one).to_owned()).collect()
            ),
            "{query}"
        );
        assert!(
            told["list"]
                .as_array()
                .is_some_and(|list| list.iter().all(|one| one["versions"].is_null()))
        );
    }
    let query = format!("Ids={}&ids={}&IncludeVersions=true", ids[0], ids[2]);
    let told = server
        .ask(&format!("GET /openapi/packages?{query}"), "")
        .await
        .json();
    assert_eq!(names(&told), ["Gamma", "Alpha"]);
    assert_eq!(told["list"][1]["versions"][0]["version"], "1.0");
    for query in [
        "PageSize=0",
        "PageSize=1001",
        "PageIndex=-1",
        "IsDesc=x",
        "StartTime=x",
        "Ids=x",
        "IncludeVersions=x",
    ] {
        server
            .ask(&format!("GET /openapi/packages?{query}"), "")
            .await
            .refused(400, "malformed-request");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_keep_packages_apart() {
    let server = Server::start().await;
    let (root, root_version) = server.upload(ADMIN, &[], dgs("InRoot", "1", "")).await;
    let (sales, _) = server
        .upload(SALES_ADMIN, IN_SALES, dgs("InSales", "1", ""))
        .await;
    let list = "GET /openapi/packages";
    let rows: [(&str, Headers<'_>, &[&str]); 4] = [
        (ADMIN, &[], &["InSales", "InRoot"]),
        (ADMIN, IN_SALES, &["InSales"]),
        (ADMIN, &[("departmentid", ROOT)], &["InRoot"]),
        (SALES_ADMIN, &[], &["InSales"]),
    ];
    for (token, headers, expected) in rows {
        let mut found = names(&server.send(token, list, headers, "").await.json());
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{headers:?}");
    }
    let in_root = [("departmentid", ROOT)];
    let rows = [
        (list.to_owned(), &in_root[..]),
        ("PUT /openapi/packages".to_owned(), &[]),
        ("POST /openapi/preloadedVersionFiles".to_owned(), &[]),
        (format!("GET /openapi/packages/{root}"), &[]),
        (format!("PATCH /openapi/packages/{root}"), IN_SALES),
        (format!("DELETE /openapi/packages/{root}"), IN_SALES),
        (
            format!("GET /openapi/packages/{root}/versions/{root_version}/content"),
            IN_SALES,
        ),
        (
            format!("DELETE /openapi/packages/{root}/versions/{root_version}"),
            IN_SALES,
        ),
    ];
    for (request, headers) in rows {
        let told = server.send(SALES_ADMIN, &request, headers, "{}").await;
        told.refused(403, "forbidden");
    }
    server
        .send(
            SALES_ADMIN,
            &format!("GET /openapi/packages/{sales}"),
            &[],
            "",
        )
        .await
        .json();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_says_where_a_channel_belongs() {
    let server = Server::start().await;
    let root = server.person("root", 0).await;
    let path = "POST /openapi/preloadedversionfiles";
    let there = [("companyid", COMPANY), ("departmentid", ROOT)];
    let rows = [
        (format!(r#"{{"departmentId":"{SALES}"}}"#), 200, SALES),
        (
            r#"{"DepartmentId":"00000000-0000-0000-0000-000000000000"}"#.to_owned(),
            200,
            ROOT,
        ),
        (format!(r#"{{"companyId":"{OTHER}"}}"#), 200, FOREIGN_ROOT),
        (
            format!(r#"{{"departmentId":"{FOREIGN_ROOT}"}}"#),
            403,
            "foreign-department",
        ),
        (
            format!(r#"{{"companyId":"{OTHER}","departmentId":"{SALES}"}}"#),
            403,
            "foreign-department",
        ),
        (
            format!(r#"{{"companyId":"{SALES}"}}"#),
            403,
            "foreign-company",
        ),
        (r#"{"companyId":"x"}"#.to_owned(), 400, "malformed-request"),
    ];
    for (body, status, expected) in rows {
        let told = server.send(&root, path, &there, body).await;
        if status == 200 {
            assert_eq!(told.json()["departmentId"], expected);
        } else {
            told.refused(status, expected);
        }
    }
    let body = format!(r#"{{"companyId":"{OTHER}"}}"#);
    server
        .ask(path, &body)
        .await
        .refused(403, "foreign-company");
    server.stop().await;
}
