//! The little Markdown that descriptions are written in: headings, lists, paragraphs, `code` and **weight**.

use super::markup::Markup;

/// The anchor of a heading: its words in lower case, joined by hyphens.
pub(super) fn anchor(heading: &str) -> String {
    heading.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

/// The headings of a description.
pub(super) fn headings(description: &str) -> impl Iterator<Item = &str> {
    description.lines().filter_map(|line| line.strip_prefix("## "))
}

/// A whole description.
pub(super) fn prose(page: &mut Markup, description: &str) {
    for block in description.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if let Some(heading) = block.strip_prefix("## ") {
            page.leaf("h2", &[("id", &anchor(heading))], heading);
        } else if let Some(items) = block.strip_prefix("- ") {
            page.element("ul", &[], |list| {
                for item in items.split("\n- ") {
                    list.element("li", &[], |item_text| line(item_text, item));
                }
            });
        } else {
            page.element("p", &[], |paragraph| line(paragraph, block));
        }
    }
}

/// Text within a line: what stands between backquotes is code, between double stars is bold.
pub(super) fn line(page: &mut Markup, text: &str) {
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            page.leaf("code", &[], part);
            continue;
        }
        for (at, part) in part.split("**").enumerate() {
            if at % 2 == 1 {
                page.leaf("strong", &[], part);
            } else {
                page.text(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Markup, prose};

    fn check(description: &str, expect: &str) {
        let mut page = Markup::default();
        prose(&mut page, description);
        assert_eq!(page.to_string(), expect);
    }

    #[test]
    fn descriptions_become_html() {
        check("One\ntwo.\n\nThree.", "<p>One\ntwo.</p><p>Three.</p>");
        check("## Read this\n\n- a `b<c`\n- **d**: e\n  f", {
            "<h2 id=\"read-this\">Read this</h2><ul><li>a <code>b&lt;c</code></li><li><strong>d</strong>: e\n  f</li></ul>"
        });
        check("<script>", "<p>&lt;script&gt;</p>");
    }
}
