//! The table of this API's endpoints: method, path, what it needs, function, and what the document says of each.
//! Owns: that nobody comes to a function without what its line asks for. Never: a function's work.

use super::{
    assets, audit,
    call::{Answered, Call},
    companies, departments,
    form::{self, Declared, Form},
    groups, jobs, keys, layouts, openapi, packages, people, problem,
    problem::Refused,
    query::LIST,
    robots, roles, schedules, taskqueues, uploads, users, workflows,
};
use crate::{
    access::{Denied, Visitor, signed_in, visitor},
    audit as trail,
    http::{Answer as _, At, Context, Head, Method, Params, Request, Response, Route},
    server::State,
};
use org::{Permission, Permission as P};
use std::future::Future;

/// What a caller must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A token of a person or an API key, in whatever company.
    SignedIn,
    /// The same, in one company.
    Member,
    /// A permission somewhere in the company; the function asks where.
    Permission(Permission),
}

impl From<Permission> for Need {
    fn from(permission: Permission) -> Self {
        Need::Permission(permission)
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// An object with these fields.
    Object(Form),
    /// One of them, or several in an array.
    Objects(Form),
    /// Bytes, which must be there.
    File,
}

/// A line of the table.
pub struct Endpoint {
    /// What is mounted.
    pub route: Route<State>,
    /// What a caller must have.
    pub need: Need,
    /// Parameters of its query.
    pub query: Vec<&'static str>,
    /// What it reads of a body; none: it does not look at one.
    pub body: Option<Content>,
}

impl Endpoint {
    fn of(route: Route<State>, need: Need, summary: &'static str) -> Self {
        let guard = move |state: &State, head: &mut Head| admit(state, head, need);
        Endpoint {
            route: route.summary(summary).guarded(guard),
            need,
            query: Vec::new(),
            body: None,
        }
    }

    /// Takes what every list takes.
    pub fn lists(self) -> Self {
        self.query(&LIST)
    }

