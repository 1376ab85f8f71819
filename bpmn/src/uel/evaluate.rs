//! One evaluation: walks the tree, asks the scope, counts its steps.
//! Never: keeps anything between two evaluations.

use super::{
    EvaluationError, Object, Scope, coerce, dates, methods, operators,
    tree::{Binary, Call, MAX_RESULT_BYTES, MAX_STEPS, Node, Operand, Unary},
};
use codec::Value;

pub(super) struct Evaluation<'a> {
    scope: &'a mut dyn Scope,
    steps: usize,
}

impl<'a> Evaluation<'a> {
    pub fn new(scope: &'a mut dyn Scope) -> Self {
        Evaluation { scope, steps: 0 }
    }

    /// The value that leaves the expression.
    pub fn result(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        finite(self.value(node)?)
    }

    /// Refuses a text that grew too long.
    pub fn check_text(&self, bytes: usize) -> Result<(), EvaluationError> {
        if bytes > MAX_RESULT_BYTES {
            return Err(EvaluationError::limit("length of a text"));
        }
        Ok(())
    }

    /// The value as it is where text is wanted.
    pub fn spelled(&self, value: Value) -> Value {
        match value {
            Value::Date(_) | Value::List(_) | Value::Map(_) => {
                dates::spelled(value, &self.scope.time_zone())
            }
            other => other,
        }
    }

    /// Two values to compare: what stands beside text is text.
    fn beside_text(&self, left: Value, right: Value) -> (Value, Value) {
        match (&left, &right) {
            (Value::String(_), _) | (_, Value::String(_)) => {
                (self.spelled(left), self.spelled(right))
            }
            _ => (left, right),
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), EvaluationError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            return Err(EvaluationError::limit("steps"));
        }
        Ok(())
    }

    /// The value inside of the expression: a number may be infinite there.
    pub fn value(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        self.operand(node)?.into_value()
    }

    fn operand(&mut self, node: &Node) -> Result<Operand, EvaluationError> {
        self.spend(1)?;
        let value = match node {
            Node::Literal(value) => value.clone(),
            Node::Identifier(name) => return self.identifier(name),
            Node::Unary(operator, operand) => self.unary(*operator, operand)?,
            Node::Binary(operator, operands) => self.binary(*operator, &operands.0, &operands.1)?,
            Node::Choice(choice) => {
                let question = self.value(&choice.0)?;
                let taken = if coerce::truth(&question)? {
                    &choice.1
                } else {
                    &choice.2
                };
                return self.operand(taken);
            }
            Node::Property(property) => return self.property(&property.0, &property.1),
            Node::Call(call) => return self.call(call),
        };
        Ok(Operand::Value(value))
    }

    fn identifier(&mut self, name: &str) -> Result<Operand, EvaluationError> {
        if let Some(object) = Object::named(name)
            && self.scope.has_object(object)
        {
            return Ok(Operand::Object(object));
        }
        let Some(value) = self.scope.variable(name) else {
            return Err(EvaluationError::unknown_property(name));
        };
        self.spend(size(&value))?;
        Ok(Operand::Value(value))
    }

    /// An object that another one leads to; null where it is not.
    fn object(&self, object: Object) -> Operand {
        if self.scope.has_object(object) {
            Operand::Object(object)
        } else {
            Operand::Value(Value::Null)
        }
    }

    fn unary(&mut self, operator: Unary, operand: &Node) -> Result<Value, EvaluationError> {
        match (operator, self.operand(operand)?) {
            (Unary::Empty, Operand::Object(_)) => Ok(Value::Bool(false)),
            (Unary::Empty, Operand::Value(value)) => Ok(Value::Bool(operators::is_empty(&value))),
            (Unary::Not, operand) => {
                coerce::truth(&operand.into_value()?).map(|truth| Value::Bool(!truth))
            }
            (Unary::Negate, operand) => operators::negate(&operand.into_value()?),
        }
    }

    fn binary(
        &mut self,
        operator: Binary,
        left: &Node,
        right: &Node,
    ) -> Result<Value, EvaluationError> {
        match operator {
            Binary::Or => Ok(Value::Bool(self.truth(left)? || self.truth(right)?)),
            Binary::And => Ok(Value::Bool(self.truth(left)? && self.truth(right)?)),
            Binary::Equal => self.equal(left, right).map(Value::Bool),
            Binary::NotEqual => self.equal(left, right).map(|equal| Value::Bool(!equal)),
            Binary::Less | Binary::Greater | Binary::LessOrEqual | Binary::GreaterOrEqual => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                let (left, right) = self.beside_text(left, right);
                operators::ordered(operator, &left, &right).map(Value::Bool)
            }
            Binary::Add
            | Binary::Subtract
            | Binary::Multiply
            | Binary::Divide
            | Binary::Remainder => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                operators::arithmetic(operator, &left, &right)
            }
        }
    }

    fn truth(&mut self, node: &Node) -> Result<bool, EvaluationError> {
        coerce::truth(&self.value(node)?)
    }

    fn equal(&mut self, left: &Node, right: &Node) -> Result<bool, EvaluationError> {
        match (self.operand(left)?, self.operand(right)?) {
            (Operand::Value(left), Operand::Value(right)) => {
                let (left, right) = self.beside_text(left, right);
                operators::equal(&left, &right)
            }
            (Operand::Object(left), Operand::Object(right)) => Ok(left == right),
            (Operand::Object(_), Operand::Value(_)) | (Operand::Value(_), Operand::Object(_)) => {
                Ok(false)
            }
        }
    }

    fn property(&mut self, base: &Node, name: &Node) -> Result<Operand, EvaluationError> {
        let base = self.operand(base)?;
        let name = self.value(name)?;
        match base {
            Operand::Object(object) => {
                let name = coerce::text(&name);
                if let Some(behind) = object.behind(&name) {
                    return Ok(self.object(behind));
                }
                let value = self.scope.object_property(object, &name)?;
                self.spend(size(&value))?;
                Ok(Operand::Value(value))
            }
            Operand::Value(base) => entry(base, &name).map(Operand::Value),
        }
    }

    fn call(&mut self, call: &Call) -> Result<Operand, EvaluationError> {
        let receiver = self.operand(&call.receiver)?;
        let method = self.value(&call.method)?;
        let method = coerce::text(&method);
        // What is called on null is null, whatever it is called with, as in JUEL.
        if let Operand::Value(Value::Null) = receiver {
            return Ok(Operand::Value(Value::Null));
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(finite(self.value(argument)?)?);
        }
        let value = match receiver {
            Operand::Object(object) => {
                if let Some(given) = object.given_by(&method).filter(|_| arguments.is_empty()) {
                    return Ok(self.object(given));
                }
                self.scope.object_call(object, &method, &arguments)?
            }
            Operand::Value(receiver) => {
                // Searching, comparing and cutting cost no more than what they look at.
                let touched = size(&receiver) + arguments.iter().map(size).sum::<usize>();
                self.spend(touched)?;
                let zone = || self.scope.time_zone();
                methods::call(receiver, &method, arguments, &zone)?
            }
        };
        self.spend(size(&value))?;
        if let Value::String(text) = &value {
            self.check_text(text.len())?;
        }
        Ok(Operand::Value(value))
    }

    /// Assigns to what a node names.
    pub fn assign(&mut self, node: &Node, value: Value) -> Result<(), EvaluationError> {
        let mut path = Vec::new();
        let mut base = node;
        while let Node::Property(property) = base {
            path.push(self.value(&property.1)?);
            base = &property.0;
        }
        path.reverse();
        let Node::Identifier(name) = base else {
            return Err(EvaluationError::failed("expression is not assignable"));
        };
        match (self.identifier(name), path.as_slice()) {
            (Err(unknown), _) => Err(unknown),
            (Ok(Operand::Value(_)), []) => self.scope.assign_variable(name, value),
            (Ok(Operand::Value(mut root)), path) => {
                *place(&mut root, path)? = value;
                self.scope.assign_variable(name, root)
            }
            (Ok(Operand::Object(object)), [Value::String(property)]) => {
                let setter = setter(property);
                self.scope.object_call(object, &setter, &[value]).map(drop)
            }
            (Ok(Operand::Object(object)), _) => Err(EvaluationError::failed(format!(
                "'{}' is not assignable",
                object.name()
            ))),
        }
    }
}

