//! What others have written, for a terminal and for a page.

/// The first characters of a text that anybody may have written, without those that control a terminal or
/// turn the direction of what follows.
pub fn printable(text: &str, most: usize) -> String {
    let is_shown = |c: char| !c.is_control() && !is_of_direction(c);
    let mut characters = text.chars().map(|c| if is_shown(c) { c } else { '\u{fffd}' });
    let mut shown: String = characters.by_ref().take(most).collect();
    shown.extend(characters.next().map(|_| '…'));
    shown
}

fn is_of_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_shown_controls_a_terminal_or_fills_it() {
        assert_eq!(printable("vendor-7", 100), "vendor-7");
        assert_eq!(printable("a\u{1b}[31m\nb\u{202e}", 100), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
        assert_eq!(printable("abcd", 4), "abcd");
        assert_eq!(printable("abcde", 4), "abcd…");
    }
}
