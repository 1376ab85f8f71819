//! Somebody else who uses the server while it is attacked.
//!
//! Owns: a second connection that asks and is answered. Never: measures how long that took.

use crate::support::{Request, Server};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Runs the attack while another connection asks for health and tasks, one request after the other; each must be answered.
pub fn served_meanwhile<T>(server: &Server, attack: impl FnOnce() -> T) -> T {
    let over = Arc::new(AtomicBool::new(false));
    let mut client = server.client();
    let asking = {
        let over = Arc::clone(&over);
        std::thread::spawn(move || {
            let mut answers = 0_usize;
            // Once more after the attack: the server still answers then.
            loop {
                let last = over.load(Ordering::Acquire);
                for path in ["/healthz", "/api/v1/tasks?limit=10"] {
                    let answer = client.send(&Request::get(path));
                    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                    answers += 1;
                }
                if last {
                    return answers;
                }
            }
        })
    };
    let result = attack();
    over.store(true, Ordering::Release);
    match asking.join() {
        Ok(answers) => assert!(answers >= 2),
        Err(_) => panic!("the bystander was not served"),
    }
    result
}
