//! The measures, one function each: which load, against which other side, as which figure. Owns the aims' values;
//! must never talk to a socket or a process but through its neighbours.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{
    BenchArgs, BenchError, Measure,
    control::Target,
    model,
    plan::{Outcome, Pace, Plan, Until, Work},
    processes::{self, Echo, Recipe},
    report::{Aim, Finding, Report},
    windows::{Rounds, alternate},
};

/// Interval at which no snapshot falls into a run.
pub(super) const NO_SNAPSHOTS: &str = "24h";
/// Ended instances that the archive does not have yet, as `/metrics` names them.
const ARCHIVE_GAUGE: &str = "loomwork_archive_backlog";
/// How long the archive or a snapshot may take to catch up, and how often they are asked.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// Everything that a run works with.
pub(super) struct Run<'a> {
    pub(super) args: &'a BenchArgs,
    pub(super) recipe: Recipe,
    echo: Echo,
    report: Report,
}

/// Takes all measures that are asked for.
pub(super) fn run(args: &BenchArgs) -> Result<Report, BenchError> {
    fs::create_dir_all(&args.home)?;
    let mut run = Run {
        args,
        recipe: Recipe {
            arguments: args.server.clone(),
            home: args.home.canonicalize()?,
        },
        echo: Echo::start()?,
        report: Report {
            server: String::new(),
            findings: Vec::new(),
            left_out: Vec::new(),
        },
    };
    run.against_bare_hyper()?;
    if args.base.is_some() {
        run.leave_out("waiting, restart and tail need servers that the bench starts");
    } else {
        if run.wants(Measure::Waiting) {
            run.waiting()?;
        }
        if run.wants(Measure::Restart) {
            run.restart()?;
        }
        if run.wants(Measure::Tail) {
            run.tail()?;
        }
    }
    // Only when nothing of interest is left in it.
    let _removed = fs::remove_file(run.recipe.home.join("bench.toml"));
    let _removed = fs::remove_dir(&run.recipe.home);
    Ok(run.report)
}

