//! From an offer to a process: looking at the package, the promise, the start.
//! Never: starts what is not on the disk.

use super::{Agent, Current, Phase, Running};
use crate::robot::{
    Error,
    cache::Packages,
    failed,
    messages::{self, Offer, Reason, Run},
    runner::{self, Job, Report},
    store::{Home, Store},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

impl Agent {
    /// A run is offered.
    pub(super) fn on_offer(&mut self, offer: Offer) -> Result<(), Error> {
        let run = offer.run();
        if let Some(past) = self.past.get_mut(&run) {
            // It is over already: what became of it is sent again.
            past.send_again();
            return self.deliver();
        }
        if self.leaving.is_some() {
            self.refuse(&run, Reason::Busy, "the robot is about to end");
            return Ok(());
        }
        match &self.current {
            Some(current) if current.offer.run() == run => {
                if matches!(current.phase, Phase::Accepted(_)) {
                    self.say(messages::about("accept", &run, json!({})));
                }
                return Ok(());
            }
            Some(Current {
                phase: Phase::Running(_),
                ..
            }) => {
                self.refuse(&run, Reason::Busy, "there is a run");
                return Ok(());
            }
            // The server offers only when it has taken an earlier offer back.
            Some(_) => self.drop_promise()?,
            None => {}
        }
        if !Store::is_proper(&run) {
            self.refuse(&run, Reason::Other, "the run's id is improper");
            return Ok(());
        }
        if self.options.auto_accept {
            let home = self.store.accept(&offer).map_err(failed("keeping a run"))?;
            return self.begin(offer, home);
        }
        self.prepare(offer);
        Ok(())
    }

    fn packages(&self) -> Packages {
        Packages {
            folder: self.store.packages(),
            trust: self.options.trust.clone(),
        }
    }

    /// Looks at the package, aside, as long as the offer holds. A download goes on beyond: the next offer is quicker.
    fn prepare(&mut self, offer: Offer) {
        let (reports, packages) = (self.reports.clone(), self.packages());
        let within = Duration::from_millis(offer.accept_within_ms).mul_f64(0.8);
        let (run, looked_at) = (offer.run(), offer.clone());
        let prepared = tokio::spawn(async move { runner::prepare(&looked_at, packages).await });
        tokio::spawn(async move {
            let ready = match timeout(within, prepared).await {
                Ok(Ok(prepared)) => prepared.map(|_| ()),
                Ok(Err(error)) => Err((Reason::Other, error.to_string())),
                Err(_) => Err((
                    Reason::Other,
                    "the package is still being fetched".to_owned(),
                )),
            };
            // Nobody hears it only when the robot has ended.
            reports.send((run, Report::Ready(ready))).await.ok();
        });
        self.current = Some(Current {
            offer,
            phase: Phase::Preparing,
        });
    }

    /// The package has been looked at.
    pub(super) fn on_ready(&mut self, ready: Result<(), (Reason, String)>) -> Result<(), Error> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        if !matches!(current.phase, Phase::Preparing) {
            return Ok(());
        }
        let run = current.offer.run();
        match ready {
            Ok(()) if self.leaving.is_none() => {
                let home = self.store.accept(&current.offer);
                current.phase = Phase::Accepted(home.map_err(failed("keeping a run"))?);
                self.say(messages::about("accept", &run, json!({})));
            }
            Ok(()) => {
                self.current = None;
                self.refuse(&run, Reason::Busy, "the robot is about to end");
            }
            Err((reason, message)) => {
                self.current = None;
                self.refuse(&run, reason, &message);
            }
        }
        Ok(())
    }

    fn refuse(&self, run: &Run, reason: Reason, message: &str) {
        tracing::info!(run = run.run_instance_id, message, "an offer is refused");
        self.say(messages::reject(run, reason, message));
    }

    /// The server lets a promised run begin.
    pub(super) fn on_start(&mut self, run: &Run, assets: Map<String, Value>) -> Result<(), Error> {
        match self.current.take() {
            Some(Current {
                mut offer,
                phase: Phase::Accepted(home),
            }) if offer.run() == *run && self.leaving.is_none() => {
                offer.assets = Some(assets);
                self.begin(offer, home)
            }
            // Said again, or too late.
            other => {
                self.current = other;
                Ok(())
            }
        }
    }

    fn begin(&mut self, offer: Offer, home: Home) -> Result<(), Error> {
        home.start().map_err(failed("keeping a start"))?;
        let logs = home.logs().map_err(failed("opening logs"))?;
        let (orders, receiver) = mpsc::unbounded_channel();
        let name = format!("{} {}", offer.package.name, offer.package.version);
        tracing::info!(
            run = offer.run_instance_id,
            workflow = offer.workflow_name,
            package = name,
            "a run begins"
        );
        let job = Job {
            offer: offer.clone(),
            home: home.clone(),
            packages: self.packages(),
        };
        tokio::spawn(runner::run(job, receiver, self.reports.clone()));
        self.current = Some(Current {
            offer,
            phase: Phase::Running(Running {
                home,
                logs,
                orders,
                is_paused: false,
                is_stopping: false,
                is_forgotten: false,
            }),
        });
        Ok(())
    }

    /// What is promised and not started holds no longer. A run that has begun stays.
    pub(super) fn drop_promise(&mut self) -> Result<(), Error> {
        match self.current.take() {
            Some(Current {
                phase: Phase::Accepted(home),
                ..
            }) => home.remove().map_err(failed("removing a run")),
            Some(Current {
                phase: Phase::Preparing,
                ..
            })
            | None => Ok(()),
            running => {
                self.current = running;
                Ok(())
            }
        }
    }
}
