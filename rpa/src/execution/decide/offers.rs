//! Offers: given to a robot, accepted, refused, timed out, cut.
//! Owns: fences, and which run an offer is of. Never: chooses the robot.

use super::{
    Command, Deciding, EndCause, Event, Guid, Outcome, Phase, Refusal, RunEnd, Tell, kept,
};
use crate::execution::{OfferEnd, Reject};

impl Deciding<'_> {
    pub(super) fn offer(&mut self, command: Command) -> Result<(), Refusal> {
        let Command::Offer {
            job,
            run,
            robot,
            robot_name,
            accept_within_ms,
            auto_accept,
        } = command
        else {
            return Ok(());
        };
        let (number, job) = self.execution.job(job).ok_or(Refusal::UnknownJob)?;
        let wanted = job.spec.robot.is_none_or(|only| only == robot);
        let avoided = job
            .avoid
            .iter()
            .any(|(avoided, until)| *avoided == robot && *until > self.at_ms);
        if job.phase != Phase::Waiting || !wanted || avoided {
            return Err(Refusal::NotWaiting);
        }
        // A run that nobody accepted is offered again; its id stays.
        let run = job.open_run().map_or(run, |open| open.id);
        let fence = job.fence + 1;
        self.emit(Event::Offered {
            job: number,
            run,
            fence,
            robot,
            robot_name,
            at_ms: self.at_ms,
            expires_ms: self.at_ms.saturating_add(accept_within_ms),
        });
        if auto_accept {
            self.emit(Event::Accepted {
                job: number,
                at_ms: self.at_ms,
            });
        }
        self.tell(robot, run, fence, Tell::Offer { auto_accept });
        Ok(())
    }

    pub(super) fn accept(&mut self, robot: Guid, run: Guid, fence: u64) {
        let Some((number, job, _)) = self.current(robot, run, fence) else {
            self.tell(robot, run, fence, Tell::Withdraw);
            return;
        };
        if let Phase::Offered { .. } = job.phase {
            self.emit(Event::Accepted {
                job: number,
                at_ms: self.at_ms,
            });
        }
        // Said twice, it is answered twice: the first answer may have been lost.
        self.tell(robot, run, fence, Tell::Start);
    }

    pub(super) fn reject(&mut self, command: Command) {
        let Command::Reject {
            robot,
            run,
            fence,
            reason,
            message,
        } = command
        else {
            return;
        };
        let Some((number, job, _)) = self.current(robot, run, fence) else {
            return;
        };
        let message = message.map(kept);
        let offered = matches!(job.phase, Phase::Offered { .. });
        match reason {
            // A robot that takes everything unseen learns only now what it has.
            Reject::Unsupported => {
                let message = message.unwrap_or_else(|| "the robot cannot run this package".into());
                self.end_run(
                    number,
                    Outcome::Failed,
                    RunEnd::without_result(EndCause::Unsupported, &message),
                );
                self.end_job(number, Outcome::Failed, Some(message));
            }
            Reject::Busy | Reject::Package | Reject::Other if offered => {
                self.end_offer(number, OfferEnd::Rejected(reason), true);
            }
            Reject::Busy | Reject::Package | Reject::Other => {
                let message = message.unwrap_or_else(|| "the robot refused the run".into());
                let end = RunEnd::without_result(EndCause::Result, &message);
                self.finish_run(number, Outcome::Failed, end);
            }
        }
    }

    pub(super) fn end_offer(&mut self, number: u32, why: OfferEnd, avoids: bool) {
        self.emit(Event::OfferEnded {
            job: number,
            why,
            avoid_until_ms: avoids.then(|| self.at_ms.saturating_add(self.times.avoid_ms)),
        });
    }
}
