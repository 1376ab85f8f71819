//! Models out of nested blocks: every one can run to its end.
//!
//! Owns: the shapes. Never: a loop; the walk is bounded by steps, not by luck.
//!
//! ```text
//!  block := task | script | block block | exclusive(block, block) | parallel(block, block) | inclusive(block, block)
//!         | sub-process(block) | multi-instance task | task with a boundary timer | timer | call(block)
//! ```

use crate::support::{Random, models};

/// Blocks inside each other.
const DEPTH: usize = 4;

struct Writer<'a> {
    random: &'a mut Random,
    key: String,
    next: usize,
    elements: String,
    called: Vec<String>,
}

/// A file with this process, and the processes that it calls.
pub fn model(key: &str, random: &mut Random) -> String {
    let mut writer = Writer {
        random,
        key: key.to_owned(),
        next: 0,
        elements: String::new(),
        called: Vec::new(),
    };
    writer.chain();
    let main = process(key, &writer.elements);
    models::definitions(&(main + &writer.called.concat()))
}

fn process(key: &str, elements: &str) -> String {
    format!("<process id=\"{key}\" name=\"{key}\" isExecutable=\"true\">{elements}</process>")
}

impl Writer<'_> {
    fn id(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}{}-{}", self.next, self.key)
    }

    fn node(&mut self, kind: &str, tag: &str, attributes: &str, inside: &str) -> String {
        let id = self.id(kind);
        self.elements
            .push_str(&format!("<{tag} id=\"{id}\"{attributes}>{inside}</{tag}>"));
        id
    }

    fn flow(&mut self, from: &str, to: &str, condition: &str) -> String {
        let id = self.id("f");
        let condition = if condition.is_empty() {
            String::new()
        } else {
            format!("<conditionExpression><![CDATA[{condition}]]></conditionExpression>")
        };
        self.elements.push_str(&format!(
            "<sequenceFlow id=\"{id}\" sourceRef=\"{from}\" targetRef=\"{to}\">{condition}</sequenceFlow>"
        ));
        id
    }

    /// A start, three blocks in a row and an end: long enough to walk.
    fn chain(&mut self) {
        let mut last = self.node("s", "startEvent", "", "");
        for _ in 0..3 {
            let (first, end) = self.block(DEPTH);
            self.flow(&last, &first, "");
            last = end;
        }
        let end = self.node("e", "endEvent", "", "");
        self.flow(&last, &end, "");
    }

    /// A start, a block and an end.
    fn scope(&mut self, depth: usize) {
        let start = self.node("s", "startEvent", "", "");
        let (first, last) = self.block(depth);
        let end = self.node("e", "endEvent", "", "");
        self.flow(&start, &first, "");
        self.flow(&last, &end, "");
    }

    /// First and last node of a block.
    fn block(&mut self, depth: usize) -> (String, String) {
        let choices = if depth == 0 { 2 } else { 11 };
        match self.random.below(choices) {
            0 => self.task(),
            1 => self.script(),
            2 | 3 => {
                let (first, middle) = self.block(depth - 1);
                let (next, last) = self.block(depth - 1);
                self.flow(&middle, &next, "");
                (first, last)
            }
            4 => self.split("exclusiveGateway", depth),
            5 => self.split("parallelGateway", depth),
            6 => self.split("inclusiveGateway", depth),
            7 => self.sub_process(depth),
            8 => self.many(),
            9 => self.timed(),
            _ => self.call(depth),
        }
    }

    fn task(&mut self) -> (String, String) {
        let user = self.random.below(3);
        let attributes = format!(" name=\"Task\" activiti:assignee=\"user{user}\"");
        let id = self.node("t", "userTask", &attributes, "");
        (id.clone(), id)
    }

    fn script(&mut self) -> (String, String) {
        let attributes = " scriptFormat=\"juel\" activiti:resultVariable=\"sum\"";
        let id = self.node("j", "scriptTask", attributes, "<script>${v+1}</script>");
        (id.clone(), id)
    }

    fn split(&mut self, gateway: &str, depth: usize) -> (String, String) {
        let open = self.id("g");
        let close = self.node("h", gateway, "", "");
        let (left, left_end) = self.block(depth - 1);
        let (right, right_end) = self.block(depth - 1);
        let bound = self.random.below(10);
        let conditional = gateway != "parallelGateway";
        let condition = if conditional {
            format!("${{v<{bound}}}")
        } else {
            String::new()
        };
        self.flow(&open, &left, &condition);
        let other = self.flow(&open, &right, "");
        let default = if conditional {
            format!(" default=\"{other}\"")
        } else {
            String::new()
        };
        self.elements
            .push_str(&format!("<{gateway} id=\"{open}\"{default}></{gateway}>"));
        self.flow(&left_end, &close, "");
        self.flow(&right_end, &close, "");
        (open, close)
    }

    fn sub_process(&mut self, depth: usize) -> (String, String) {
        let outside = std::mem::take(&mut self.elements);
        self.scope(depth - 1);
        let inside = std::mem::replace(&mut self.elements, outside);
        let id = self.node("p", "subProcess", "", &inside);
        (id.clone(), id)
    }

    fn many(&mut self) -> (String, String) {
        let sequential = self.random.below(2) == 0;
        let inside = format!(
            "<multiInstanceLoopCharacteristics isSequential=\"{sequential}\" activiti:collection=\"list\" \
             activiti:elementVariable=\"who\"></multiInstanceLoopCharacteristics>"
        );
        let attributes = " name=\"Each\" activiti:assignee=\"${who}\"";
        let id = self.node("m", "userTask", attributes, &inside);
        (id.clone(), id)
    }

    fn timed(&mut self) -> (String, String) {
        let (task, _) = self.task();
        let cancels = self.random.below(2) == 0;
        let attributes = format!(" attachedToRef=\"{task}\" cancelActivity=\"{cancels}\"");
        let timer =
            "<timerEventDefinition><timeDuration>PT30M</timeDuration></timerEventDefinition>";
        let boundary = self.node("b", "boundaryEvent", &attributes, timer);
        let (late, late_end) = self.task();
        let end = self.node("e", "endEvent", "", "");
        self.flow(&boundary, &late, "");
        self.flow(&late_end, &end, "");
        let wait = self.node("w", "intermediateCatchEvent", "", timer);
        self.flow(&task, &wait, "");
        (task, wait)
    }

    fn call(&mut self, depth: usize) -> (String, String) {
        let key = format!("{}c{}", self.key, self.called.len());
        let outside = std::mem::take(&mut self.elements);
        // Reserved before the called process calls others.
        self.called.push(String::new());
        let place = self.called.len() - 1;
        self.scope(depth - 1);
        let inside = std::mem::replace(&mut self.elements, outside);
        self.called[place] = process(&key, &inside);
        let mapping = "<extensionElements><activiti:in source=\"v\" target=\"v\"/>\
                       <activiti:in source=\"list\" target=\"list\"/>\
                       <activiti:out source=\"v\" target=\"v\"/></extensionElements>";
        let id = self.node(
            "c",
            "callActivity",
            &format!(" calledElement=\"{key}\""),
            mapping,
        );
        (id.clone(), id)
    }
}
