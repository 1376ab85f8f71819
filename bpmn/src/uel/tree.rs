//! The tree of a parsed expression, and the bounds that keep it small.
//! Never: evaluates.

use super::EvaluationError;
use codec::Value;

/// Longest text of a template, in bytes: models carry conditions of a few hundred.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
/// Most nodes of a template: what a hundred conditions in one expression would need.
pub const MAX_NODES: usize = 4096;
/// Deepest nesting, so that parsing, evaluating and dropping cannot exhaust a thread's stack of 2 MiB.
pub const MAX_DEPTH: usize = 200;
/// Longest text that an evaluation may make, in bytes.
pub(super) const MAX_RESULT_BYTES: usize = 1024 * 1024;
/// Work of one evaluation: a step for each node and for each byte of the values it touches.
pub(super) const MAX_STEPS: usize = 64 * 1024 * 1024;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(Value),
    Identifier(Box<str>),
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<(Node, Node)>),
    /// Question, then, else.
    Choice(Box<(Node, Node, Node)>),
    /// `base.name` and `base[index]`.
    Property(Box<(Node, Node)>),
    Call(Box<Call>),
}

/// `receiver.method(arguments)`.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub receiver: Node,
    pub method: Node,
    pub arguments: Vec<Node>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Negate,
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    /// How tightly it binds; all of them group to the left.
    pub fn precedence(self) -> u8 {
        match self {
            Binary::Or => 1,
            Binary::And => 2,
            Binary::Equal | Binary::NotEqual => 3,
            Binary::Less | Binary::Greater | Binary::LessOrEqual | Binary::GreaterOrEqual => 4,
            Binary::Add | Binary::Subtract => 5,
            Binary::Multiply | Binary::Divide | Binary::Remainder => 6,
        }
    }
}

/// What a node gives: a value, or one of the objects, which are no values.
pub(super) enum Operand {
    Value(Value),
    Object(super::Object),
}

impl Operand {
    pub fn into_value(self) -> Result<Value, EvaluationError> {
        match self {
            Operand::Value(value) => Ok(value),
            Operand::Object(object) => Err(EvaluationError::failed(format!(
                "'{}' is not a value",
                object.name()
            ))),
        }
    }
}
