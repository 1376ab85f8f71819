//! What a run found, as a table for people and JSON for programs. Owns the aims that the figures are held against;
//! must never round what it stores.

use std::fmt::Write as _;

use serde::Serialize;

use super::windows::Rounds;

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    /// None: a figure without an aim.
    pub(super) aim: Option<Aim>,
    /// How it came about.
    pub(super) note: String,
    pub(super) rounds: Option<Rounds>,
}

/// What we aim at.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Aim {
    /// For the first release.
    pub(super) first: f64,
    /// In the end.
    pub(super) goal: f64,
    /// Whether more is better.
    pub(super) more_is_better: bool,
}

impl Aim {
    pub(super) const fn at_least(first: f64, goal: f64) -> Self {
        Self {
            first,
            goal,
            more_is_better: true,
        }
    }

    pub(super) const fn at_most(first: f64, goal: f64) -> Self {
        Self {
            first,
            goal,
            more_is_better: false,
        }
    }

    /// `goal`, `first` or `missed`.
    pub(super) fn verdict(&self, value: f64) -> &'static str {
        let meets = |aim: f64| {
            if self.more_is_better {
                value >= aim
            } else {
                value <= aim
            }
        };
        match (meets(self.goal), meets(self.first)) {
            (true, _) => "goal",
            (false, true) => "first",
            (false, false) => "missed",
        }
    }
}

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// What `/readyz` said, durability included.
    pub(super) server: String,
    pub(super) findings: Vec<Finding>,
    /// Measures that could not be taken, and why.
    pub(super) left_out: Vec<String>,
}

impl Report {
    /// The table.
    pub(super) fn table(&self) -> String {
        let mut table = format!("server: {}\n\n", self.server.trim());
        let mut row = |cells: [&str; 6]| {
            let [name, value, first, goal, verdict, note] = cells;
            // Writing to a String cannot fail.
            let _written = writeln!(
                table,
                "{name:<38} {value:>14} {first:>9} {goal:>9}  {verdict:<7} {note}"
            );
        };
        row(["measure", "value", "first", "goal", "", ""]);
        for finding in &self.findings {
            let value = format!("{:.3}{}", finding.value, finding.unit);
            let (first, goal, verdict) = match finding.aim {
                Some(aim) => (
                    aim.first.to_string(),
                    aim.goal.to_string(),
                    aim.verdict(finding.value),
                ),
                None => (String::new(), String::new(), ""),
            };
            row([&finding.name, &value, &first, &goal, verdict, &finding.note]);
        }
        for reason in &self.left_out {
            let _written = writeln!(table, "left out: {reason}");
        }
        table
    }
}
