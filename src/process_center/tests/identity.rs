//! Stories of /identityCtr.

use super::Server;

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_body_is_read_again_and_again() {
    let mut server = Server::start().await;
    let ok: &[&str] = &["000000", "成功！"];
    let failed: &[&str] = &["999999", "失败！", "\"stackTrace\":[]"];
    let bodies = [
        (
            "syncUser",
            "{\"id\":\"u1\",\"firstName\":\"名\",\"password\":\"pw\",\"revision\":7}",
            200,
            ok,
        ),
        ("syncUser", "{\"id\":4}", 200, ok),
        ("syncUser", "{\"firstName\":\"x\"}", 200, failed),
        (
            "syncUser",
            "{\"id\":\"x\",\"firstName\":{}}",
            400,
            &["JSON parse error"],
        ),
        ("syncUser", "[]", 400, &["JSON parse error"]),
        ("syncUserList", "[{\"id\":\"l1\"},{\"id\":\"l2\"}]", 200, ok),
        ("syncUserList", "{\"users\":[{\"id\":\"l3\"}]}", 200, ok),
        (
            "syncUserList",
            "{\"users\":\"[{\\\"id\\\":\\\"l4\\\"}]\"}",
            200,
            ok,
        ),
        ("syncUserList", "{}", 200, failed),
        (
            "syncGroup",
            "{\"id\":\"g1\",\"name\":\"组\",\"type\":\"role\"}",
            200,
            ok,
        ),
        ("syncGroupList", "[{\"id\":\"g2\"}]", 200, ok),
        (
            "syncGroupList",
            "[{\"name\":\"without an id\"}]",
            200,
            failed,
        ),
        (
            "syncUserAndGroup",
            "{\"user\":{\"id\":\"a1\"},\"group\":{\"id\":\"ag1\"}}",
            200,
            ok,
        ),
        (
            "syncUserAndGroup",
            "{\"user\":\"{\\\"id\\\":\\\"a2\\\"}\",\"group\":\"{\\\"id\\\":\\\"ag1\\\"}\"}",
            200,
            ok,
        ),
        (
            "syncUserAndGroup",
            "{\"user\":{\"id\":\"a3\"}}",
            200,
            failed,
        ),
        (
            "synUserAndGroupMembership",
            "{\"u1\":\"g1\",\"l1\":null}",
            200,
            ok,
        ),
        (
            "synUserAndGroupMembership",
            "{\"l1\":[\"g1\",\"g2\"]}",
            200,
            ok,
        ),
        ("synUserAndGroupMembership", "{\"l2\":5}", 200, failed),
        (
            "synUserAndGroupMembership",
            "{\"l2\":\"g1\",\"nobody\":\"g1\"}",
            200,
            failed,
        ),
        (
            "synUsersAndGroups",
            "{\"users\":[{\"id\":\"m1\"}],\"groups\":[{\"id\":\"mg1\"}],\"userAndGroup\":{\"m1\":\"mg1\"}}",
            200,
            ok,
        ),
        (
            "synUsersAndGroups",
            "{\"users\":\"[]\",\"groups\":\"[]\",\"userAndGroup\":\"{}\"}",
            200,
            ok,
        ),
        (
            "synUsersAndGroups",
            "{\"users\":[],\"groups\":[]}",
            200,
            failed,
        ),
    ];
    for round in 0..2 {
        for (operation, body, status, fragments) in bodies {
            let request = format!("POST /identityCtr/{operation}?systemId=hr");
            let told = server.ask(&request, body).await;
            let text = told.text();
            assert_eq!(told.status, status, "{round} {operation} {body}: {text}");
            for fragment in fragments {
                assert!(
                    text.contains(fragment),
                    "{round} {operation} {body}: {text}"
                );
            }
        }
    }
    server
        .tell(&[
            ("GET /identityCtr/getUserListBySystemId?systemId=hr", "", 200, &["获取用户列表成功", "\"id\":\"hr_4\"", "\"firstName\":\"名\""], ""),
            ("GET /identityCtr/getUserListBySystemId?systemId=other", "", 200, &["\"data\":[]"], ""),
            ("GET /identityCtr/getGroupListBySystemId?systemId=", "", 200, &["获取用户组列表成功", "\"id\":\"hr_g1\"", "\"type\":\"role\""], ""),
            // l2 is not in it: the call that named it was refused as a whole.
            ("GET /identityCtr/getUserListByGroupId?systemId=hr&groupId=g1", "", 200, &["hr_l1\",\"firstName\":null,\"lastName\":null,\"email\":null,\"pictureByteArrayId\":null},{\"id\":\"hr_u1"], ""),
            ("GET /identityCtr/getGroupListByUserId?systemId=hr&userId=l1", "", 200, &["hr_g1", "hr_g2"], ""),
        ])
        .await;
    let users = "GET /identityCtr/getUserListBySystemId?systemId=";
    let users = server.ask(users, "").await.text();
    assert!(
        !users.contains("password") && !users.contains("pw"),
        "{users}"
    );
}