    /// Takes these parameters, too.
    pub fn query(mut self, names: &[&'static str]) -> Self {
        self.query.extend(names);
        self
    }

    /// Takes an object with these fields.
    pub fn takes(self, form: Form) -> Self {
        self.taking(form, Content::Object(form))
    }

    /// Takes one such object, or several in an array.
    pub fn takes_many(self, form: Form) -> Self {
        self.taking(form, Content::Objects(form))
    }

    fn taking(mut self, form: Form, body: Content) -> Self {
        let need = self.need;
        let guard = move |state: &State, head: &mut Head| {
            admit(state, head, need)?;
            head.extensions.insert(Declared(form));
            Ok(())
        };
        self.route = self.route.guarded(guard);
        self.body = Some(body);
        self
    }

    /// The function reads the body itself, up to `limit`.
    pub fn streamed(mut self, limit_bytes: u64) -> Self {
        self.body = Some(Content::File);
        self.route = self.route.streamed(limit_bytes);
        self
    }

    /// Reading it stands in the audit trail, as every change does.
    pub fn audited(mut self) -> Self {
        self.route = trail::audited(self.route);
        self
    }

    /// The function may wait for something to happen.
    pub fn waits(mut self) -> Self {
        self.route = self.route.waits();
        self
    }
}

/// Lets a caller in who has what is needed, and leaves who it is for the handler.
fn admit(state: &State, head: &mut Head, need: Need) -> Result<(), Box<Response>> {
    let denied = |denied: Denied, head: &Head| Box::new(problem::deny(denied, &At::of(head)));
    if need == Need::SignedIn {
        let bearer = signed_in(state, head).map_err(|reason| denied(reason, head))?;
        head.extensions.insert(bearer);
        return Ok(());
    }
    let visitor = visitor(state, head).map_err(|reason| denied(reason, head))?;
    if let Need::Permission(permission) = need
        && !visitor.rights.permits_somewhere(permission)
    {
        let refused = Refused::forbidden().answer(&problem::Style, &At::of(head));
        return Err(Box::new(refused));
    }
    head.extensions.insert(visitor);
    Ok(())
}

/// An endpoint of callers in a company: `endpoint(Method::GET, path, need, function, summary)`.
fn endpoint<F, W>(
    method: Method,
    path: &'static str,
    need: Need,
    function: F,
    summary: &'static str,
) -> Endpoint
where
    F: Fn(Call) -> W + Send + Sync + 'static,
    W: Future<Output = Answered> + Send + 'static,
{
    let handler = move |state: Context<State>, mut request: Request, params: Params| {
        // The guard has left it.
        let visitor = request.extensions.remove::<Visitor>();
        let work = visitor.map(|visitor| {
            function(Call {
                state,
                visitor,
                request,
                params,
            })
        });
        async move {
            match work {
                Some(work) => work.await,
                None => Err(Denied::NoToken.into()),
            }
        }
    };
    let reads = method == Method::GET;
    let route = Route::new(method, path, handler);
    // Messages that come and go are what a queue is for, and no operator's change.
    let messages = [P::TaskQueueSend, P::TaskQueueReceive].map(Need::Permission);
    let route = if reads || messages.contains(&need) {
        route
    } else if path.ends_with("/execute") {
        trail::noted(route)
    } else {
        trail::audited(route)
    };
    Endpoint::of(route, need, summary)
}

macro_rules! methods {
    ($($name:ident $method:ident;)+) => {
        $(
            #[doc = concat!("A ", stringify!($method), " endpoint.")]
            pub fn $name<F, W>(
                path: &'static str,
                need: impl Into<Need>,
                function: F,
                summary: &'static str,
            ) -> Endpoint
            where
                F: Fn(Call) -> W + Send + Sync + 'static,
                W: Future<Output = Answered> + Send + 'static,
            {
                endpoint(Method::$method, path, need.into(), function, summary)
            }
        )+
    };
}

methods! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}

/// A GET endpoint of whoever has signed in, in whatever company.
fn get_signed_in<F, W>(path: &'static str, function: F, summary: &'static str) -> Endpoint
where
    F: Fn(Context<State>, Request, Params) -> W + Send + Sync + 'static,
    W: Future<Output = Answered> + Send + 'static,
{
    Endpoint::of(Route::get(path, function), Need::SignedIn, summary)
}

/// Every endpoint.
pub fn endpoints() -> Vec<Endpoint> {
    let groups = [
        organisation(),
        package_files(),
        workflows::endpoints(),
        jobs::endpoints(),
        groups::endpoints(),
        robots::endpoints(),
        layouts::endpoints(),
        assets::endpoints(),
        schedules::endpoints(),
        taskqueues::endpoints(),
        companies::endpoints(),
        departments::endpoints(),
        users::endpoints(),
        roles::endpoints(),
        keys::endpoints(),
        audit::endpoints(),
    ];
    groups.into_iter().flatten().collect()
}

/// Companies, departments, who one is.
fn organisation() -> Vec<Endpoint> {
    let companies = "The companies of who has signed in";
    let tree = "The departments of the company as a tree";
    let children = "The departments right below one";
    let own = "What the caller is in the company";
    vec![
        get_signed_in("/openapi/openapi.json", openapi::document, "This document"),
        get_signed_in("/openapi/companies/companylist", companies::list, companies)
            .query(&["Name"]),
        get_signed_in("/v2/companies/companylist", companies::list, companies).query(&["Name"]),
        get(
            "/openapi/departments/tree",
            Need::Member,
            departments::tree,
            tree,
        ),
        get(
            "/v2/departments/tree",
            Need::Member,
            departments::tree,
            tree,
        ),
        get(
            "/v2/departments/{id}/children",
            Need::Member,
            departments::children,
            children,
        ),
        get("/openapi/companyusers/self", Need::Member, people::own, own),
        get("/v2/companyusers/self", Need::Member, people::own, own),
    ]
}

/// Packages, their versions and their files.
fn package_files() -> Vec<Endpoint> {
    use packages as p;
    let upload = P::PackageUpload;
    vec![
        get("/openapi/packages", P::PackageView, p::list, "Packages")
            .lists()
            .query(&["IncludeVersions"]),
        put(
            "/openapi/packages",
            upload,
            p::upload,
            "Upload a package file",
        )
        .streamed(p::DIRECT_BYTES),
        get(
            "/openapi/packages/{id}",
            P::PackageView,
            p::get,
            "A package with its versions",
        ),
        patch(
            "/openapi/packages/{id}",
            P::PackageEdit,
            p::change,
            "Describe a package",
        )
        .takes(form::LABEL),
        delete(
            "/openapi/packages/{id}",
            P::PackageDelete,
            p::delete,
            "Delete a package that no workflow uses",
        ),
        get(
            "/openapi/packages/{id}/versions/{version}/content",
            P::PackageDownload,
            p::download,
            "The file of a version",
        ),
        delete(
            "/openapi/packages/{id}/versions/{version}",
            P::PackageDelete,
            p::delete_version,
            "Delete a version that no workflow uses",
        ),
        post(
            "/openapi/preloadedVersionFiles",
            upload,
            uploads::open,
            "Open a channel for a package file",
        )
        .takes(&[form::PLACE]),
        patch(
            "/openapi/preloadedVersionFiles/{id}",
            upload,
            uploads::commit,
            "Make a package of what came by a channel",
        )
        .takes(form::NOTHING),
    ]
}