impl Run<'_> {
    fn wants(&self, measure: Measure) -> bool {
        self.args.only.is_empty() || self.args.only.contains(&measure)
    }

    pub(super) fn describe(&mut self, target: &Target) -> Result<(), BenchError> {
        if self.report.server.is_empty() {
            self.report.server = target.get("/readyz")?.1;
        }
        Ok(())
    }

    fn leave_out(&mut self, why: &str) {
        self.report.left_out.push(why.to_owned());
    }

    fn against_bare_hyper(&mut self) -> Result<(), BenchError> {
        let on_one = [
            Measure::Start,
            Measure::Pair,
            Measure::Read,
            Measure::Archive,
        ];
        if !on_one.iter().any(|measure| self.wants(*measure)) {
            return Ok(());
        }
        let (_server, target) = match &self.args.base {
            Some(base) => {
                let target = Target::new(base);
                target.deploy()?;
                (None, target)
            }
            None => {
                let server = self.recipe.start("main", NO_SNAPSHOTS)?;
                let target = server.target.clone();
                (Some(server), target)
            }
        };
        self.describe(&target)?;
        let counts = [self.args.connections, self.args.many_connections];
        for connections in counts.into_iter().filter(|count| *count > 0) {
            if self.wants(Measure::Start) {
                self.start(&target, connections)?;
            }
            if self.wants(Measure::Pair) {
                self.pair(&target, connections)?;
            }
        }
        if self.wants(Measure::Read) {
            self.read(&target)?;
        }
        if self.wants(Measure::Archive) {
            self.archive(&target)?;
        }
        Ok(())
    }

    fn start(&mut self, target: &Target, connections: usize) -> Result<(), BenchError> {
        let ours = self.closed(target, connections, same(model::start(&target.authority)));
        let rounds = self.alternate(&ours, &self.echoing_start(connections))?;
        let aim = Aim::at_least(0.40, 0.60);
        let name = format!("start ÷ bare hyper, {connections} conns");
        self.ratio(name, aim, 1.0, Some(connections), rounds);
        self.note_present(target)
    }

    /// Says how many instances there are by now: a server with many is measured.
    fn note_present(&mut self, target: &Target) -> Result<(), BenchError> {
        if let (Some(present), Some(last)) = (target.present()?, self.report.findings.last_mut()) {
            last.note
                .push_str(&format!("; {present} instances present"));
        }
        Ok(())
    }

    fn pair(&mut self, target: &Target, connections: usize) -> Result<(), BenchError> {
        let authority = target.authority.clone();
        let start = model::start(&authority);
        let ours = self.closed(target, connections, Work::Pair { start, authority });
        let rounds = self.alternate(&ours, &self.echoing_start(connections))?;
        let aim = Aim::at_least(0.35, 0.55);
        let name = format!("pair ÷ half bare hyper, {connections} conns");
        self.ratio(name, aim, 0.5, Some(connections), rounds);
        self.note_present(target)
    }

    fn read(&mut self, target: &Target) -> Result<(), BenchError> {
        let connections = self.args.connections;
        // A page is full: reads of an empty list would flatter us.
        self.fill(target, 50)?;
        let bytes = target.length_of(model::READ_PATH)?;
        let request = model::get(&target.authority, model::READ_PATH);
        let ours = self.closed(target, connections, same(request));
        let request = model::get(&self.echo.target.authority, &format!("/?{bytes}"));
        let theirs = self.closed(&self.echo.target, connections, same(request));
        let rounds = self.alternate(&ours, &theirs)?;
        let name = format!("task page ({bytes} bytes) ÷ bare hyper");
        self.ratio(name, Aim::at_least(0.6, 0.9), 1.0, None, rounds);
        Ok(())
    }

    fn archive(&mut self, target: &Target) -> Result<(), BenchError> {
        let authority = target.authority.clone();
        let start = model::start(&authority);
        let plan = self.closed(
            target,
            self.args.connections,
            Work::Pair { start, authority },
        );
        let outcome = processes::load(&plan)?;
        let begin = Instant::now();
        let mut most = 0.0_f64;
        loop {
            let Some(waiting) = target.gauge(ARCHIVE_GAUGE)? else {
                let why = format!("archive lag: /metrics shows no {ARCHIVE_GAUGE}");
                self.leave_out(&why);
                return Ok(());
            };
            most = most.max(waiting);
            if waiting == 0.0 || begin.elapsed() > PATIENCE {
                break;
            }
            std::thread::sleep(LOOK);
        }
        let note = format!(
            "{} pairs at {:.0}/s before; {most:.0} instances waited at its end",
            outcome.done,
            outcome.per_second()
        );
        self.find(
            "archive lag after pairs",
            begin.elapsed().as_secs_f64(),
            " s",
            None,
            note,
            None,
        );
        Ok(())
    }

    /// Starts `count` instances that wait.
    pub(super) fn fill(&self, target: &Target, count: u64) -> Result<Outcome, BenchError> {
        let plan = Plan {
            until: Until::Count { pieces: count },
            ..self.closed(
                target,
                self.args.connections,
                same(model::start(&target.authority)),
            )
        };
        let outcome = processes::load(&plan)?;
        match &outcome.first_refusal {
            Some(why) if outcome.done < count => Err(BenchError::NothingDone {
                side: "the server that is to be filled",
                why: why.clone(),
            }),
            Some(_) | None => Ok(outcome),
        }
    }

    pub(super) fn closed(&self, target: &Target, connections: usize, work: Work) -> Plan {
        Plan {
            address: target.authority.clone(),
            connections,
            work,
            pace: Pace::Closed,
            until: Until::Time {
                warm_ms: self.args.warm_ms,
                run_ms: self.args.window_ms,
            },
        }
    }

    fn echoing_start(&self, connections: usize) -> Plan {
        let target = &self.echo.target;
        self.closed(target, connections, same(model::start(&target.authority)))
    }

    fn alternate(&self, ours: &Plan, theirs: &Plan) -> Result<Rounds, BenchError> {
        alternate(self.args.windows, &self.recipe.home, ours, theirs)
    }

    /// Notes our rate ÷ `share` of the other side's. `syncing`: against a side that need not sync, with so many
    /// connections.
    pub(super) fn ratio(
        &mut self,
        name: String,
        aim: Aim,
        share: f64,
        syncing: Option<usize>,
        rounds: Rounds,
    ) {
        let sync_us = rounds.median_of(|round| round.fdatasync_us);
        let theirs = rounds.median_of(|round| round.theirs.per_second());
        let mut note = format!(
            "{:.0}/s ÷ {:.0}/s, p50 {:.0} µs p99.9 {:.0} µs; {}",
            rounds.median_of(|round| round.ours.per_second()),
            theirs * share,
            rounds.median_of(|round| round.ours.latency.p50_us),
            rounds.median_of(|round| round.ours.latency.p999_us),
            counted(&rounds),
        );
        // A connection has at most one write in each sync.
        let ceiling = |connections: usize| connections as f64 / (sync_us / 1e6) / (theirs * share);
        if syncing
            .map(ceiling)
            .is_some_and(|ceiling| ceiling < aim.goal * 1.5)
        {
            note.push_str("; the disk is the ceiling here: more connections count");
        }
        if rounds.refused() > 0 {
            note.push_str(&format!("; {} refused", rounds.refused()));
        }
        let value = rounds.ratio(share);
        self.find(&name, value, "", Some(aim), note, Some(rounds));
    }

    pub(super) fn find(
        &mut self,
        name: &str,
        value: f64,
        unit: &'static str,
        aim: Option<Aim>,
        note: String,
        rounds: Option<Rounds>,
    ) {
        // Said as it is found: a long run shows that it lives.
        eprintln!("{name}: {value:.3}{unit}  ({note})");
        self.report.findings.push(Finding {
            name: name.to_owned(),
            value,
            unit,
            aim,
            note,
            rounds,
        });
    }
}

pub(super) fn same(request: String) -> Work {
    Work::Same { request }
}

pub(super) fn counted(rounds: &Rounds) -> String {
    let (counted, all) = rounds.tally();
    let sync_us = rounds.median_of(|round| round.fdatasync_us);
    format!("fdatasync {sync_us:.0} µs, {counted} of {all} rounds count")
}
