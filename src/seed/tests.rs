//! Seed files: what they make, what is skipped, what is refused and where.

mod resources;

use super::{plan, sow};
use crate::{config::Config, users};
use actors::archive::{AuditFilter, Audited};
use codec::Tenant;
use org::{Command, State, decide};
use std::path::Path;

const EXAMPLE: &str = r#"
[[company]]
id = "9a0c7d89-404a-4896-a0b9-1add6d9551e8"
name = "Encootech"

[[department]]              # without parent: the company's root
id = "2836f935-3c0b-4ce3-8cc3-77324f8df68c"
company = "Encootech"
name = "Head office"

[[department]]
company = "Encootech"
parent = "Head office"
name = "Sales"

[[user]]
id = "11111111-1111-4111-8111-111111111111"
user_name = "admin@encootech.com"
name = "Admin"
password = "123456"
system_admin = false
[[user.member]]             # one for each company
company = "Encootech"
department = "Head office"
roles = ["CompanyAdmin", "Uploader"]

[[role]]
company = "Encootech"
name = "Uploader"
permissions = ["package.view", "package.upload"]

[[client]]                  # without secret: public
id = "shortlived"
grants = ["password", "refresh_token"]
access_token_s = 2

[[robot]]
id = "bfdd9398-f2f9-4b10-8341-60944e87da1e"
department = "Head office"
name = "r1"
secret = "r1-secret-0123456789"

[[api_key]]
department = "Sales"
name = "ci"
key = "lwk_0123456789abcdef"
roles = ["Viewer"]
"#;

fn sown(state: &mut State, text: &str) -> Result<usize, String> {
    let commands = plan(state.clone(), text, 1).map_err(|complaint| complaint.to_string())?;
    let count = commands.len();
    let events = decide(state, Command::All(commands)).map_err(|refusal| refusal.to_string())?;
    for event in &events {
        state.apply(event);
    }
    Ok(count)
}

#[test]
fn the_example_is_made_whole_and_skipped_when_it_is_there() {
    let mut state = State::default();
    assert_eq!(sown(&mut state, EXAMPLE), Ok(7));
    let company = state.tenancy.companies().next().expect("a company");
    assert_eq!(
        company.id.to_string(),
        "9a0c7d89-404a-4896-a0b9-1add6d9551e8"
    );
    assert_eq!(company.common.created.by, org::Guid::MACHINE);
    let root = state.tenancy.root(company.tenant).expect("a root");
    assert_eq!(root.id.to_string(), "2836f935-3c0b-4ce3-8cc3-77324f8df68c");
    assert_eq!(state.tenancy.departments(company.tenant).count(), 2);
    let admin = state
        .people
        .account_named("admin@encootech.com")
        .expect("somebody");
    let user = state
        .people
        .user_of(company.tenant, admin.id)
        .expect("a user");
    assert_eq!((user.department, user.roles.len()), (root.id, 2));
    assert_eq!(
        state
            .clients
            .client("shortlived")
            .map(|one| one.access_token_s),
        Some(2)
    );
    assert_eq!(state.clients.of_tenant(company.tenant).count(), 1);
    assert_eq!(state.clients.keys(company.tenant).count(), 1);
    let before = state.clone();
    assert_eq!(sown(&mut state, EXAMPLE), Ok(0));
    assert_eq!(state, before);
}

