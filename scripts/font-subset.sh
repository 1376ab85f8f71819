#!/bin/sh
# Makes assets/fonts/*.otf from Debian's fonts-noto-cjk: two weights, the characters that diagrams need.
# Needs: apt-get install fonts-noto-cjk; pip install fonttools. Usage: scripts/font-subset.sh [directory of the .ttc files]
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
source=${1:-/usr/share/fonts/opentype/noto}
characters=$(mktemp)
trap 'rm -f "$characters"' EXIT

python3 - > "$characters" <<'PYTHON'
# GB 2312 has no ranges in Unicode: ask the codec, row by row (rows 1-9 are symbols, kana, Greek and Cyrillic).
points = set(range(0x20, 0x7F)) | set(range(0xA0, 0x180))          # ASCII, Latin-1, Latin Extended-A
points |= set(range(0x2010, 0x2040)) | {0x20AC, 0x2122, 0xFFFD}    # general punctuation, euro, trade mark, replacement
points |= set(range(0x2190, 0x2194)) | set(range(0x3000, 0x3020)) | set(range(0xFF01, 0xFF5F))
for row in range(0xA1, 0xF8):
    for cell in range(0xA1, 0xFF):
        try:
            points.add(ord(bytes((row, cell)).decode("gb2312")))
        except UnicodeDecodeError:
            pass
for point in sorted(points):
    print("U+%04X" % point)
PYTHON

for weight in Regular Bold; do
    # Face 2 of the collection is "Noto Sans CJK SC". Vertical writing and alternates are not drawn.
    SOURCE_DATE_EPOCH=0 pyftsubset "$source/NotoSansCJK-$weight.ttc" --font-number=2 --unicodes-file="$characters" \
        --output-file="$here/assets/fonts/NotoSansCJKsc-$weight-subset.otf" \
        --layout-features=kern,mark,ccmp --no-hinting --desubroutinize --name-IDs='*' --name-languages=0x409 \
        --drop-tables+=vhea,vmtx,VORG,BASE,DSIG --no-recalc-timestamp --notdef-outline
done
ls -l "$here"/assets/fonts/*.otf
