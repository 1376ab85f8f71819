//! A single-threaded world around the pure engine: definitions, root instances, a manual clock, timers.
//! In its second mode every instance is put to rest and woken after each command, and replayed from nothing.
//! Never: a shortcut into the engine; it sees what an embedding server sees.

use super::script;
use bpmn::diagnostic::Severity;
use bpmn::history::{self, ActivityRow, Entry};
use bpmn::instance::{Command, Instance, Refusal, Start};
use bpmn::start_timer::{self, StartTimer};
use bpmn::{Definition, Event, Host, ScriptFailure, ScriptScope, stored};
use codec::{DefinitionId, RootId, Tenant, Value};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Most firings of one advance of the clock.
const MAX_FIRINGS: usize = 10_000;

/// One root instance with what a server keeps of it.
pub struct Entity {
    pub instance: Instance,
    pub entries: Vec<Entry>,
    events: Vec<Event>,
}

/// A definition and the deployment that it came with.
pub struct Deployed {
    pub deployment: u32,
    pub definition: Arc<Definition>,
    timers: Vec<StartTimer>,
}

/// What the engine is given in these tests.
pub struct Outside {
    pub now_ms: i64,
    pub zone: TimeZone,
    pub definitions: Vec<Deployed>,
}

pub struct World {
    pub outside: Outside,
    pub entities: Vec<Entity>,
    restarts: bool,
    last_definition: u64,
    last_deployment: u32,
    last_root: u128,
}

/// A timer of an instance or of a start event.
#[derive(Clone, Debug, PartialEq)]
pub enum Timer {
    Instance {
        root: RootId,
        number: u32,
    },
    Start {
        definition: DefinitionId,
        index: usize,
    },
}

/// A timer as lists show it.
pub struct TimerView {
    pub timer: Timer,
    pub due_ms: i64,
    pub activity: String,
    pub key: String,
    pub instance: Option<(RootId, u32)>,
}

impl Host for Outside {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    fn definition(&self, id: DefinitionId) -> Option<Arc<Definition>> {
        let mut known = self.definitions.iter();
        known
            .find(|d| d.definition.id == id)
            .map(|d| Arc::clone(&d.definition))
    }

    fn latest_definition(&self, _tenant: Tenant, key: &str) -> Option<Arc<Definition>> {
        let of_key = self.definitions.iter().map(|d| &d.definition);
        of_key
            .filter(|d| d.process.key == key)
            .max_by_key(|d| d.version)
            .map(Arc::clone)
    }

    fn run_script(
        &mut self,
        script: &bpmn::model::Script,
        scope: &mut dyn ScriptScope,
    ) -> Result<Value, ScriptFailure> {
        script::run(&script.source, scope)
    }
}

impl World {
    pub fn new(restarts: bool) -> Self {
        World {
            outside: Outside {
                // 2026-05-21T06:30:00Z, a Thursday.
                now_ms: 1_779_345_000_000,
                zone: TimeZone::UTC,
                definitions: Vec::new(),
            },
            entities: Vec::new(),
            restarts,
            last_definition: 0,
            last_deployment: 0,
            last_root: 0,
        }
    }

