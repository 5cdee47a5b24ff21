//! Reads Rust source just well enough to tell code from comments and literals, and to find functions.
//!
//! It is no parser: it knows strings, characters, comments, words and braces, and nothing of grammar. That
//! is enough for rules about names and lengths, and keeps the house free of a parser it would not need otherwise.

/// A source text taken apart. Both parts have the lines of the original; what belongs elsewhere is blank.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Separated {
    /// Everything but comments and the insides of literals.
    pub(super) code: String,
    /// The comments alone, documentation included.
    pub(super) comments: String,
}

/// Takes a source text apart.
pub(super) fn separate(text: &str) -> Separated {
    let mut cursor = Cursor { chars: text.chars().collect(), at: 0, code: String::new(), comments: String::new() };
    while let Some((part, length)) = cursor.next_piece() {
        cursor.take(part, length);
    }
    Separated { code: cursor.code, comments: cursor.comments }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

struct Cursor {
    chars: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

impl Cursor {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// What stands here, and how many characters of it.
    fn next_piece(&self) -> Option<(Part, usize)> {
        let piece = match (self.peek(0)?, self.peek(1)) {
            ('/', Some('/')) => (Part::Comment, self.length_until(|ahead| self.peek(ahead) == Some('\n'))),
            ('/', Some('*')) => (Part::Comment, self.block_comment()),
            ('"', _) => (Part::Literal, self.quoted('"')),
            ('\'', Some('\\')) => (Part::Literal, self.quoted('\'')),
            ('\'', _) if self.peek(2) == Some('\'') => (Part::Literal, 3),
            (letter, _) if in_word(letter) => self.word(),
            _ => (Part::Code, 1),
        };
        Some(piece)
    }

    fn take(&mut self, part: Part, length: usize) {
        for letter in &self.chars[self.at..self.at + length] {
            let blank = if *letter == '\n' { '\n' } else { ' ' };
            self.code.push(if part == Part::Code { *letter } else { blank });
            self.comments.push(if part == Part::Comment { *letter } else { blank });
        }
        self.at += length;
    }

    /// The length up to where `ends` holds, or all that is left.
    fn length_until(&self, ends: impl Fn(usize) -> bool) -> usize {
        let left = self.chars.len() - self.at;
        (0..left).find(|ahead| ends(*ahead)).unwrap_or(left)
    }

    fn block_comment(&self) -> usize {
        let mut depth = 0;
        let mut ahead = 0;
        while let Some(letter) = self.peek(ahead) {
            match (letter, self.peek(ahead + 1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    ahead += 1;
                    continue;
                }
            }
            ahead += 2;
            if depth == 0 {
                break;
            }
        }
        ahead
    }

    fn quoted(&self, quote: char) -> usize {
        let mut ahead = 1;
        while let Some(letter) = self.peek(ahead) {
            ahead += if letter == '\\' { 2 } else { 1 };
            if letter == quote {
                break;
            }
        }
        ahead.min(self.chars.len() - self.at)
    }

    /// A word, or the raw string that it begins.
    fn word(&self) -> (Part, usize) {
        let length = self.length_until(|ahead| self.peek(ahead).is_some_and(|letter| !in_word(letter)));
        let word: String = self.chars[self.at..self.at + length].iter().collect();
        let hashes = (length..).take_while(|ahead| self.peek(*ahead) == Some('#')).count();
        let opened = length + hashes;
        if !matches!(word.as_str(), "r" | "br" | "cr") || self.peek(opened) != Some('"') {
            return (Part::Code, length);
        }
        let closes = |ahead: usize| {
            ahead > opened + hashes + 1
                && self.peek(ahead - hashes - 1) == Some('"')
                && (ahead - hashes..ahead).all(|hash| self.peek(hash) == Some('#'))
        };
        (Part::Literal, self.length_until(closes))
    }
}

fn in_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// A word, `::` or any other single character that is not white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    /// The first line is 1.
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(in_word)
    }
}

