//! Departments, people, roles and API keys, made and changed.

use super::story::Story;
use crate::sso::Full;

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_made_of_permissions_that_their_maker_has() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            ("nobody", "GET /permissions", "", 200, &[r#"{"name":"package.upload","resource":"package","action":"upload"}"#], ""),
            ("viewer", "GET /roles", "{}", 200, &[r#""count":5"#, r#""name":"CompanyAdmin","scope":"Company""#, r#""isBuiltIn":true"#], ""),
            (
                "admin",
                "POST /Roles",
                r#"{"Name":"Uploader","Permissions":["package.view","PACKAGE.UPLOAD"],"description":"d"}"#,
                200,
                &[r#""scope":"Department","permissions":["package.view","package.upload"],"isBuiltIn":false"#, r#""createdByName":"admin""#, "!null"],
                "r=/id",
            ),
            ("admin", "POST /roles", r#"{"name":"uploader"}"#, 400, &["name"], ""),
            ("admin", "POST /roles", r#"{"name":"x","permissions":["fly"]}"#, 400, &["fly"], ""),
            ("admin", "POST /roles", r#"{"name":"x","permissions":["company.create"]}"#, 403, &["forbidden"], ""),
            ("sales", "POST /roles", r#"{"name":"x"}"#, 403, &["forbidden"], ""),
            ("admin", "PATCH /roles/{r}", r#"{"scope":"company","eTag":"string"}"#, 200, &[r#""scope":"Company""#, r#""eTag":"1""#], ""),
            ("admin", "PATCH /roles/{r}", r#"{"eTag":"0"}"#, 409, &["changed"], ""),
            ("admin", "PATCH /roles/{r}", r#"{"permissions":["company.delete"]}"#, 403, &["forbidden"], ""),
            ("admin", "PATCH /roles/00000000-0000-0000-0000-000000000104", "{}", 400, &["built-in"], ""),
            ("admin", "DELETE /roles/00000000-0000-0000-0000-000000000104", "", 400, &["built-in"], ""),
            ("admin", "POST /apikeys", r#"{"name":"k","roles":["Uploader"]}"#, 200, &[r#""roleIds":["{r}"]"#], "k=/id"),
            ("admin", "DELETE /roles/{r}", "", 400, &["API key 'k'"], ""),
            ("admin", "DELETE /apikeys/{k}", "{}", 200, &[], ""),
            ("admin", "DELETE /roles/{r}", "{}", 200, &[], ""),
            ("admin", "GET /roles/{r}", "", 404, &["unknown"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_organisation_has_is_ordered_as_all_resources_are() {
    let mut story = Story::begin().await;
    let body = r#"{"name":"alpha"}"#;
    story
        .tell(&[("admin", "POST /departments", body, 200, &[], "d=/id")])
        .await;
    let rows = [
        ("departments?OrderBy=name&isDesc=false", "alpha"),
        ("departments?OrderBy=Name", "Sales"),
        ("departments", "alpha"),
        ("companies?OrderBy=ModifiedAt", "Encootech"),
        ("companyusers?OrderBy=Name", "Kim"),
        ("apikeys?OrderBy=Name&IsDesc=false", "admin"),
        ("apikeys?OrderBy=Name", "viewer"),
        ("roles?OrderBy=Name&IsDesc=false", "CompanyAdmin"),
        ("roles?OrderBy=Name", "Viewer"),
    ];
    for (list, first) in rows {
        let told = story.send("admin", &format!("GET /{list}"), "").await;
        assert_eq!(told.json()["list"][0]["name"], first, "{list}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_may_do_what_its_maker_gives() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin/sales",
                "POST /apikeys",
                r#"{"Name":"k","RoleIds":["Viewer"]}"#,
                200,
                &[r#""key":"lwk_"#, r#""departmentId":"{sales}""#],
                "key=/key",
            ),
            (
                "admin",
                "GET /apikeys?Name=k",
                "",
                200,
                &["!lwk_", r#""name":"k""#],
                "",
            ),
        ])
        .await;
    let key = story.names["key"].clone();
    assert_eq!(story.send(&key, "GET /queues", "").await.status, 200);
    assert_eq!(story.send(&key, "POST /queues", "{}").await.status, 403);
    story
        .tell(&[
            (
                "admin",
                "GET /apikeys?IsDesc=true&PageSize=100",
                "",
                200,
                &[],
                "",
            ),
            (
                "admin",
                "POST /apikeys",
                r#"{"name":"k2","roles":["Robber"]}"#,
                400,
                &["Robber"],
                "",
            ),
            (
                "admin",
                "POST /apikeys",
                r#"{"roles":[]}"#,
                400,
                &["name"],
                "",
            ),
            (
                "sales",
                "POST /apikeys",
                r#"{"name":"k3"}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "other",
                "GET /apikeys",
                "",
                200,
                &[r#""count":1"#],
                "theirs=/list/0/id",
            ),
            (
                "admin",
                "DELETE /apikeys/{theirs}",
                "",
                404,
                &["unknown"],
                "",
            ),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_added_changed_and_let_go() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /CompanyUsers",
                r#"{"UserName":"ada","Name":"Ada","Password":"long enough","email":"a@example.org","roleIds":["Operator"],
                    "departmentId":"{sales}","userExtensionInfo":{"extensionId":"7"}}"#,
                200,
                &[
                    r#""name":"Ada""#,
                    r#""userName":"ada""#,
                    r#""status":"Active""#,
                    r#""hasModifiedPassword":false"#,
                    r#""assignedDepartmentId":"{sales}""#,
                    r#""departmentPath":"Root/Sales""#,
                    r#""extensionId":"7""#,
                    "!long enough",
                    "!null",
                ],
                "u=/id",
            ),
            ("admin", "POST /companyusers", r#"{"userName":"ADA","password":"long enough"}"#, 400, &["name"], ""),
            ("admin", "POST /companyusers", r#"{"userName":"b","password":"short"}"#, 400, &["password"], ""),
            ("admin", "POST /companyusers", r#"{"password":"long enough"}"#, 400, &["userName"], ""),
            ("viewer", "GET /companyusers?SearchString=ADA", "{}", 200, &[r#""count":1"#, "{u}"], ""),
            ("viewer", "GET /companyusers?status=Banned", "", 200, &[r#""count":0"#], ""),
            ("viewer", "PATCH /companyusers/{u}", "{}", 403, &["forbidden"], ""),
            (
                "admin",
                "PATCH /companyusers/{u}",
                r#"{"Status":"2","phoneNumber":"123","departmentId":"{root}"}"#,
                200,
                &[r#""status":"Banned""#, r#""phoneNumber":"123""#, r#""assignedDepartmentId":"{root}""#],
                "",
            ),
            ("admin", "PATCH /companyusers/{u}", r#"{"eTag":"0"}"#, 409, &["changed"], ""),
            ("admin", "PATCH /companyusers/{u}", r#"{"status":"Gone"}"#, 400, &["status"], ""),
            ("admin", "POST /companyusers/{u}/roles", r#"{"roleIds":["Viewer"]}"#, 200, &[r#""roleIds":["00000000-0000-0000-0000-000000000104"]"#], ""),
            ("admin", "POST /companyusers/{u}/roles", "", 400, &["roleIds"], ""),
            ("admin", "POST /companyusers/{u}/password", r#"{"password":"another one"}"#, 200, &[], ""),
            ("admin", "GET /companyusers/{u}", "", 200, &[r#""hasModifiedPassword":true"#, "!another one"], ""),
            ("admin", "POST /companyusers/{u}/password", "{}", 400, &["password"], ""),
            ("other", "POST /companyusers/{u}/password", r#"{"password":"another one"}"#, 404, &["unknown"], ""),
            // Kim is in another company, too: her password is not this one's to set.
            ("admin", "GET /companyusers?Name=kim", "", 200, &[r#""count":1"#], "kim=/list/0/id"),
            ("admin", "POST /companyusers/{kim}/password", r#"{"password":"another one"}"#, 403, &["forbidden"], ""),
            ("admin", "PATCH /companyusers/{kim}", r#"{"email":"x@example.org"}"#, 403, &["forbidden"], ""),
            ("admin", "DELETE /companyusers/{u}", "{}", 200, &[], ""),
            ("admin", "GET /companyusers/{u}", "", 404, &["unknown"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_grow_move_and_go_when_nothing_is_in_them() {
    let mut story = Story::begin().await;
    story
        .tell(&[
            (
                "admin",
                "POST /Departments",
                r#"{"Name":"North","ParentId":"{sales}"}"#,
                200,
                &[r#""departmentPath":"Root/Sales/North""#, "!null"],
                "n=/id",
            ),
            (
                "sales/sales",
                "POST /departments",
                r#"{"name":"South"}"#,
                200,
                &[r#""parentId":"{sales}""#],
                "s=/id",
            ),
            (
                "sales",
                "POST /departments",
                r#"{"name":"East","parentId":"{root}"}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "viewer",
                "POST /departments",
                r#"{"name":"East"}"#,
                403,
                &["forbidden"],
                "",
            ),
            (
                "admin",
                "POST /departments",
                r#"{"name":"north","parentId":"{sales}"}"#,
                400,
                &["name"],
                "",
            ),
            (
                "admin",
                "POST /departments",
                r#"{"name":"x","parentId":"{nothing}"}"#,
                400,
                &["parentId"],
                "",
            ),
            ("admin", "POST /departments", "", 400, &["name"], ""),
            (
                "sales",
                "GET /departments",
                "{}",
                200,
                &[r#""count":3"#],
                "",
            ),
            (
                "admin",
                "GET /departments?Name=NORTH",
                "",
                200,
                &[r#""count":1"#, "{n}"],
                "",
            ),
            (
                "admin",
                "PATCH /departments/{n}",
                r#"{"parentId":"{s}","name":"Nord"}"#,
                200,
                &[r#""departmentPath":"Root/Sales/South/Nord""#],
                "",
            ),
            (
                "admin",
                "PATCH /departments/{s}",
                r#"{"parentId":"{n}"}"#,
                400,
                &["parentId"],
                "",
            ),
            (
                "admin",
                "PATCH /departments/{n}",
                r#"{"eTag":"0"}"#,
                409,
                &["changed"],
                "",
            ),
            ("admin", "DELETE /departments/{s}", "", 400, &["Nord"], ""),
            (
                "admin",
                "POST /queues",
                r#"{"name":"g","departmentId":"{n}"}"#,
                200,
                &[],
                "g=/id",
            ),
            (
                "admin",
                "DELETE /departments/{n}",
                "",
                400,
                &["robot group 'g'"],
                "",
            ),
            ("admin", "DELETE /queues/{g}", "", 200, &[], ""),
            ("admin", "DELETE /departments/{n}", "{}", 200, &[], ""),
            ("admin", "GET /departments/{n}", "", 404, &["unknown"], ""),
            (
                "admin",
                "DELETE /departments/{root}",
                "",
                400,
                &["in-use"],
                "",
            ),
            ("other", "GET /departments/{s}", "", 404, &["unknown"], ""),
        ])
        .await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_that_are_given_take_their_turn_with_the_sign_ins() {
    let story = Story::begin().await;
    let state = std::sync::Arc::clone(&story.server.state);
    let sso = &state.sso;
    let here = std::net::IpAddr::from([127, 0, 0, 1]);
    let mut waiting = Vec::new();
    let mut refused = false;
    for n in 0..50 {
        // As many as wait from one address; some are done before the request is there.
        loop {
            let mut one = Box::pin(sso.hash(here, "a password".to_owned()));
            match futures_util::poll!(&mut one) {
                std::task::Poll::Pending => waiting.push(one),
                std::task::Poll::Ready(full) => break assert_eq!(full, Err(Full)),
            }
        }
        let body = format!(r#"{{"userName":"one-{n}","password":"long enough"}}"#);
        let told = story.send("admin", "POST /companyusers", &body).await;
        if told.status == 429 {
            told.refused(429, "too-many-requests");
            assert!(told.headers.contains_key("retry-after"));
            refused = true;
            break;
        }
    }
    assert!(refused, "every password was hashed at once");
    drop(waiting);
    story.end().await;
}
