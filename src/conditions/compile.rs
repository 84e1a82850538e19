//! From text to a checked condition, or to what is wrong with it and where.

use super::facts::{Fact, Kind, Root, Schema};
use cel::Program;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};

/// Longer than anything that people write by hand.
const LONGEST: usize = 4000;

/// What is wrong, at which character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Wrong {
    /// Characters before it.
    pub at: usize,
    pub what: String,
}

/// A condition whose names and kinds were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub(super) root: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    More,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Starts,
    Ends,
    Contains,
    Below,
}

/// A part of a condition; its kinds fit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Truth(bool),
    Number(f64),
    Text(String),
    /// Which root, and which of its columns.
    Fact(Root, usize),
    Known(Root, usize),
    Not(Box<Node>),
    Both(Box<Node>, Box<Node>),
    Either(Box<Node>, Box<Node>),
    Compare(Relation, Box<Node>, Box<Node>),
    Calculate(Sum, Box<Node>, Box<Node>),
    /// A number or text among these.
    OneOf(Box<Node>, Vec<Node>),
    /// A text in a list that is a fact.
    In(Box<Node>, Box<Node>),
    Test(Test, Box<Node>, String),
}

/// Reads and checks.
///
/// # Errors
/// [`Wrong`], with the character at which it is.
pub fn compile(text: &str, schema: Schema) -> Result<Condition, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong { at: 0, what: "the condition is empty".into() });
    }
    if text.len() > LONGEST {
        return Err(Wrong { at: LONGEST, what: format!("it is longer than {LONGEST} characters") });
    }
    let program = Program::compile(text).map_err(|errors| syntax(text, &errors))?;
    let reader = Reader { text, schema, source: program.source_info() };
    let (root, kind) = reader.read(program.expression(), None)?;
    if kind != Kind::Truth {
        let what =
            format!("this is {}; a condition is true or false, such as product.price < 20", kind.name());
        return Err(reader.wrong(program.expression(), what));
    }
    Ok(Condition { root })
}

/// The parser's first complaint, in other words: its own are for programmers.
fn syntax(text: &str, errors: &cel::ParseErrors) -> Wrong {
    let (line, column) = errors.errors.first().map_or((1, 1), |error| error.pos);
    let before: usize = text
        .split_inclusive('\n')
        .take(usize::try_from(line - 1).unwrap_or_default())
        .map(|line| line.chars().count())
        .sum();
    let at = (before + usize::try_from(column - 1).unwrap_or_default()).min(text.chars().count());
    let rest: String = text.chars().skip(at).take(12).collect();
    let what = match rest.trim() {
        "" => "something is missing at the end".to_owned(),
        rest if rest.starts_with('=') => "“=” compares with “==”".to_owned(),
        rest => format!("“{rest}” cannot stand here"),
    };
    Wrong { at, what }
}

struct Reader<'a> {
    text: &'a str,
    schema: Schema,
    source: &'a SourceInfo,
}

type Read = Result<(Node, Kind), Wrong>;

