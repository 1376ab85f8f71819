#!/bin/sh
# Makes assets/fonts/*.otf.gz from Debian's fonts-noto-cjk: two weights, the characters that diagrams need, on a grid of
# 500 units instead of 1000 (a fiftieth of a pixel at the sizes of diagrams). The same bytes each time.
# Needs: apt-get install fonts-noto-cjk unicode-data; pip install fonttools. Usage: scripts/font-subset.sh [directory of the .ttc files]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
source=${1:-/usr/share/fonts/opentype/noto}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - > "$work/characters" <<'PYTHON'
import bz2

def of_charset(codec, rows):
    # GB 2312 and Big5 have no ranges in Unicode: ask the codec, cell by cell.
    for row in rows:
        for cell in range(0x40, 0xFF):
            try:
                yield ord(bytes((row, cell)).decode(codec))
            except (UnicodeDecodeError, TypeError):
                pass

def of_unihan(file, field):
    for line in bz2.open("/usr/share/unicode/%s.txt.bz2" % file, "rt", encoding="utf-8"):
        parts = line.split("\t")
        if len(parts) > 2 and parts[1] == field:
            yield int(parts[0][2:], 16)

points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180))          # ASCII, Latin-1, Latin Extended-A
points |= set(range(0x2010, 0x2040)) | {0x20AC, 0x2122, 0xFFFD}    # general punctuation, euro, trade mark, replacement
points |= set(range(0x2190, 0x2194)) | set(range(0x3000, 0x3020)) | set(range(0xFF01, 0xFF5F))
points |= set(of_charset("gb2312", range(0xA1, 0xF8)))             # with symbols, kana, Greek, Cyrillic
points |= set(of_charset("big5", range(0xA1, 0xC7)))               # symbols and level 1
points |= set(of_unihan("Unihan_OtherMappings", "kTGH"))           # the 8,105 of 通用规范汉字表
for point in sorted(points):
    print("U+%04X" % point)
PYTHON

for weight in Regular Bold; do
    # Face 2 of the collection is "Noto Sans CJK SC". Vertical writing and alternates are not drawn.
    SOURCE_DATE_EPOCH=0 pyftsubset "$source/NotoSansCJK-$weight.ttc" --font-number=2 --unicodes-file="$work/characters" \
        --output-file="$work/$weight.otf" \
        --layout-features=kern,mark,ccmp --no-hinting --desubroutinize --name-IDs='*' --name-languages=0x409 \
        --drop-tables+=vhea,vmtx,VORG,BASE,DSIG --no-recalc-timestamp --notdef-outline
    python3 - "$work/$weight.otf" "$here/assets/fonts/NotoSansCJKsc-$weight-subset.otf.gz" <<'PYTHON'
import gzip, io, sys
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

font = TTFont(sys.argv[1], recalcTimestamp=False)
scale_upem(font, 500)
# The full table of characters holds all that the one for 16 bits does.
font["cmap"].tables = [table for table in font["cmap"].tables if (table.platformID, table.format) == (3, 12)]
plain = io.BytesIO()
font.save(plain)
with open(sys.argv[2], "wb") as file:
    file.write(gzip.compress(plain.getvalue(), 9, mtime=0))
PYTHON
done
ls -l "$here"/assets/fonts/*.otf.gz
