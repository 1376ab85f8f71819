//! Text in pictures: how wide it is, where it breaks, how it is written into XML. Owns the widths of the embedded
//! font. Must never let a character through that XML forbids, and never return more lines than asked for.

/// Advance widths of U+0020 to U+007E in the embedded bold font, in thousandths of the font size. The
/// regular one is a little narrower: one table serves both.
const ASCII: [u16; 95] = [
    227, 370, 574, 590, 590, 963, 740, 325, 378, 378, 507, 590, 325, 370, 325, 387, 590, 590, 590,
    590, 590, 590, 590, 590, 590, 590, 325, 325, 590, 590, 590, 514, 1007, 641, 681, 656, 714, 615,
    585, 717, 757, 330, 568, 686, 578, 853, 749, 770, 667, 770, 682, 624, 625, 748, 619, 915, 627,
    580, 613, 378, 387, 378, 590, 567, 626, 591, 644, 527, 644, 581, 372, 597, 640, 304, 306, 604,
    315, 964, 641, 626, 644, 644, 436, 495, 421, 637, 576, 863, 562, 574, 511, 378, 296, 378, 590,
];

/// A name longer than this is cut before it is measured: no box holds more.
const CHARACTERS: usize = 400;

fn character_width(character: char) -> f64 {
    let code = character as usize;
    match code {
        0x20..=0x7E => f64::from(ASCII[code - 0x20]) / 1000.0,
        0x300..=0x36F => 0.0,
        0..=0x2FF => 0.62,
        0x370..=0x200F => 0.68,
        _ => 1.0,
    }
}

/// The width of a line in pixels.
pub fn width(line: &str, size: f64) -> f64 {
    line.chars().map(character_width).sum::<f64>() * size
}

/// True for scripts that break between any two characters.
fn breaks_anywhere(character: char) -> bool {
    matches!(character as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
}

fn may_break(before: char, after: char) -> bool {
    const CLOSING: &str = "，。、！？；：）》」』】〉〕”’…,.!?;:)]}";
    const OPENING: &str = "（《「『【〈〔“‘([{";
    if CLOSING.contains(after) || OPENING.contains(before) {
        return false;
    }
    let is_camel_hump = before.is_lowercase() && after.is_uppercase();
    breaks_anywhere(before) || breaks_anywhere(after) || is_camel_hump || "-/_.".contains(before)
}

/// The pieces between which a line may end; a piece that ends a word carries its space.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut before = None;
    for character in text.chars().take(CHARACTERS) {
        if character.is_whitespace() || character.is_control() {
            if !piece.is_empty() {
                piece.push(' ');
                pieces.push(std::mem::take(&mut piece));
            }
            before = None;
            continue;
        }
        if before.is_some_and(|before| may_break(before, character)) {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(character);
        before = Some(character);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// Breaks `text` into at most `lines` lines of at most `limit` pixels; what does not fit ends in an ellipsis.
pub fn wrap(text: &str, limit: f64, size: f64, lines: usize) -> Vec<String> {
    let limit = limit.max(size);
    let mut done: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if width(&line, size) + width(piece.trim_end(), size) <= limit {
            line.push_str(&piece);
            continue;
        }
        if !line.is_empty() {
            done.push(std::mem::take(&mut line));
        }
        for character in piece.chars() {
            let more = width(&line, size) + character_width(character) * size;
            if more > limit && character != ' ' && !line.is_empty() {
                done.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    if !line.trim().is_empty() {
        done.push(line);
    }
    let cut = done.len() > lines || text.chars().nth(CHARACTERS).is_some();
    done.truncate(lines);
    for line in &mut done {
        line.truncate(line.trim_end().len());
    }
    if cut && let Some(last) = done.last_mut() {
        while !last.is_empty() && width(last, size) + size > limit {
            last.pop();
        }
        last.push('…');
    }
    done
}

/// Appends `text` escaped for XML content and quoted attributes; what XML forbids is left out.
pub fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{0}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words_and_between_chinese_characters() {
        let rows = [
            ("Approve", 90.0, vec!["Approve"]),
            ("Approve the request", 66.0, vec!["Approve", "the request"]),
            ("产品审批流程", 33.0, vec!["产品审", "批流程"]),
            ("IntermediateThrow", 80.0, vec!["Intermediate", "Throw"]),
            ("审批，通过", 22.0, vec!["审", "批，", "通过"]),
            ("  a \n b ", 90.0, vec!["a b"]),
            ("", 90.0, vec![]),
        ];
        for (text, limit, expected) in rows {
            assert_eq!(wrap(text, limit, 11.0, 9), expected, "{text}");
        }
    }

    #[test]
    fn no_line_is_wider_than_its_limit_and_what_is_cut_says_so() {
        for text in [
            "Donaudampfschifffahrtsgesellschaft",
            &"流程".repeat(900),
            "a b c d e f g h i j k l",
        ] {
            let lines = wrap(text, 40.0, 11.0, 2);
            assert_eq!(lines.len(), 2);
            assert!(
                lines.iter().all(|line| width(line, 11.0) <= 40.0),
                "{lines:?}"
            );
            assert!(lines[1].ends_with('…'), "{lines:?}");
        }
    }

    #[test]
    fn what_xml_reserves_is_escaped_and_what_it_forbids_is_dropped() {
        let mut out = String::new();
        escape(&mut out, "<a b=\"c\" d='e'>&\u{0}\u{8}\u{FFFF}\n审");
        assert_eq!(out, "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp; 审");
    }
}
