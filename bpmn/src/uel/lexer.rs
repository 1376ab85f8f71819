//! Tokens of an expression, from behind `${` to its `}`.
//! Never: looks at text outside of an expression; `parser` finds where one begins.

use super::tree::Binary;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Identifier(String),
    Integer(i64),
    Decimal(f64),
    Text(String),
    True,
    False,
    Null,
    Not,
    Minus,
    Empty,
    /// Every binary operator but minus, which is also a sign.
    Binary(Binary),
    Question,
    Colon,
    Dot,
    Comma,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    RightBrace,
    End,
}

/// What is wrong, and where.
pub(super) type Complaint = (usize, String);

pub(super) struct Lexer<'a> {
    text: &'a str,
    pub offset: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, offset: usize) -> Self {
        Lexer { text, offset }
    }

    /// What was read since an offset.
    pub fn read_from(&self, start: usize) -> &'a str {
        &self.text[start..self.offset]
    }

    fn peek(&self) -> Option<char> {
        self.text[self.offset..].chars().next()
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.offset..];
        let end = rest.find(|c| !test(c)).unwrap_or(rest.len());
        self.offset += end;
        &rest[..end]
    }

    /// The next token and where it begins.
    pub fn next(&mut self) -> Result<(usize, Token), Complaint> {
        self.take_while(char::is_whitespace);
        let start = self.offset;
        let Some(first) = self.peek() else {
            return Ok((start, Token::End));
        };
        let token = if is_identifier_start(first) {
            word(self.take_while(is_identifier_part))
        } else if first.is_ascii_digit() || (first == '.' && self.digit_follows()) {
            self.number(start)?
        } else if first == '"' || first == '\'' {
            self.quoted(start, first)?
        } else {
            self.symbol(start, first)?
        };
        Ok((start, token))
    }

    fn digit_follows(&self) -> bool {
        self.text
            .as_bytes()
            .get(self.offset + 1)
            .is_some_and(u8::is_ascii_digit)
    }

    fn number(&mut self, start: usize) -> Result<Token, Complaint> {
        self.take_while(|c| c.is_ascii_digit());
        let mut decimal = false;
        if self.peek() == Some('.') {
            decimal = true;
            self.offset += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            let before = self.offset;
            self.offset += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.offset += 1;
            }
            if self.take_while(|c| c.is_ascii_digit()).is_empty() {
                self.offset = before;
            } else {
                decimal = true;
            }
        }
        let digits = &self.text[start..self.offset];
        if decimal {
            match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Token::Decimal(number)),
                _ => Err((start, format!("number '{digits}' is out of range"))),
            }
        } else {
            digits
                .parse()
                .map(Token::Integer)
                .map_err(|_| (start, format!("number '{digits}' is out of range")))
        }
    }

    fn quoted(&mut self, start: usize, quote: char) -> Result<Token, Complaint> {
        self.offset += 1;
        let mut out = String::new();
        loop {
            out.push_str(self.take_while(|c| c != quote && c != '\\'));
            match self.peek() {
                None => return Err((start, "unterminated string".to_owned())),
                Some('\\') => {
                    let escape = self.offset;
                    self.offset += 1;
                    match self.peek() {
                        Some(c @ ('\\' | '"' | '\'')) => {
                            out.push(c);
                            self.offset += 1;
                        }
                        Some(c) => return Err((escape, format!("invalid escape sequence \\{c}"))),
                        None => return Err((start, "unterminated string".to_owned())),
                    }
                }
                Some(_) => {
                    self.offset += 1;
                    return Ok(Token::Text(out));
                }
            }
        }
    }

    fn symbol(&mut self, start: usize, first: char) -> Result<Token, Complaint> {
        self.offset += first.len_utf8();
        let second = self.peek();
        let mut doubled = |expected: char| {
            let found = second == Some(expected);
            self.offset += usize::from(found);
            found
        };
        Ok(match first {
            '+' => Token::Binary(Binary::Add),
            '-' => Token::Minus,
            '*' => Token::Binary(Binary::Multiply),
            '/' => Token::Binary(Binary::Divide),
            '%' => Token::Binary(Binary::Remainder),
            '?' => Token::Question,
            ':' => Token::Colon,
            '.' => Token::Dot,
            ',' => Token::Comma,
            '(' => Token::LeftParenthesis,
            ')' => Token::RightParenthesis,
            '[' => Token::LeftBracket,
            ']' => Token::RightBracket,
            '}' => Token::RightBrace,
            '=' if doubled('=') => Token::Binary(Binary::Equal),
            '!' if doubled('=') => Token::Binary(Binary::NotEqual),
            '!' => Token::Not,
            '<' if doubled('=') => Token::Binary(Binary::LessOrEqual),
            '<' => Token::Binary(Binary::Less),
            '>' if doubled('=') => Token::Binary(Binary::GreaterOrEqual),
            '>' => Token::Binary(Binary::Greater),
            '&' if doubled('&') => Token::Binary(Binary::And),
            '|' if doubled('|') => Token::Binary(Binary::Or),
            _ => return Err((start, format!("invalid character '{first}'"))),
        })
    }
}

fn is_identifier_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

fn is_identifier_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn word(text: &str) -> Token {
    match text {
        "true" => Token::True,
        "false" => Token::False,
        "null" => Token::Null,
        "empty" => Token::Empty,
        "not" => Token::Not,
        "or" => Token::Binary(Binary::Or),
        "and" => Token::Binary(Binary::And),
        "eq" => Token::Binary(Binary::Equal),
        "ne" => Token::Binary(Binary::NotEqual),
        "lt" => Token::Binary(Binary::Less),
        "gt" => Token::Binary(Binary::Greater),
        "le" => Token::Binary(Binary::LessOrEqual),
        "ge" => Token::Binary(Binary::GreaterOrEqual),
        "div" => Token::Binary(Binary::Divide),
        "mod" => Token::Binary(Binary::Remainder),
        name => Token::Identifier(name.to_owned()),
    }
}

/// The word of a token that is a name anywhere but behind a dot: there it names a property.
pub(super) fn property_name(token: &Token) -> Option<&str> {
    Some(match token {
        Token::Identifier(name) => name,
        Token::Empty => "empty",
        Token::True => "true",
        Token::False => "false",
        Token::Null => "null",
        _ => return None,
    })
}
