//! Who calls the console: tokens, companies, departments and rights.

mod looking;

use super::{Bearer, Denied, signed_in, visitor};
use crate::{
    config::Config,
    http::{Arrival, Head, HeaderName, HeaderValue, Method},
    seed,
    server::{State, options},
    sso::Claims,
};
use codec::Tenant;
use org::{
    Command, Permission, Principal,
    sessions::{self, Family},
};

const FILE: &str = r#"
[[company]]
id = "00000000-0000-4000-8000-00000000000c"
name = "C"
[[department]]
id = "00000000-0000-4000-8000-0000000000d0"
company = "C"
name = "Root"
[[department]]
id = "00000000-0000-4000-8000-0000000000d1"
company = "C"
parent = "Root"
name = "Sales"
[[company]]
id = "00000000-0000-4000-8000-0000000000cc"
name = "Other"
[[department]]
id = "00000000-0000-4000-8000-0000000000dd"
company = "Other"
name = "Root of the other"
[[user]]
user_name = "kim"
password = "k"
[[user.member]]
company = "C"
department = "Sales"
roles = ["DepartmentAdmin"]
[[api_key]]
company = "C"
name = "ci"
key = "lwk_0123456789abcdef"
roles = ["Viewer"]
[[api_key]]
company = "C"
name = "operator"
key = "lwk_abcdef0123456789"
roles = ["Viewer", "Operator"]
[[robot]]
id = "00000000-0000-4000-8000-00000000000b"
company = "C"
name = "r"
secret = "0123456789abcdef"
"#;

const C: &str = "00000000-0000-4000-8000-00000000000c";
const OTHER: &str = "00000000-0000-4000-8000-0000000000cc";
const ROOT: &str = "00000000-0000-4000-8000-0000000000d0";
const SALES: &str = "00000000-0000-4000-8000-0000000000d1";
const FOREIGN: &str = "00000000-0000-4000-8000-0000000000dd";
const KEY: &str = "lwk_0123456789abcdef";

/// Headers of a call.
type Headers<'h> = &'h [(&'static str, &'h str)];

async fn state() -> (State, tempfile::TempDir) {
    let data = tempfile::tempdir().expect("a directory");
    let config = Config {
        data: data.path().to_owned(),
        ..Config::default()
    };
    let engine = actors::open(options(&config)).await.expect("an engine");
    let plan = seed::plan(org::State::default(), FILE, 1).expect("a plan");
    let sown = engine
        .organisation
        .command(engine.core(), Command::All(plan));
    sown.await.expect("people");
    let state = State::for_tests(engine, config);
    (state, data)
}

/// A token of somebody who has just signed in.
async fn person(state: &State, name: &str) -> String {
    let engine = &state.engine;
    let (account, client) = engine.organisation.look(|organisation| {
        let account = organisation.people.account_named(name).cloned();
        (
            account,
            organisation.clients.client("thirdpartyservice").cloned(),
        )
    });
    let (account, client) = account.zip(client).expect("somebody and the client");
    let now_ms = engine.clock.real_ms();
    let family = Family {
        id: org::Guid(77),
        account: account.id,
        client: client.id.clone(),
        current: org::Digest([1; 32]),
        began_ms: now_ms,
        rotated_ms: now_ms,
    };
    let command = Command::Sessions(sessions::Command::SignIn(family.clone()));
    let done = engine.organisation.command(engine.core(), command).await;
    done.expect("a sign-in");
    let claims = Claims::of_person(&state.sso, &client, &account, &family, now_ms);
    claims.expect("claims").sign(&state.sso).expect("a token")
}

fn head(token: &str, headers: Headers<'_>) -> Head {
    let mut arrival = Arrival::local(
        Method::GET,
        "/openapi/packages".parse().expect("a path"),
        "",
    );
    let bearer = format!("Bearer {token}");
    let all = [("authorization", bearer.as_str())];
    for (name, text) in all.iter().chain(headers) {
        let value = HeaderValue::from_str(text).expect("a header");
        arrival = arrival.header(HeaderName::from_static(name), value);
    }
    arrival.head
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_has_a_company_a_department_and_rights() {
    let (state, _data) = state().await;
    let kim = person(&state, "kim").await;
    let called = visitor(
        &state,
        &head(&kim, &[("companyid", C), ("departmentid", SALES)]),
    );
    let called = called.expect("a visitor");
    assert_eq!(
        (called.tenant, called.company.to_string().as_str()),
        (Tenant(0), C)
    );
    assert_eq!(
        called.department.map(|one| one.to_string()).as_deref(),
        Some(SALES)
    );
    assert_eq!(called.name, "kim");
    assert!(matches!(called.who, Principal::Account(id) if id == called.id));
    let [root, sales] = [ROOT, SALES].map(|id| id.parse().expect("an id"));
    assert!(called.permits(&state, Permission::PackageUpload, sales));
    assert!(!called.permits(&state, Permission::PackageUpload, root));
    assert_eq!(called.stamp(5).by, called.id);
    let alone = visitor(&state, &head(&kim, &[])).expect("the only company");
    assert_eq!((alone.company, alone.department), (called.company, None));
    let key = visitor(&state, &head(KEY, &[("departmentid", SALES)])).expect("a visitor");
    assert!(key.permits(&state, Permission::PackageView, sales));
    assert!(!key.permits(&state, Permission::PackageUpload, sales));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_business_there_is_told_why() {
    let (state, _data) = state().await;
    let kim = person(&state, "kim").await;
    let zero = "00000000-0000-0000-0000-000000000000";
    let rows: [(&str, Headers<'_>, Option<Denied>); 10] = [
        (&kim, &[("companyid", OTHER)], Some(Denied::ForeignCompany)),
        (&kim, &[("companyid", ROOT)], Some(Denied::ForeignCompany)),
        (&kim, &[("companyid", "x")], Some(Denied::Malformed)),
        (
            &kim,
            &[("departmentid", FOREIGN)],
            Some(Denied::ForeignDepartment),
        ),
        (
            &kim,
            &[("departmentid", C)],
            Some(Denied::ForeignDepartment),
        ),
        (&kim, &[("departmentid", zero)], None),
        (KEY, &[("companyid", OTHER)], Some(Denied::ForeignCompany)),
        (KEY, &[("companyid", C)], None),
        ("lwk_unknown", &[], Some(Denied::NoToken)),
        ("x.y.z", &[], Some(Denied::NoToken)),
    ];
    for (token, headers, expected) in rows {
        let found = visitor(&state, &head(token, headers)).err();
        assert_eq!(found, expected, "{headers:?}");
    }
    let nothing = Arrival::local(Method::GET, "/openapi/x".parse().expect("a path"), "").head;
    assert_eq!(signed_in(&state, &nothing).err(), Some(Denied::NoToken));
    let robot = state.engine.organisation.look(|organisation| {
        let id = "00000000-0000-4000-8000-00000000000b";
        organisation.clients.client(id).cloned()
    });
    let claims = Claims::of_client(
        &state.sso,
        &robot.expect("a robot"),
        state.engine.clock.real_ms(),
    );
    let robot = claims.expect("claims").sign(&state.sso).expect("a token");
    assert_eq!(
        visitor(&state, &head(&robot, &[])).err(),
        Some(Denied::RobotsHubOnly)
    );
    assert!(matches!(
        signed_in(&state, &head(&kim, &[("companyid", OTHER)])),
        Ok(Bearer::Person { .. })
    ));
}
