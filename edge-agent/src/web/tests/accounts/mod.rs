//! Accounts over HTTP: a served hall with one account per role, and what tests ask of it.

mod access_log;
mod attacks;
mod cases;
mod entrance;
mod matrix;
mod scope;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use edge_accounts::{AccountDesk, AccountScope, NewAccount};
use hall_core::access::{ROLES, Right, may};
use hall_core::order::{
    Actor, Answer as HallAnswer, CaseAction, Directive, EventRef, Order, Refusal, Role,
};
use hall_wire::name::role_name;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::client::{Answer, Live, send};
use super::fixture::{SOON, Served, event_id, quick, record};
use super::golden::check;
use super::scripted::moment;
use crate::orders::{OrderDesk, OrderRequest};
use crate::web::gate::{Need, ROUTES};
use crate::web::inputs::Access;

pub const OWN: &str = "umbrella tea stapler";
pub const MONITOR: &str = "a-token-of-the-monitoring";
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A served hall with one account per role, named like it. `chief_representative` and `resident_supervisor` have window W3, and W4 by its
/// department.
pub struct Hall {
    pub served: Served,
    pub desk: Arc<AccountDesk>,
    /// Orders that reached the hall.
    pub given: Arc<Mutex<Vec<Order>>>,
    pub _dir: tempfile::TempDir,
}

/// A hall that takes every step but closing and confirming.
async fn answer(mut orders: mpsc::Receiver<OrderRequest>, given: Arc<Mutex<Vec<Order>>>) {
    while let Some(OrderRequest { order, reply }) = orders.recv().await {
        let result = match &order.what {
            Directive::Case {
                action: CaseAction::Close,
                ..
            } => Err(Refusal::State),
            Directive::Case {
                action: CaseAction::Confirm,
                ..
            } => Err(Refusal::OwnCase),
            Directive::Case {
                event: EventRef::Id(id),
                ..
            } => Ok(vec![*id]),
            _ => Err(Refusal::Invalid),
        };
        let tx = order.tx.clone();
        given.lock().unwrap().push(order);
        let _ = reply.send(HallAnswer { tx, result });
    }
}

/// Somebody's browser: cookie and CSRF token.
#[derive(Clone)]
pub struct Browser {
    pub cookie: String,
    pub csrf: String,
}

impl Hall {
    pub async fn start() -> Hall {
        let dir = tempfile::tempdir().unwrap();
        let desk = Arc::new(AccountDesk::open(dir.path()).unwrap());
        let (code, _) = desk.setup_code().unwrap().unwrap();
        let new = |role: Role| NewAccount {
            name: role_name(role).into(),
            role,
            scope: if hall_core::access::is_always_limited(role) {
                AccountScope {
                    windows: vec!["W3".into()],
                    departments: vec!["Tax office".into()],
                }
            } else {
                AccountScope::default()
            },
        };
        desk.set_up(&code, &new(Role::Province), OWN, HERE, moment())
            .unwrap();
        for role in ROLES.iter().filter(|role| **role != Role::Province) {
            let first = desk.appoint(Role::Province, &new(*role), moment()).unwrap();
            let name = role_name(*role);
            desk.change_password(name, &first, OWN, HERE, moment())
                .unwrap();
        }
        let records = vec![
            record(1, 1, 1, "W3", false),
            record(2, 2, 1, "W2", false),
            record(3, 3, 1, "W4", false),
        ];
        let access = Access::Accounts(Arc::clone(&desk));
        let (order_desk, orders) = OrderDesk::open();
        let given = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(answer(orders, Arc::clone(&given)));
        let served = Served::with(quick(), records, "127.0.0.1:0", |inputs| {
            crate::web::WebInputs {
                orders: order_desk,
                access,
                monitor_token: Some(MONITOR.into()),
                ..inputs
            }
        })
        .await;
        Hall {
            served,
            desk,
            given,
            _dir: dir,
        }
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = body.to_string();
        let length = body.len().to_string();
        let mut headers = vec![("host", "localhost"), ("content-length", length.as_str())];
        if !more.iter().any(|(name, _)| *name == "content-type") {
            headers.push(("content-type", "application/json"));
        }
        headers.extend_from_slice(more);
        send(self.served.addr, method, path, &headers, body.as_bytes()).await
    }

    pub async fn ask_as(&self, who: &Browser, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("cookie", who.cookie.as_str()),
            ("x-csrf-token", who.csrf.as_str()),
        ];
        self.ask(method, path, &headers, body).await
    }

    pub async fn sign_in(&self, name: &str) -> Browser {
        let login = json!({"name": name, "password": OWN});
        let answer = self.ask("POST", "/api/login", &[], &login).await;
        assert_eq!(
            answer.status,
            200,
            "{name}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        browser(&answer)
    }
}

pub fn browser(answer: &Answer) -> Browser {
    let set = answer.header("set-cookie").unwrap();
    Browser {
        cookie: set.split(';').next().unwrap().to_owned(),
        csrf: answer.json()["csrf"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

pub fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}