    /// Deploys files together, all or none. Answers the deployment's number.
    pub fn deploy(&mut self, files: &[Vec<u8>]) -> Result<u32, String> {
        let mut processes = Vec::new();
        for file in files {
            let parsed = bpmn::parse::parse(file).map_err(|diagnostics| {
                let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
                let texts: Vec<String> = errors.map(ToString::to_string).collect();
                texts.join("; ")
            })?;
            processes.extend(parsed.processes);
        }
        let mut keys: Vec<&str> = processes.iter().map(|p| p.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() != processes.len() {
            return Err("a key stands twice in the deployment".to_owned());
        }
        self.last_deployment += 1;
        let deployment = self.last_deployment;
        for process in processes {
            let before = self.outside.latest_definition(Tenant(0), &process.key);
            self.last_definition += 1;
            let definition = Arc::new(Definition {
                id: DefinitionId(self.last_definition),
                tenant: Tenant(0),
                version: before.as_ref().map_or(1, |d| d.version + 1),
                suspended: false,
                process,
            });
            let timers = self.start_timers(&definition)?;
            for older in &mut self.outside.definitions {
                if older.definition.process.key == definition.process.key {
                    older.timers.clear();
                }
            }
            self.outside.definitions.push(Deployed {
                deployment,
                definition,
                timers,
            });
        }
        Ok(deployment)
    }

    fn start_timers(&self, definition: &Definition) -> Result<Vec<StartTimer>, String> {
        start_timer::start_timers(&definition.process, self.outside.now_ms, &self.outside.zone)
            .map_err(|refusal| refusal.to_string())
    }

    pub fn undeploy(&mut self, deployment: u32, cascade: bool) -> Result<(), String> {
        let gone: Vec<DefinitionId> = self
            .outside
            .definitions
            .iter()
            .filter(|d| d.deployment == deployment)
            .map(|d| d.definition.id)
            .collect();
        let runs = |entity: &Entity| {
            let rows = entity.instance.rows_ref();
            rows.instances
                .iter()
                .any(|row| gone.contains(&row.definition) && row.ended.is_none())
        };
        if !cascade && self.entities.iter().any(runs) {
            return Err("running instances exist".to_owned());
        }
        self.entities
            .retain(|e| !gone.contains(&e.instance.rows_ref().instances[0].definition));
        let mut keys = Vec::new();
        self.outside.definitions.retain(|d| {
            let stays = d.deployment != deployment;
            if !stays {
                keys.push(d.definition.process.key.clone());
            }
            stays
        });
        for key in keys {
            if let Some(latest) = self.outside.latest_definition(Tenant(0), &key) {
                let timers = self.start_timers(&latest)?;
                for known in &mut self.outside.definitions {
                    if known.definition.id == latest.id {
                        known.timers.clone_from(&timers);
                    }
                }
            }
        }
        Ok(())
    }

    pub fn suspend_definition(&mut self, key: &str, suspended: bool) {
        let latest = self.outside.latest_definition(Tenant(0), key);
        for known in &mut self.outside.definitions {
            if latest.as_ref().is_some_and(|d| d.id == known.definition.id) {
                let mut changed = (*known.definition).clone();
                changed.suspended = suspended;
                known.definition = Arc::new(changed);
            }
        }
    }

    /// Starts an instance; a refused one leaves nothing behind.
    pub fn start(&mut self, start: Start) -> Result<RootId, Refusal> {
        let root = RootId(self.last_root + 1);
        let mut entity = Entity {
            instance: Instance::new(root, Tenant(0)),
            entries: Vec::new(),
            events: Vec::new(),
        };
        let command = Command::Start(Box::new(start));
        match entity.instance.decide(command, &mut self.outside) {
            Ok(decision) => {
                self.last_root += 1;
                entity.took(decision.events, self.restarts);
                self.entities.push(entity);
                Ok(root)
            }
            Err(refused) => Err(refused.refusal),
        }
    }

    /// Runs a command; when it is refused, the instance is what it was before.
    pub fn command(&mut self, root: RootId, command: Command) -> Result<(), Refusal> {
        let restarts = self.restarts;
        let outside = &mut self.outside;
        let entity = self
            .entities
            .iter_mut()
            .find(|e| e.instance.root() == root)
            .ok_or(Refusal::InstanceNotFound(0))?;
        let before = entity.instance.text();
        match entity.instance.decide(command, outside) {
            Ok(decision) => {
                let touched = entity.instance.row_changes(&decision.events);
                assert_eq!(touched.tasks.len() + touched.gone_tasks.len(), {
                    let mut numbers: Vec<u32> = touched.tasks.iter().map(|t| t.number).collect();
                    numbers.extend(&touched.gone_tasks);
                    numbers.sort_unstable();
                    numbers.dedup();
                    numbers.len()
                });
                entity.took(decision.events, restarts);
                Ok(())
            }
            Err(refused) => {
                if refused.dirty {
                    entity.rebuild();
                }
                assert_eq!(
                    entity.instance.text(),
                    before,
                    "a refusal changed something"
                );
                Err(refused.refusal)
            }
        }
    }

    pub fn entity(&self, root: RootId) -> Option<&Entity> {
        self.entities.iter().find(|e| e.instance.root() == root)
    }

    /// All timers in order of their due time.
    pub fn timers(&self) -> Vec<TimerView> {
        let mut views = Vec::new();
        for known in &self.outside.definitions {
            let process = &known.definition.process;
            for (index, timer) in known.timers.iter().enumerate() {
                views.push(TimerView {
                    timer: Timer::Start {
                        definition: known.definition.id,
                        index,
                    },
                    due_ms: timer.due_ms,
                    activity: process.element(timer.element).id.clone(),
                    key: process.key.clone(),
                    instance: None,
                });
            }
        }
        for entity in &self.entities {
            for row in &entity.instance.rows_ref().timers {
                let Some(definition) = self.outside.definition(row.definition) else {
                    continue;
                };
                let root = entity.instance.root();
                views.push(TimerView {
                    timer: Timer::Instance {
                        root,
                        number: row.number,
                    },
                    due_ms: row.due_ms,
                    activity: definition.process.element(row.element).id.clone(),
                    key: definition.process.key.clone(),
                    instance: Some((root, row.instance)),
                });
            }
        }
        views.sort_by_key(|view| view.due_ms);
        views
    }

    /// Fires a timer, due or not. A failure uses up a retry.
    pub fn fire(&mut self, timer: &Timer) -> Result<(), Refusal> {
        match timer {
            Timer::Instance { root, number } => {
                let timer = *number;
                let outcome = self.command(*root, Command::FireTimer { timer });
                if let Err(refusal) = &outcome
                    && !matches!(refusal, Refusal::TimerNotFound(_) | Refusal::InstanceEnded)
                {
                    let message = refusal.to_string();
                    self.command(*root, Command::FailTimer { timer, message })?;
                }
                outcome
            }
            Timer::Start { definition, index } => self.fire_start(*definition, *index),
        }
    }

    fn fire_start(&mut self, id: DefinitionId, index: usize) -> Result<(), Refusal> {
        let now_ms = self.outside.now_ms;
        let zone = self.outside.zone.clone();
        let known = self.outside.definitions.iter_mut();
        let Some(known) = known.into_iter().find(|d| d.definition.id == id) else {
            return Err(Refusal::TimerNotFound(0));
        };
        if index >= known.timers.len() {
            return Err(Refusal::TimerNotFound(0));
        }
        let timer = known.timers.remove(index);
        if let Some(next) = timer.next(now_ms, &zone)? {
            known.timers.insert(index, next);
        }
        let mut start = Start::new(Arc::clone(&known.definition));
        start.start_event = Some(timer.element);
        self.start(start).map(|_| ())
    }

    /// Moves the clock to an instant, firing what falls due on the way.
    pub fn advance(&mut self, to_ms: i64) -> Result<(), String> {
        for _ in 0..MAX_FIRINGS {
            let due = self
                .timers()
                .into_iter()
                .find(|view| view.due_ms <= to_ms && !self.is_parked(&view.timer));
            let Some(view) = due else {
                self.outside.now_ms = to_ms;
                return Ok(());
            };
            self.outside.now_ms = self.outside.now_ms.max(view.due_ms);
            // What fails is retried later, or becomes an incident.
            let _ = self.fire(&view.timer);
        }
        Err(format!("more than {MAX_FIRINGS} timers fired"))
    }

    fn is_parked(&self, timer: &Timer) -> bool {
        let Timer::Instance { root, number } = timer else {
            return false;
        };
        let rows = self.entity(*root).map(|e| e.instance.rows_ref());
        let row = rows.and_then(|rows| rows.timers.iter().find(|t| t.number == *number));
        row.is_none_or(|row| row.suspended || row.retries_left == 0)
    }
}

impl Entity {
    fn took(&mut self, events: Vec<Event>, restarts: bool) {
        self.events.extend(events);
        if let Some(chunk) = stored::take_history_chunk(&mut self.instance) {
            let entries = stored::decode_history(&chunk).expect("own chunk");
            self.entries.extend(entries);
        }
        if restarts {
            self.restart();
        }
    }

