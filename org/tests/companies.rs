//! Companies, departments and roles: what may be made, changed and ended, and what may not.

// What cannot be made here fails the test that wants it.
#![allow(clippy::unwrap_used)]

mod support;

use codec::Tenant;
use org::{
    Command, Digest, Guid, Permission, Refusal, Scope, Stamp, State,
    tenancy::{self, Company, Department},
};
use support::*;

fn tenancy(state: &mut State, command: tenancy::Command) -> Result<(), Refusal> {
    run(state, Command::Tenancy(command))
}

fn changed(state: &State, id: Guid, parent: Option<Guid>, name: &str) -> Department {
    let old = state.tenancy.department(id).unwrap().clone();
    Department {
        parent,
        name: name.into(),
        common: old.common.clone().changed(Stamp::default()),
        ..old
    }
}

#[test]
fn companies_get_numbers_in_order_and_never_one_that_another_had() {
    let mut state = founded();
    assert_eq!(company(&mut state, 50, "Second"), Tenant(1));
    tenancy(&mut state, tenancy::Command::DeleteCompany(Guid(50))).unwrap();
    assert_eq!(state.tenancy.company(Guid(50)), None);
    assert_eq!(state.tenancy.company_of(Tenant(1)), None);
    assert_eq!(
        company(&mut state, 60, "second"),
        Tenant(2),
        "the name is free again"
    );
    let again = tenancy(&mut state, new_company(50, "Third"));
    assert_eq!(
        again,
        Err(Refusal::IdTaken {
            what: "company",
            id: Guid(50)
        })
    );
    let taken = tenancy(&mut state, new_company(70, "HOME"));
    let name = "HOME".to_owned();
    assert_eq!(
        taken,
        Err(Refusal::NameTaken {
            what: "company",
            name
        })
    );
    let in_use = tenancy(&mut state, tenancy::Command::DeleteCompany(COMPANY));
    assert!(matches!(in_use, Err(Refusal::InUse { .. })), "{in_use:?}");
}

#[test]
fn a_change_must_follow_the_present_revision() {
    let mut state = founded();
    let old = state.tenancy.company(COMPANY).unwrap().clone();
    let new = Company {
        name: "Renamed".into(),
        tenant: Tenant(77),
        common: old.common.clone().changed(Stamp::default()),
        ..old
    };
    let change = tenancy::Command::ChangeCompany(new);
    tenancy(&mut state, change.clone()).unwrap();
    let found = state.tenancy.company(COMPANY).unwrap();
    assert_eq!((found.name.as_str(), found.tenant), ("Renamed", HOME));
    let stale = tenancy(&mut state, change);
    assert_eq!(
        stale,
        Err(Refusal::Stale {
            what: "company",
            id: COMPANY
        })
    );
}

#[test]
fn the_departments_stay_a_tree() {
    let mut state = founded();
    let sales = department(&mut state, 20, ROOT, "Sales");
    let north = department(&mut state, 21, sales, "North");
    assert_eq!(state.tenancy.department_path(north), "Home/Sales/North");
    assert!(state.tenancy.is_within(north, ROOT) && !state.tenancy.is_within(ROOT, north));
    let foreign = company(&mut state, 50, "Other");
    assert_eq!(foreign, Tenant(1));
    let refused: [(tenancy::Command, &str); 8] = [
        (
            tenancy::Command::CreateDepartment(new_department(22, ROOT, "SALES")),
            "name-taken",
        ),
        (
            tenancy::Command::CreateDepartment(new_department(20, ROOT, "New")),
            "id-taken",
        ),
        (
            tenancy::Command::CreateDepartment(new_department(22, Guid(51), "New")),
            "unknown",
        ),
        (
            tenancy::Command::CreateDepartment(new_department(22, ROOT, " ")),
            "invalid",
        ),
        (
            tenancy::Command::ChangeDepartment(changed(&state, sales, Some(north), "Sales")),
            "invalid",
        ),
        (
            tenancy::Command::ChangeDepartment(changed(&state, sales, None, "Sales")),
            "invalid",
        ),
        (tenancy::Command::DeleteDepartment(sales), "in-use"),
        (tenancy::Command::DeleteDepartment(ROOT), "in-use"),
    ];
    for (command, code) in refused {
        let refusal = tenancy(&mut state, command.clone()).unwrap_err();
        assert_eq!(refusal.code(), code, "{command:?}");
    }
    let moved = changed(&state, north, Some(ROOT), "North");
    tenancy(&mut state, tenancy::Command::ChangeDepartment(moved)).unwrap();
    assert_eq!(state.tenancy.department_path(north), "Home/North");
    tenancy(&mut state, tenancy::Command::DeleteDepartment(sales)).unwrap();
    let mut above = north;
    let mut last = Ok(());
    for id in 100..200 {
        let next = new_department(id, above, "deeper");
        last = tenancy(&mut state, tenancy::Command::CreateDepartment(next));
        above = Guid(id);
        if last.is_err() {
            break;
        }
    }
    assert_eq!(last.unwrap_err().code(), "invalid", "too deep");
}

#[test]
fn a_department_or_role_that_somebody_has_is_in_use() {
    let mut state = founded();
    let sales = department(&mut state, 20, ROOT, "Sales");
    let uploader = role(
        &mut state,
        21,
        "Uploader",
        Scope::Company,
        &[Permission::PackageUpload],
    );
    let lee = person(&mut state, 30, "lee", sales, &[uploader]);
    for command in [
        tenancy::Command::DeleteDepartment(sales),
        tenancy::Command::DeleteRole(uploader),
    ] {
        let refusal = tenancy(&mut state, command).unwrap_err();
        assert!(
            refusal.to_string().contains("in use by user 'somebody'"),
            "{refusal}"
        );
    }
    let command = org::people::Command::DeleteAccount(lee);
    run(&mut state, Command::People(command)).unwrap();
    tenancy(&mut state, tenancy::Command::DeleteDepartment(sales)).unwrap();
    tenancy(&mut state, tenancy::Command::DeleteRole(uploader)).unwrap();
}

#[test]
fn a_role_may_not_be_called_as_another_or_a_built_in_one() {
    let mut state = founded();
    role(&mut state, 21, "Uploader", Scope::Company, &[]);
    let before = state.tenancy.role(Guid(21)).unwrap().clone();
    for name in ["uploader", "viewer", "CompanyAdmin"] {
        let again = org::Role {
            id: Guid(22),
            name: name.into(),
            ..before.clone()
        };
        let refused = tenancy(&mut state, tenancy::Command::CreateRole(again));
        assert_eq!(
            refused.map_err(|refusal| refusal.code()),
            Err("name-taken"),
            "{name}"
        );
    }
}

#[test]
fn keys_are_bound_once_and_replaced_only_by_who_knows_the_old_ones() {
    let mut state = State::default();
    let bind = |replacing, fingerprint: u8| tenancy::Command::BindKeys {
        replacing,
        fingerprint: Digest([fingerprint; 32]),
    };
    tenancy(&mut state, bind(None, 1)).unwrap();
    tenancy(&mut state, bind(None, 1)).unwrap();
    assert_eq!(tenancy(&mut state, bind(None, 2)), Err(Refusal::KeysDiffer));
    tenancy(&mut state, bind(Some(Digest([1; 32])), 2)).unwrap();
    assert_eq!(state.tenancy.keys(), Some(Digest([2; 32])));
}
