//! Text to parts, parts to trees.
//! Never: evaluates, or accepts a function: no function exists here, as in Activiti.

use super::{
    Form, Part, SyntaxError, error,
    lexer::{Complaint, Lexer, Token, property_name},
    tree::{Binary, Call, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES, Node, Unary},
};
use codec::Value;

pub(super) fn parse(source: &str) -> Result<Form, SyntaxError> {
    let text = source.trim();
    let skipped = source.len() - source.trim_start().len();
    scan(text).map_err(|(offset, message)| SyntaxError {
        text: error::shortened(source),
        offset: offset + skipped,
        message,
    })
}

/// As `parse`, but blanks and line breaks around the text are part of it.
pub(super) fn parse_whole(source: &str) -> Result<Form, SyntaxError> {
    scan(source).map_err(|(offset, message)| SyntaxError {
        text: error::shortened(source),
        offset,
        message,
    })
}

/// Splits the text at its expressions. A backslash escapes the `$` or `#` before a brace and is text elsewhere.
fn scan(text: &str) -> Result<Form, Complaint> {
    if text.len() > MAX_TEXT_BYTES {
        return Err((0, format!("text is longer than {MAX_TEXT_BYTES} bytes")));
    }
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut nodes = 0;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        if !matches!(bytes[at], b'$' | b'#') || bytes.get(at + 1) != Some(&b'{') {
            at += 1;
            continue;
        }
        let escaped = at > copied && bytes[at - 1] == b'\\';
        plain.push_str(&text[copied..at - usize::from(escaped)]);
        copied = at;
        at += 2;
        if escaped {
            continue;
        }
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        let mut parser = Parser::new(text, at, nodes)?;
        parts.push(Part::Expression(parser.whole()?));
        nodes = parser.nodes;
        at = parser.lexer.offset;
        copied = at;
    }
    plain.push_str(&text[copied..]);
    Ok(form(parts, plain))
}