    /// At rest and awake again, and replayed from nothing: the same state each time.
    fn restart(&mut self) {
        let text = self.instance.text();
        let rows = stored::encode_rows(&self.instance.rows());
        let core = stored::encode_core(&self.instance);
        let (root, tenant) = (self.instance.root(), self.instance.tenant());
        let rows = stored::decode_rows(&rows).expect("own rows");
        let woken = stored::decode_core(root, tenant, rows, &core).expect("own core");
        assert_eq!(woken.text(), text, "waking changed something");
        let record = stored::encode_events(&self.events);
        let events = stored::decode_events(&record).expect("own events");
        let mut replayed = Instance::new(root, tenant);
        for event in &events {
            replayed.apply(event);
        }
        assert_eq!(replayed.text(), text, "replay changed something");
        assert_eq!(
            replayed.history(),
            self.entries,
            "replay tells another history"
        );
        self.instance = woken;
    }

    fn rebuild(&mut self) {
        let mut rebuilt = Instance::new(self.instance.root(), self.instance.tenant());
        for event in &self.events {
            rebuilt.apply(event);
        }
        rebuilt.take_history();
        self.instance = rebuilt;
    }

    /// The activities of one of its instances.
    pub fn activities(&self, instance: u32) -> Vec<ActivityRow> {
        let mut rows = history::activities(&self.entries);
        rows.retain(|row| row.instance == instance);
        rows
    }
}
