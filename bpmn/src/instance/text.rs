//! The state as stable text, for tests that compare two instances.
//! Never: history (it is cut into chunks), or anything that two equal instances could show differently.

use super::Instance;
use std::fmt::Write as _;

pub(super) fn text(instance: &Instance) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(instance, &mut out);
    out
}

fn write_text(instance: &Instance, out: &mut String) -> std::fmt::Result {
    writeln!(out, "root {} tenant {}", instance.root, instance.tenant.0)?;
    writeln!(out, "last number {}", instance.core.last_number)?;
    for row in &instance.rows.instances {
        writeln!(out, "{row:?}")?;
    }
    for execution in &instance.core.executions {
        writeln!(
            out,
            "execution {} of {} parent {:?} at {:?}{}{}{}",
            execution.number,
            execution.instance,
            execution.parent,
            execution.at.map(|at| at.0),
            if execution.is_scope() { " scope" } else { "" },
            if execution.is_active() { " active" } else { "" },
            if execution.is_multi_instance_root() {
                " multi-instance"
            } else {
                ""
            },
        )?;
        for variable in instance.core.variables_of(execution.number) {
            writeln!(out, "  {} = {:?}", variable.name, variable.value)?;
        }
    }
    for activity in &instance.core.activities {
        writeln!(out, "{activity:?}")?;
    }
    for task in &instance.rows.tasks {
        writeln!(out, "{task:?}")?;
        for variable in instance.core.variables_of(task.number) {
            writeln!(out, "  {} = {:?}", variable.name, variable.value)?;
        }
    }
    for timer in &instance.rows.timers {
        writeln!(out, "{timer:?}")?;
    }
    for incident in &instance.rows.incidents {
        writeln!(out, "{incident:?}")?;
    }
    for work in &instance.rows.works {
        writeln!(out, "{work:?}")?;
    }
    Ok(())
}