#[test]
fn what_is_there_with_other_fields_is_refused_with_its_line() {
    let rows = [
        (
            "name = \"Encootech\"\n\n[[dep",
            "name = \"Renamed\"\n\n[[dep",
            2,
        ),
        (
            "name = \"Sales\"",
            "name = \"Sales\"\nid = \"2836f935-3c0b-4ce3-8cc3-77324f8df68c\"",
            11,
        ),
        ("password = \"123456\"", "password = \"1234567\"", 16),
        ("\"CompanyAdmin\", ", "", 16),
        ("access_token_s = 2", "access_token_s = 3", 32),
        ("r1-secret", "r2-secret", 37),
        ("roles = [\"Viewer\"]", "roles = [\"Operator\"]", 43),
        ("\"package.view\", ", "", 27),
    ];
    for (old, new, line) in rows {
        let mut state = State::default();
        assert_eq!(sown(&mut state, EXAMPLE), Ok(7));
        let changed = EXAMPLE.replacen(old, new, 1);
        assert_ne!(changed, EXAMPLE, "{old}");
        let before = state.clone();
        let refused = sown(&mut state, &changed).expect_err("a refusal");
        // A company of another name makes what follows look for the old one.
        assert!(
            refused.starts_with(&format!("line {line}: ")),
            "{new}: {refused}"
        );
        assert!(refused.contains("already"), "{refused}");
        assert_eq!(state, before);
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_line() {
    let company = "[[company]]\nname = \"C\"\n";
    let two = "[[company]]\nname = \"C\"\n[[company]]\nname = \"D\"\n";
    let rows = [
        (
            "[[company]]\nname = \"C\"\ncolour = 1",
            "line 3: unknown field `colour`",
        ),
        ("[[compny]]", "line 1: unknown field `compny`"),
        (
            "[[company]]\nid = \"x\"\nname = \"C\"",
            "line 1: 'x' is no id",
        ),
        (
            "[[department]]\nname = \"D\"",
            "line 1: there is no company",
        ),
        (
            &format!("{two}[[department]]\nname = \"E\""),
            "line 5: there are several companies",
        ),
        (
            &format!("{company}[[department]]\nname = \"E\"\n[[department]]\nname = \"F\""),
            "line 5: the company has a root department already",
        ),
        (
            &format!("{company}[[department]]\nparent = \"X\"\nname = \"E\""),
            "line 3: there is no department 'X'",
        ),
        (
            &format!("{company}[[role]]\nname = \"R\"\npermissions = [\"fly\"]"),
            "line 3: there is no permission 'fly'",
        ),
        (
            &format!("{company}[[user]]\nuser_name = \"u\"\npassword = \"\""),
            "line 3: a password must have",
        ),
        (
            &format!(
                "{company}[[user]]\nuser_name = \"u\"\npassword = \"p\"\n[[user.member]]\nroles = [\"R\"]"
            ),
            "line 3: there is no role 'R'",
        ),
        (
            "[[client]]\nid = \"c\"\ngrants = [\"magic\"]",
            "line 1: there is no grant 'magic'",
        ),
        (
            "[[client]]\nid = \"c\"\ngrants = [\"client_credentials\"]",
            "line 1: the grants may have client_credentials for robots only",
        ),
        (
            &format!("{company}[[robot]]\nname = \"r\"\nsecret = \"short\""),
            "line 3: a secret has 16 characters or more",
        ),
        (
            &format!("{company}[[api_key]]\nname = \"k\"\nkey = \"0123456789abcdef\""),
            "line 3: an API key begins with 'lwk_'",
        ),
        ("[[company]]\nname = ", "line 2: "),
    ];
    for (text, expected) in rows {
        let complaint = plan(State::default(), text, 1)
            .expect_err("a complaint")
            .to_string();
        assert!(complaint.starts_with(expected), "{text}\n{complaint}");
        assert!(!complaint.contains('\n'), "{complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_of_each_company_that_a_file_is_about_says_that_it_was_sown() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config {
        data: directory.path().join("data"),
        keys: Some(directory.path().join("keys")),
        ..Config::default()
    };
    let engine = users::open(&config).await.expect("data");
    let base = Path::new("");
    let rows = async |tenant| -> Vec<Audited> {
        let filter = AuditFilter {
            tenant,
            limit: 10,
            ..AuditFilter::default()
        };
        let found = engine.archived(move |archive| archive.audit(&filter));
        found.await.expect("rows").1
    };
    // A second time there is nothing to make.
    for made in [7, 0] {
        let sown = sow(&engine, &config, ("a.toml", EXAMPLE), base).await;
        assert_eq!(sown.expect("it is sown"), made);
    }
    let other = "[[company]]\nname = \"Other\"\n";
    let sown = sow(&engine, &config, ("b.toml", other), base).await;
    assert_eq!(sown.expect("it is sown"), 1);
    let refused = sow(&engine, &config, ("c.toml", "[[compny]]"), base).await;
    assert!(refused.is_err());
    let companies = engine.organisation.look(|organisation| {
        let all = organisation.tenancy.companies();
        all.map(|company| (company.tenant, company.id.to_string()))
            .collect::<Vec<(Tenant, String)>>()
    });
    assert_eq!(companies.len(), 2);
    let details = ["a.toml: 7 made", "b.toml: 1 made"];
    for ((tenant, company), detail) in companies.into_iter().zip(details) {
        let found = rows(tenant).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let entry = &found[0].entry;
        assert!(found[0].is_answered);
        assert_eq!(
            (entry.resource_type.as_str(), entry.action.as_str()),
            ("Company", "seed")
        );
        assert_eq!(
            (entry.actor_name.as_str(), entry.from.as_str()),
            ("loomwork", "command line")
        );
        assert_eq!(entry.resource_id.as_ref(), Some(&company));
        assert_eq!(entry.company.as_ref(), Some(&company));
        assert_eq!(entry.detail.as_deref(), Some(detail));
    }
    let stopped = tokio::task::spawn_blocking(move || engine.stop()).await;
    assert!(stopped.is_ok());
}