/// The tokens of a text that was separated before.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    for (line, text) in (1..).zip(code.lines()) {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if in_word(first) {
                rest.find(|letter| !in_word(letter)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (text, after) = rest.split_at(length);
            tokens.push(Token { text, line });
            rest = after.trim_start();
        }
    }
    tokens
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'t> {
    pub(super) name: &'t str,
    /// Where its `fn` stands.
    pub(super) line: usize,
    /// From its `fn` to its closing brace, both included.
    pub(super) lines: usize,
}

/// Every function with a body, nested ones among them.
pub(super) fn functions<'t>(tokens: &[Token<'t>]) -> Vec<Function<'t>> {
    let named = tokens.windows(2).enumerate().filter(|(_, pair)| pair[0].text == "fn" && pair[1].is_word());
    named
        .filter_map(|(at, pair)| {
            let body = at + body_of(&tokens[at..])?;
            let end = body + closing(&tokens[body..])?;
            Some(Function { name: pair[1].text, line: pair[0].line, lines: tokens[end].line - pair[0].line + 1 })
        })
        .collect()
}

/// Where the brace stands that opens the body of the function `tokens` begin with; `None` where it has none.
fn body_of(tokens: &[Token<'_>]) -> Option<usize> {
    let mut at = 0;
    let mut constraints = false;
    while let Some(token) = tokens.get(at) {
        match token.text {
            ";" => return None,
            "where" => constraints = true,
            // Parameters, an array's length.
            "(" | "[" => at += closing(&tokens[at..])?,
            // A constant among generic arguments, as in `Text<Free, 0, { usize::MAX }>`.
            "{" if matches!(tokens[at - 1].text, "<" | ",") && !constraints => at += closing(&tokens[at..])?,
            "{" => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the bracket is closed that `tokens` begin with.
pub(super) fn closing(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0;
    tokens.iter().position(|token| {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blanks at the end are not compared.
    fn check(input: &str, code: &str, comments: &str) {
        let separated = separate(input);
        assert_eq!(separated.code.trim_end(), code, "{input:?}");
        assert_eq!(separated.comments.trim_end(), comments, "{input:?}");
        assert_eq!(separated.code.lines().count(), input.lines().count(), "{input:?}");
    }

    #[test]
    fn comments_and_literals_are_told_from_code() {
        check("a // b", "a", "  // b");
        check("a /// b\nc", "a      \nc", "  /// b");
        check("a /* b /* c */ d */ e", "a                   e", "  /* b /* c */ d */");
        check("a /* b\n */ c", "a     \n    c", "  /* b\n */");
        check("a(\"//\", b)", "a(    , b)", "");
        check("(\"\\\"{\", b)", "(     , b)", "");
        check("(r\"\\\", b)", "(    , b)", "");
        check("r#\"}\" \"#;", "        ;", "");
        check("br##\"\"#}\"##;", "           ;", "");
        check("r#type {", "r#type {", "");
        check("'{' + '\\'' + b'}'", "    +      + b", "");
        check("&'a str '{'", "&'a str", "");
        check("\"open {", "", "");
    }

    fn check_functions(input: &str, expect: &[(&str, usize, usize)]) {
        let code = separate(input).code;
        let found = functions(&tokens(&code));
        let found: Vec<_> = found.iter().map(|function| (function.name, function.line, function.lines)).collect();
        assert_eq!(found, expect, "{input}");
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_closing_brace() {
        check_functions("fn a() {}", &[("a", 1, 1)]);
        check_functions("\n#[x]\nfn a(\n) -> u8 {\n  1\n}\n", &[("a", 3, 4)]);
        check_functions("trait T { fn a(); fn b() {\n} }", &[("b", 1, 2)]);
        check_functions("fn a() -> [u8; 2] {\n}", &[("a", 1, 2)]);
        check_functions("fn a() -> T<F, 0, { N }> {\n}", &[("a", 1, 2)]);
        check_functions("fn a<T>()\nwhere\n  T: X,\n{\n}", &[("a", 1, 5)]);
        check_functions("fn a() {\n  fn b() {\n  }\n}", &[("a", 1, 4), ("b", 2, 2)]);
        check_functions("fn a() {\n  \"}\"; '}'; // }\n}", &[("a", 1, 3)]);
        check_functions("type F = fn(u8) -> u8;", &[]);
    }
}