/// `base.name` and `base[name]`: null has no entries, an absent entry is null, what has none is an error.
fn entry(base: Value, name: &Value) -> Result<Value, EvaluationError> {
    match base {
        Value::Null => Ok(Value::Null),
        Value::Map(entries) => {
            let key = coerce::text(name);
            let found = entries.into_iter().find(|(entry, _)| *entry == key);
            Ok(found.map_or(Value::Null, |(_, value)| value))
        }
        Value::List(mut items) => {
            let position = coerce::position(name)?;
            let position = usize::try_from(position).ok().filter(|n| *n < items.len());
            Ok(position.map_or(Value::Null, |n| items.swap_remove(n)))
        }
        Value::Date(ms) if *name == Value::from("time") => Ok(Value::Int(ms)),
        Value::String(text) if *name == Value::from("empty") => Ok(Value::Bool(text.is_empty())),
        Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Double(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::String(_) => Err(EvaluationError::unknown_property(&format!(
            "{} of {}",
            coerce::text(name),
            base.type_name()
        ))),
    }
}

/// Where an assignment goes: an entry of a map, which may be new, or a position of a list, which may not.
fn place<'v>(root: &'v mut Value, path: &[Value]) -> Result<&'v mut Value, EvaluationError> {
    let mut at = root;
    for name in path {
        at = match at {
            Value::Map(entries) => {
                let key = coerce::text(name).into_owned();
                let known = entries.iter().position(|(entry, _)| *entry == key);
                let index = known.unwrap_or_else(|| {
                    entries.push((key, Value::Null));
                    entries.len() - 1
                });
                &mut entries[index].1
            }
            Value::List(items) => {
                let position = coerce::position(name)?;
                usize::try_from(position)
                    .ok()
                    .and_then(|n| items.get_mut(n))
                    .ok_or_else(|| {
                        EvaluationError::failed(format!("no position {position} in the list"))
                    })?
            }
            other => {
                return Err(EvaluationError::failed(format!(
                    "{} has no entries to assign",
                    other.type_name()
                )));
            }
        };
    }
    Ok(at)
}

fn setter(property: &str) -> String {
    let mut characters = property.chars();
    match characters.next() {
        Some(first) => format!("set{}{}", first.to_uppercase(), characters.as_str()),
        None => "set".to_owned(),
    }
}

/// A division by zero may stand inside an expression, as in Java, but no value is infinite.
fn finite(value: Value) -> Result<Value, EvaluationError> {
    match value {
        Value::Double(number) if !number.is_finite() => {
            Err(EvaluationError::failed("number is not finite"))
        }
        other => Ok(other),
    }
}

/// About how many bytes a value holds.
fn size(value: &Value) -> usize {
    const NODE: usize = 8;
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Date(_) => NODE,
        Value::BigInt(text) | Value::String(text) => NODE + text.len(),
        Value::Bytes(bytes) => NODE + bytes.len(),
        Value::List(items) => NODE + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => entries
            .iter()
            .fold(NODE, |sum, (key, value)| sum + key.len() + size(value)),
    }
}