impl Reader<'_> {
    /// At the part's beginning.
    fn wrong(&self, expr: &IdedExpr, what: impl Into<String>) -> Wrong {
        self.wrong_at(start_of(expr), what)
    }

    fn wrong_at(&self, id: u64, what: impl Into<String>) -> Wrong {
        let byte = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
        let at = self.text.char_indices().take_while(|(at, _)| *at < byte).count();
        Wrong { at, what: what.into() }
    }

    /// `wanted`: the kind that its place asks for.
    fn read(&self, expr: &IdedExpr, wanted: Option<Kind>) -> Read {
        let (node, kind) = match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal)?,
            Expr::Select(select) => {
                let (root, at, fact) = self.fact(expr, &select.operand, &select.field)?;
                match select.test {
                    true => (Node::Known(root, at), Kind::Truth),
                    false => (Node::Fact(root, at), fact.kind),
                }
            }
            Expr::Call(call) => self.call(expr, call)?,
            Expr::Ident(name) => return Err(self.wrong(expr, self.unknown_name(name))),
            Expr::List(_) => {
                return Err(self
                    .wrong(expr, "a list stands only after “in”, such as product.brand in [\"A\", \"B\"]"));
            }
            _ => return Err(self.wrong(expr, "conditions do not have this part of CEL")),
        };
        match wanted {
            Some(wanted) if wanted != kind => {
                Err(self
                    .wrong(expr, format!("this is {}, and {} is needed here", kind.name(), wanted.name())))
            }
            _ => Ok((node, kind)),
        }
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Read {
        Ok(match literal {
            LiteralValue::Boolean(truth) => (Node::Truth(*truth.inner()), Kind::Truth),
            LiteralValue::Int(number) => (Node::Number(*number.inner() as f64), Kind::Number),
            LiteralValue::UInt(number) => (Node::Number(*number.inner() as f64), Kind::Number),
            LiteralValue::Double(number) => (Node::Number(*number.inner()), Kind::Number),
            LiteralValue::String(text) => (Node::Text(text.inner().to_owned()), Kind::Text),
            LiteralValue::Null | LiteralValue::Bytes(_) => {
                return Err(self.wrong(expr, "ask with has(product.price) whether something is known"));
            }
        })
    }

    fn unknown_name(&self, name: &str) -> String {
        if let Some(root) = Root::ALL.into_iter().find(|root| root.name() == name) {
            let example = self.schema.of(root).next().map_or("", |fact| fact.name);
            return format!("say what of it: {name}.{example}");
        }
        if let Some(fact) = self.schema.0.iter().find(|fact| fact.name == name) {
            return format!("“{name}” is not known; do you mean {}.{name}?", fact.root.name());
        }
        let roots: Vec<&str> = Root::ALL.into_iter().map(Root::name).collect();
        match nearest(name, &roots) {
            Some(near) => format!("“{name}” is not known; do you mean {near}?"),
            None => {
                format!("“{name}” is not known; texts stand in quotes, facts begin with {}", roots.join(", "))
            }
        }
    }

    fn fact(
        &self,
        expr: &IdedExpr,
        operand: &IdedExpr,
        field: &str,
    ) -> Result<(Root, usize, &'static Fact), Wrong> {
        let Expr::Ident(name) = &operand.expr else {
            return Err(self.wrong(
                expr,
                format!("“.{field}” can follow only {}", "product, customer, today, campaign or weather"),
            ));
        };
        let root = Root::ALL.into_iter().find(|root| root.name() == name);
        let root = root.ok_or_else(|| self.wrong(operand, self.unknown_name(name)))?;
        if let Some((at, fact)) = self.schema.find(root, field) {
            return Ok((root, at, fact));
        }
        let names: Vec<&str> = self.schema.of(root).map(|fact| fact.name).collect();
        let what = match nearest(field, &names) {
            Some(near) => format!("“{name}.{field}” is not known; do you mean {name}.{near}?"),
            None => format!("“{name}.{field}” is not known; of a {name} are known: {}", names.join(", ")),
        };
        Err(self.wrong(operand, what))
    }

    fn call(&self, expr: &IdedExpr, call: &CallExpr) -> Read {
        let args = call.args.as_slice();
        if let (Some(target), [text]) = (&call.target, args) {
            return self.test(expr, call, target, text);
        }
        match (call.func_name.as_str(), args) {
            (operators::LOGICAL_NOT, [part]) => {
                Ok((Node::Not(Box::new(self.read(part, Some(Kind::Truth))?.0)), Kind::Truth))
            }
            (operators::LOGICAL_AND, [first, second, rest @ ..]) => {
                self.chain(Node::Both, first, second, rest)
            }
            (operators::LOGICAL_OR, [first, second, rest @ ..]) => {
                self.chain(Node::Either, first, second, rest)
            }
            (operators::NEGATE, [part]) => {
                let part = Box::new(self.read(part, Some(Kind::Number))?.0);
                Ok((Node::Calculate(Sum::Minus, Box::new(Node::Number(0.0)), part), Kind::Number))
            }
            (operators::IN, [value, list]) => self.among(value, list),
            (name, [left, right]) => {
                if let Some(relation) = relation(name) {
                    return self.compare(relation, left, right);
                }
                let sum = match name {
                    operators::ADD => Sum::Plus,
                    operators::SUBSTRACT => Sum::Minus,
                    operators::MULTIPLY => Sum::Times,
                    operators::DIVIDE => Sum::Over,
                    _ => return Err(self.wrong(expr, format!("conditions do not have “{}”", symbol(name)))),
                };
                let side = |part| self.read(part, Some(Kind::Number)).map(|(node, _)| Box::new(node));
                Ok((Node::Calculate(sum, side(left)?, side(right)?), Kind::Number))
            }
            (name, _) => Err(self.wrong(expr, format!("conditions do not have “{}”", symbol(name)))),
        }
    }

    fn chain(
        &self,
        join: impl Fn(Box<Node>, Box<Node>) -> Node,
        first: &IdedExpr,
        second: &IdedExpr,
        rest: &[IdedExpr],
    ) -> Read {
        let mut node = self.read(first, Some(Kind::Truth))?.0;
        for part in std::iter::once(second).chain(rest) {
            node = join(Box::new(node), Box::new(self.read(part, Some(Kind::Truth))?.0));
        }
        Ok((node, Kind::Truth))
    }

    fn compare(&self, relation: Relation, left: &IdedExpr, right: &IdedExpr) -> Read {
        let (first, kind) = self.read(left, None)?;
        if kind == Kind::Texts {
            return Err(
                self.wrong(left, "ask with “in” what a list holds, such as \"Wine\" in customer.categories")
            );
        }
        if kind != Kind::Number && !matches!(relation, Relation::Equal | Relation::Unequal) {
            return Err(
                self.wrong(left, format!("this is {}; only numbers can be larger or smaller", kind.name()))
            );
        }
        let second = self.read(right, Some(kind))?.0;
        Ok((Node::Compare(relation, Box::new(first), Box::new(second)), Kind::Truth))
    }

    fn among(&self, value: &IdedExpr, list: &IdedExpr) -> Read {
        let Expr::List(literals) = &list.expr else {
            let value = self.read(value, Some(Kind::Text))?.0;
            let list = self.read(list, Some(Kind::Texts))?.0;
            return Ok((Node::In(Box::new(value), Box::new(list)), Kind::Truth));
        };
        let (node, kind) = self.read(value, None)?;
        if !matches!(kind, Kind::Number | Kind::Text) {
            return Err(self
                .wrong(value, format!("this is {}; a number or a text is needed before “in”", kind.name())));
        }
        let among = literals
            .elements
            .iter()
            .map(|one| match self.read(one, Some(kind))? {
                (node @ (Node::Number(_) | Node::Text(_)), _) => Ok(node),
                _ => Err(self.wrong(one, "a list holds texts in quotes, or numbers")),
            })
            .collect::<Result<_, _>>()?;
        Ok((Node::OneOf(Box::new(node), among), Kind::Truth))
    }

    fn test(&self, expr: &IdedExpr, call: &CallExpr, target: &IdedExpr, text: &IdedExpr) -> Read {
        let test = match call.func_name.as_str() {
            "startsWith" => Test::Starts,
            "endsWith" => Test::Ends,
            "contains" => Test::Contains,
            "below" => Test::Below,
            name => {
                let known = ["startsWith", "endsWith", "contains", "below"];
                let meant = nearest(name, &known).map_or(known.join(", "), str::to_owned);
                let Wrong { at, what } =
                    self.wrong_at(expr.id, format!("“{name}” is not known; do you mean {meant}?"));
                // A call's place is its bracket.
                return Err(Wrong { at: at.saturating_sub(name.chars().count()), what });
            }
        };
        let target = Box::new(self.read(target, Some(Kind::Text))?.0);
        match self.read(text, Some(Kind::Text))? {
            (Node::Text(text), _) => Ok((Node::Test(test, target, text), Kind::Truth)),
            _ => Err(self.wrong(text, "a text in quotes is needed here")),
        }
    }
}

