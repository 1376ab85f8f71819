//! What is shared by the stories about companies, people and programs, and the rights that come of them.

mod support;

use org::{BuiltIn, Guid, Permission, Permissions, Principal, Scope};
use support::*;

#[test]
fn built_in_roles_permit_what_the_contract_says() {
    use Permission::*;
    let rows: [(BuiltIn, &[Permission], &[Permission]); 5] = [
        (
            BuiltIn::CompanyAdmin,
            &[
                CompanyView,
                UserCreate,
                RoleDelete,
                ApiKeyCreate,
                AuditView,
                PackageUpload,
            ],
            &[CompanyCreate, CompanyEdit, CompanyDelete],
        ),
        (
            BuiltIn::DepartmentAdmin,
            &[
                DepartmentCreate,
                PackageUpload,
                RobotCreate,
                WorkflowExecute,
                JobCancel,
            ],
            &[CompanyView, UserView, RoleView, ApiKeyView, AuditView],
        ),
        (
            BuiltIn::Operator,
            &[
                PackageView,
                JobView,
                JobCancel,
                JobRetry,
                WorkflowExecute,
                LayoutExecute,
            ],
            &[PackageUpload, WorkflowEdit, RobotCreate, AssetRead],
        ),
        (
            BuiltIn::Viewer,
            &[PackageView, JobView, AuditView],
            &[JobCancel, WorkflowExecute, AssetRead],
        ),
        (BuiltIn::Robot, &[], Permission::ALL),
    ];
    for (role, may, may_not) in rows {
        let permissions = role.permissions();
        for permission in may {
            assert!(permissions.contains(*permission), "{role:?} {permission:?}");
        }
        for permission in may_not {
            assert!(
                !permissions.contains(*permission),
                "{role:?} {permission:?}"
            );
        }
        assert_eq!(BuiltIn::by_id(role.id()), Some(role));
        assert_eq!(BuiltIn::by_name(&role.name().to_lowercase()), Some(role));
    }
}

#[test]
fn every_permission_is_read_back_from_its_text() {
    for permission in Permission::ALL {
        assert_eq!(permission.text().parse(), Ok(*permission));
        assert!(!permission.resource().is_empty() && !permission.action().is_empty());
    }
    assert!("package.fly".parse::<Permission>().is_err());
    let all = Permissions::where_(|_| true);
    assert_eq!(all.iter().count(), Permission::ALL.len());
}

#[test]
fn a_guid_is_written_in_lower_case_and_read_in_either() {
    let text = "9a0c7d89-404a-4896-a0b9-1add6d9551e8";
    let read: Result<Guid, _> = text.to_uppercase().parse();
    assert_eq!(read.map(|guid| guid.to_string()), Ok(text.to_owned()));
    for wrong in [
        "",
        "9a0c7d89404a4896a0b91add6d9551e8",
        "9a0c7d89-404a-4896-a0b9-1add6d9551e",
        "9a0c7d89-404a-4896-a0b9-1add6d9551eg",
        "9a0c7d89+404a-4896-a0b9-1add6d9551e8",
        "{9a0c7d89-404a-4896-a0b9-1add6d9551e",
    ] {
        assert!(wrong.parse::<Guid>().is_err(), "{wrong}");
    }
}

/// Head office ─ Sales ─ North; the roles of one person in Sales.
#[test]
fn a_role_for_departments_counts_from_the_department_of_its_holder_down() {
    let mut state = founded();
    let sales = department(&mut state, 20, ROOT, "Sales");
    let north = department(&mut state, 21, sales, "North");
    let stocks = department(&mut state, 22, ROOT, "Stocks");
    let rows = [
        (BuiltIn::DepartmentAdmin, [false, true, true, false]),
        (BuiltIn::CompanyAdmin, [true, true, true, true]),
        (BuiltIn::Robot, [false; 4]),
    ];
    for (n, (role, expected)) in rows.into_iter().enumerate() {
        let account = person(
            &mut state,
            30 + n as u128,
            &format!("p{n}"),
            sales,
            &[role.id()],
        );
        let rights = state.rights(HOME, Principal::Account(account)).unwrap();
        let found = [ROOT, sales, north, stocks]
            .map(|department| rights.permits(&state, Permission::PackageUpload, department));
        assert_eq!(found, expected, "{role:?}");
        assert_eq!(
            rights.permits_somewhere(Permission::PackageUpload),
            expected.contains(&true)
        );
        assert_eq!(
            rights.permits_everywhere(Permission::PackageUpload),
            expected == [true; 4]
        );
    }
    let wide = role(
        &mut state,
        40,
        "Uploader",
        Scope::Company,
        &[Permission::PackageUpload],
    );
    let account = person(&mut state, 41, "wide", north, &[wide]);
    let rights = state.rights(HOME, Principal::Account(account)).unwrap();
    assert!(rights.permits(&state, Permission::PackageUpload, stocks));
    assert!(!rights.permits(&state, Permission::PackageDelete, north));
}

#[test]
fn who_holds_nothing_but_views_may_only_look() {
    let rows: [(&[BuiltIn], bool); 5] = [
        (&[], true),
        (&[BuiltIn::Viewer], true),
        (&[BuiltIn::Viewer, BuiltIn::Operator], false),
        (&[BuiltIn::DepartmentAdmin], false),
        (&[BuiltIn::CompanyAdmin], false),
    ];
    for (roles, expected) in rows {
        let mut state = founded();
        let roles: Vec<Guid> = roles.iter().map(|role| role.id()).collect();
        let kim = person(&mut state, 60, "kim", ROOT, &roles);
        let rights = state.rights(HOME, Principal::Account(kim)).unwrap();
        assert_eq!(rights.only_look(), expected, "{roles:?}");
    }
}

#[test]
fn who_is_not_of_a_company_or_may_not_come_in_has_no_rights_there() {
    let mut state = founded();
    let other = company(&mut state, 50, "Other");
    let kim = person(&mut state, 60, "kim", ROOT, &[BuiltIn::Viewer.id()]);
    assert!(state.rights(HOME, Principal::Account(kim)).is_some());
    assert!(state.rights(other, Principal::Account(kim)).is_none());
    assert_eq!(state.companies_of(kim), [HOME]);
    assert_eq!(
        state.companies_of(ADMIN),
        [HOME, other],
        "a system administrator"
    );
    set_status(&mut state, kim, org::people::Status::Banned);
    assert!(state.rights(HOME, Principal::Account(kim)).is_none());
    let key = key(&mut state, 70, "ci", &[BuiltIn::Operator.id()]);
    let rights = state.rights(HOME, Principal::Key(key)).unwrap();
    assert!(rights.permits(&state, Permission::WorkflowExecute, ROOT));
    assert!(state.rights(other, Principal::Key(key)).is_none());
    let robot = robot(&mut state, 80, "r1");
    let rights = state.rights(HOME, Principal::Robot(robot)).unwrap();
    assert!(
        !Permission::ALL
            .iter()
            .any(|one| rights.permits_somewhere(*one))
    );
    assert!(state.rights(HOME, Principal::Machine).is_some());
    assert!(state.rights(codec::Tenant(9), Principal::Machine).is_none());
}
