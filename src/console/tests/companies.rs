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