fn form(mut parts: Vec<Part>, rest: String) -> Form {
    if parts.is_empty() {
        return Form::Literal(rest.into());
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    if parts.len() == 1
        && let Some(Part::Expression(node)) =
            parts.pop_if(|part| matches!(part, Part::Expression(_)))
    {
        return Form::Single(Box::new(node));
    }
    Form::Composite(parts)
}

/// A node and how high the tree below it is.
struct Tree {
    node: Node,
    height: usize,
}

const TOO_DEEP: &str = "nested too deep";

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    start: usize,
    nodes: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, offset: usize, nodes: usize) -> Result<Self, Complaint> {
        let mut lexer = Lexer::new(text, offset);
        let (start, token) = lexer.next()?;
        Ok(Parser {
            lexer,
            token,
            start,
            nodes,
            depth: 0,
        })
    }

    /// The expression with its closing brace; the lexer then stands right behind it.
    fn whole(&mut self) -> Result<Node, Complaint> {
        let tree = self.expression()?;
        match self.token {
            Token::RightBrace => Ok(tree.node),
            _ => Err(self.unexpected("'}'")),
        }
    }

    fn advance(&mut self) -> Result<Token, Complaint> {
        let (start, token) = self.lexer.next()?;
        self.start = start;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn unexpected(&self, expected: &str) -> Complaint {
        let found = match self.lexer.read_from(self.start) {
            "" => "end of text".to_owned(),
            token => format!("'{token}'"),
        };
        (self.start, format!("expected {expected}, found {found}"))
    }

    fn expect(&mut self, token: Token, name: &str) -> Result<(), Complaint> {
        if self.token != token {
            return Err(self.unexpected(name));
        }
        self.advance().map(drop)
    }

    /// A finished node; `below` is the height of its highest child.
    fn node(&mut self, node: Node, below: usize) -> Result<Tree, Complaint> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err((self.start, format!("more than {MAX_NODES} operations")));
        }
        if below >= MAX_DEPTH {
            return Err((self.start, TOO_DEEP.to_owned()));
        }
        Ok(Tree {
            node,
            height: below + 1,
        })
    }

    fn deeper(&mut self) -> Result<(), Complaint> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((self.start, TOO_DEEP.to_owned()));
        }
        Ok(())
    }

    fn expression(&mut self) -> Result<Tree, Complaint> {
        self.deeper()?;
        let mut tree = self.binary(1)?;
        if self.token == Token::Question {
            self.advance()?;
            let then = self.expression()?;
            self.expect(Token::Colon, "':'")?;
            let otherwise = self.expression()?;
            let below = tree.height.max(then.height).max(otherwise.height);
            let choice = (tree.node, then.node, otherwise.node);
            tree = self.node(Node::Choice(Box::new(choice)), below)?;
        }
        self.depth -= 1;
        Ok(tree)
    }

    fn binary(&mut self, lowest: u8) -> Result<Tree, Complaint> {
        let mut left = self.unary()?;
        while let Some(operator) = self.operator().filter(|found| found.precedence() >= lowest) {
            self.advance()?;
            let right = self.binary(operator.precedence() + 1)?;
            let below = left.height.max(right.height);
            let operands = Box::new((left.node, right.node));
            left = self.node(Node::Binary(operator, operands), below)?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<Binary> {
        match self.token {
            Token::Binary(operator) => Some(operator),
            Token::Minus => Some(Binary::Subtract),
            _ => None,
        }
    }

    fn unary(&mut self) -> Result<Tree, Complaint> {
        let operator = match self.token {
            Token::Not => Unary::Not,
            Token::Minus => Unary::Negate,
            Token::Empty => Unary::Empty,
            _ => return self.postfix(),
        };
        self.advance()?;
        self.deeper()?;
        let operand = self.unary()?;
        self.depth -= 1;
        self.node(
            Node::Unary(operator, Box::new(operand.node)),
            operand.height,
        )
    }

    fn postfix(&mut self) -> Result<Tree, Complaint> {
        let mut base = self.primary()?;
        loop {
            let name = match self.token {
                Token::Dot => self.property_name()?,
                Token::LeftBracket => {
                    self.advance()?;
                    let index = self.expression()?;
                    self.expect(Token::RightBracket, "']'")?;
                    index
                }
                _ => return Ok(base),
            };
            let below = base.height.max(name.height);
            base = if self.token == Token::LeftParenthesis {
                let (arguments, highest) = self.arguments()?;
                let call = Call {
                    receiver: base.node,
                    method: name.node,
                    arguments,
                };
                self.node(Node::Call(Box::new(call)), below.max(highest))?
            } else {
                let property = Box::new((base.node, name.node));
                self.node(Node::Property(property), below)?
            };
        }
    }

    fn property_name(&mut self) -> Result<Tree, Complaint> {
        self.advance()?;
        let Some(name) = property_name(&self.token).map(Value::from) else {
            return Err(self.unexpected("a name"));
        };
        self.advance()?;
        self.node(Node::Literal(name), 0)
    }

    /// The arguments and the height of the highest.
    fn arguments(&mut self) -> Result<(Vec<Node>, usize), Complaint> {
        self.advance()?;
        let mut arguments = Vec::new();
        let mut highest = 0;
        while self.token != Token::RightParenthesis {
            if !arguments.is_empty() {
                self.expect(Token::Comma, "',' or ')'")?;
            }
            let argument = self.expression()?;
            highest = highest.max(argument.height);
            arguments.push(argument.node);
        }
        self.advance()?;
        Ok((arguments, highest))
    }

    fn primary(&mut self) -> Result<Tree, Complaint> {
        let start = self.start;
        let literal = match &self.token {
            Token::LeftParenthesis => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(Token::RightParenthesis, "')'")?;
                return Ok(inner);
            }
            Token::Identifier(name) => {
                let name = name.as_str().into();
                self.advance()?;
                if self.token == Token::LeftParenthesis {
                    return Err((start, format!("could not resolve function '{name}'")));
                }
                return self.node(Node::Identifier(name), 0);
            }
            Token::Integer(number) => Value::Int(*number),
            Token::Decimal(number) => Value::Double(*number),
            Token::Text(text) => Value::from(text.as_str()),
            Token::True => Value::Bool(true),
            Token::False => Value::Bool(false),
            Token::Null => Value::Null,
            _ => return Err(self.unexpected("an expression")),
        };
        self.advance()?;
        self.node(Node::Literal(literal), 0)
    }
}
