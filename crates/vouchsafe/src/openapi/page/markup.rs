//! HTML that cannot be broken by what it shows: tags and attribute names come from the program, all else is escaped.

use std::fmt;

/// A piece of HTML under way.
#[derive(Default)]
pub(super) struct Markup {
    html: String,
}

/// An attribute's name and value.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Markup {
    /// An element and what `inside` writes into it.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        attributes: &[Attribute<'_>],
        inside: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.verbatim("<").verbatim(tag);
        for (name, value) in attributes {
            self.verbatim(" ").verbatim(name).verbatim("=\"").text(value).verbatim("\"");
        }
        self.verbatim(">");
        inside(self);
        self.verbatim("</").verbatim(tag).verbatim(">")
    }

    /// An element that holds nothing but text.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: &[Attribute<'_>], text: &str) -> &mut Self {
        self.element(tag, attributes, |inside| {
            inside.text(text);
        })
    }

    /// A link within the page.
    pub(super) fn link(&mut self, anchor: &str, text: &str) -> &mut Self {
        self.leaf("a", &[("href", &format!("#{anchor}"))], text)
    }

    /// Text, whatever is in it.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                c => self.html.push(c),
            }
        }
        self
    }

    /// HTML as it is; only the program itself can write it.
    pub(super) fn verbatim(&mut self, html: &'static str) -> &mut Self {
        self.html.push_str(html);
        self
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.html)
    }
}

#[cfg(test)]
mod tests {
    use super::Markup;

    #[test]
    fn text_and_attributes_cannot_leave_their_place() {
        let mut markup = Markup::default();
        markup.leaf("a", &[("href", "\"><script>")], "</a><b> & 'c'");
        assert_eq!(
            markup.to_string(),
            "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;/a&gt;&lt;b&gt; &amp; &#39;c&#39;</a>"
        );
    }
}
