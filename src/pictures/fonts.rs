//! The embedded fonts. Owns their bytes and which characters they hold. Must never read a font from the machine that
//! it runs on: the same diagram is the same bytes everywhere.

use flate2::read::GzDecoder;
use resvg::usvg::fontdb::{Database, Source};
use std::{
    io::Read,
    sync::{Arc, LazyLock},
};

/// The family name within the embedded fonts.
pub const FAMILY: &str = "Noto Sans CJK SC";

/// Regular and bold, packed.
static PACKED: [&[u8]; 2] = [
    include_bytes!("../../assets/fonts/NotoSansCJKsc-Regular-subset.otf.gz"),
    include_bytes!("../../assets/fonts/NotoSansCJKsc-Bold-subset.otf.gz"),
];

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for packed in PACKED {
        fonts.load_font_source(Source::Binary(Arc::new(unpacked(packed))));
    }
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

/// The fonts that pictures are written with, unpacked at the first call.
pub fn database() -> Arc<Database> {
    Arc::clone(&FONTS)
}

/// A font without its compression. What was built into the program is whole, so there is no error to tell.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut font = Vec::new();
    let read = GzDecoder::new(packed).read_to_end(&mut font);
    debug_assert!(read.is_ok(), "{read:?}");
    font
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8], at: usize, length: usize) -> usize {
        let digits = bytes[at..at + length].iter();
        digits.fold(0, |number, &digit| number << 8 | usize::from(digit))
    }

    /// First and last code point of each range that a font has glyphs for, from its table `cmap` in format 12.
    fn ranges(font: &[u8]) -> Vec<(u32, u32)> {
        let tables = (0..number(font, 4, 2)).map(|table| 12 + 16 * table);
        let mut named = tables.filter(|&at| &font[at..at + 4] == b"cmap");
        let cmap = number(font, named.next().expect("a table cmap") + 8, 4);
        let table = cmap + number(font, cmap + 8, 4);
        assert_eq!(number(font, table, 2), 12);
        let groups = (0..number(font, table + 12, 4)).map(|group| table + 16 + 12 * group);
        let code = |at| u32::try_from(number(font, at, 4)).expect("a code point");
        groups.map(|at| (code(at), code(at + 4))).collect()
    }

    #[test]
    fn both_weights_have_the_characters_of_labels_whichever_way_they_are_written() {
        let rows = [
            ("ASCII and Europe", "Approve: (a+b)/2 = 100 % éüßñ€™…–—"),
            ("GB 2312", "采购经理审批调整申请流程鼍鬻黯、。《》（）；"),
            (
                "Big5 level 1",
                "繁體審批龍龜啟動流程請假單會計點選鑰匙顯示鬱籲灣",
            ),
            ("names of people", "朱镕基喆堃甯昇瑧珺玥彧翀昉赟祎妘垚㛃"),
            ("通用规范汉字表, third level", "𠙶𬉼𪣻㑇亍仡尢忉"),
        ];
        for packed in PACKED {
            let ranges = ranges(&unpacked(packed));
            for (what, characters) in rows {
                let has = |character: char| {
                    let within =
                        |&(first, last): &(u32, u32)| (first..=last).contains(&(character as u32));
                    ranges.iter().any(within)
                };
                let missing: String = characters.chars().filter(|&c| !has(c)).collect();
                assert_eq!(missing, "", "{what}");
            }
            assert!(
                !ranges
                    .iter()
                    .any(|&(first, last)| (first..=last).contains(&0x1F600))
            );
        }
    }

    #[test]
    fn the_fonts_take_less_than_four_megabytes_of_the_program() {
        let bytes: usize = PACKED.iter().map(|packed| packed.len()).sum();
        assert!(bytes < 4_000_000, "{bytes}");
        let faces = database().faces().count();
        assert_eq!(faces, 2);
    }
}
