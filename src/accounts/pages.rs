//! Who may sign in, and as what: for admins.

use crate::auth::{Admin, SignedIn, password};
use crate::ids::AccountId;
use crate::installation::Installation;
use crate::store::accounts::{self, Account, NewAccount, Role};
use crate::store::{Conn, StoreError, StoreResult, audit, sessions};
use crate::web::{self, Form, Page, Section, Shell, WebError};
use actix_web::web::{Data, Path};
use askama::Template;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "accounts/list.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    roles: Vec<&'static str>,
    /// A password that was just made, shown this once.
    made: Option<Made>,
}

struct Row {
    account: Account,
    is_me: bool,
    may_change: bool,
    last_sign_in: String,
}

struct Made {
    email: String,
    password: String,
}

fn show(installation: &Installation, who: &SignedIn, made: Option<Made>) -> Page {
    let all = installation.store.read(|conn| accounts::all(conn, installation.shop_id()))?;
    let zone = installation.zone();
    let row = |account: Account| Row {
        is_me: account.id == who.account.id,
        may_change: account.id != who.account.id && may_touch(who, account.role),
        last_sign_in: account.last_sign_in_at.map_or("never".into(), |at| web::date_time(at, zone)),
        account,
    };
    let roles = Role::ALL.into_iter().filter(|role| may_touch(who, *role)).map(Role::name).collect();
    let rows = all.into_iter().map(row).collect();
    web::page(&List { shell: Shell::new(installation, who, Section::Accounts), rows, roles, made })
}

/// Owners are made and changed by owners only.
fn may_touch(who: &SignedIn, role: Role) -> bool {
    role != Role::Owner || who.account.role == Role::Owner
}

pub async fn list(Admin(who): Admin, installation: Data<Arc<Installation>>) -> Page {
    show(&installation, &who, None)
}

pub async fn add(Admin(who): Admin, form: Form, installation: Data<Arc<Installation>>) -> Page {
    form.check(&who)?;
    let (email, name) = (form.text("email").to_owned(), form.text("name").to_owned());
    let role = chosen_role(&form, &who)?;
    password::check_email(&email).map_err(|error| WebError::BadInput(error.into()))?;
    if name.is_empty() {
        return Err(WebError::BadInput("Write the name of the person who gets the account.".into()));
    }
    let (state, by, secret) = (installation.clone(), who.account.id, password::generate());
    let made = Made { email: email.clone(), password: secret.clone() };
    web::blocking(move || {
        let hashed = password::hash(&secret).map_err(|error| WebError::Internal(error.to_string()))?;
        let new =
            NewAccount { shop: state.shop_id(), email: &email, name: &name, role, password_hash: &hashed };
        let now = state.now();
        state.store.write(|conn| {
            let id = accounts::add(conn, &new, now)?;
            audit::note(conn, state.shop_id(), Some(by), "added", &format!("account {id}"), now)
        })?;
        Ok(())
    })
    .await?;
    show(&installation, &who, Some(made))
}

pub async fn change_role(
    Admin(who): Admin,
    id: Path<AccountId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let role = chosen_role(&form, &who)?;
    let action = format!("made {}", role.name());
    change(&installation, &who, *id, &action, |conn, account| accounts::set_role(conn, account.id, role))?;
    web::go_to_with("/accounts", "The role is changed.")
}

pub async fn disable(
    Admin(who): Admin,
    id: Path<AccountId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let now = installation.now();
    change(&installation, &who, *id, "disabled", |conn, account| {
        accounts::set_disabled(conn, account.id, Some(now))?;
        sessions::close_all_of(conn, account.id)
    })?;
    web::go_to_with("/accounts", "The account is disabled and signed out everywhere.")
}

pub async fn enable(
    Admin(who): Admin,
    id: Path<AccountId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    change(&installation, &who, *id, "enabled", |conn, account| {
        accounts::set_disabled(conn, account.id, None)
    })?;
    web::go_to_with("/accounts", "The account may sign in again.")
}

pub async fn reset_password(
    Admin(who): Admin,
    id: Path<AccountId>,
    form: Form,
    installation: Data<Arc<Installation>>,
) -> Page {
    form.check(&who)?;
    let (state, me, secret) = (installation.clone(), who.clone(), password::generate());
    let shown = secret.clone();
    let email = web::blocking(move || {
        let hashed = password::hash(&secret).map_err(|error| WebError::Internal(error.to_string()))?;
        change(&state, &me, *id, "reset the password of", |conn, account| {
            accounts::set_password(conn, account.id, &hashed)?;
            sessions::close_all_of(conn, account.id)
        })
    })
    .await?;
    show(&installation, &who, Some(Made { email, password: shown }))
}

fn chosen_role(form: &Form, who: &SignedIn) -> Result<Role, WebError> {
    let role = Role::from_name(form.text("role"))
        .ok_or_else(|| WebError::BadInput("Choose a role: owner, admin, marketer or analyst.".into()))?;
    if may_touch(who, role) { Ok(role) } else { Err(only_owners()) }
}

fn only_owners() -> WebError {
    WebError::NotAllowed("Only an owner may make or change owners. Ask one.".into())
}

/// Changes another's account in one transaction with its audit line; answers its e-mail. Nobody changes their own
/// account here, so the last owner can neither be demoted nor disabled.
fn change(
    installation: &Installation,
    who: &SignedIn,
    id: AccountId,
    action: &str,
    work: impl FnOnce(&mut Conn, &Account) -> StoreResult<()>,
) -> Result<String, WebError> {
    let (shop, now) = (installation.shop_id(), installation.now());
    let account = installation
        .store
        .read(|conn| accounts::by_id(conn, shop, id))?
        .ok_or_else(|| WebError::NotFound("There is no such account. Go back to the list.".into()))?;
    if account.id == who.account.id {
        return Err(WebError::BadInput("You cannot change your own account here; another owner can.".into()));
    }
    if !may_touch(who, account.role) {
        return Err(only_owners());
    }
    installation.store.write(|conn| {
        work(conn, &account)?;
        // Two owners who demote each other at the same moment: the second is undone.
        let is_owner = |a: &Account| a.role == Role::Owner && a.disabled_at.is_none();
        if !accounts::all(conn, shop)?.iter().any(is_owner) {
            return Err(StoreError::Stale);
        }
        audit::note(conn, shop, Some(who.account.id), action, &format!("account {id}"), now)
    })?;
    Ok(account.email)
}