fn relation(name: &str) -> Option<Relation> {
    Some(match name {
        operators::LESS => Relation::Less,
        operators::LESS_EQUALS => Relation::AtMost,
        operators::EQUALS => Relation::Equal,
        operators::NOT_EQUALS => Relation::Unequal,
        operators::GREATER_EQUALS => Relation::AtLeast,
        operators::GREATER => Relation::More,
        _ => return None,
    })
}

/// `_%_` is written `%`.
fn symbol(name: &str) -> &str {
    match name {
        operators::CONDITIONAL => "… ? … : …",
        operators::INDEX => "[…]",
        name => name.trim_matches(['_', '@']),
    }
}

/// The node whose place is where the part begins: an operator's own place is that of its sign.
fn start_of(expr: &IdedExpr) -> u64 {
    match &expr.expr {
        Expr::Call(CallExpr { target: Some(target), .. }) => start_of(target),
        Expr::Call(call) if call.func_name.starts_with('_') || call.func_name.starts_with('@') => {
            call.args.first().map_or(expr.id, start_of)
        }
        Expr::Select(select) if !select.test => start_of(&select.operand),
        _ => expr.id,
    }
}

fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&wrong.to_lowercase(), name);
    let near = known.iter().map(|&name| (distance(name), name)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, _)| *distance <= 2.max(wrong.len() / 3)).map(|(_, name)| name)
}
