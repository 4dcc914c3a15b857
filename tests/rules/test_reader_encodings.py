"""Which encoding a file is found to be in, and how a person overrides it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rejections.reader import Choices, Limits, look, preview
from rejections.reader.encodings import CANDIDATES, LABELS, Guess, detect, named
from rejections.reader.scripts import oddity
from rejections.refusals import Refused

FILES = Path(__file__).parent.parent / "files"

#: What clients write, in the encodings they write it in.
PHRASES = {
    "cp1252": "Müller|falsche Telefonnummer für Lead|außerhalb der Region|Déjà client|Numéro erroné|François|"
    "José Núñez|Teléfono inválido|¿Quién?|São Paulo|já é cliente|Åsa Öberg|Søren Kjær|don’t call|“angry”|£20 fee",
    "cp1250": "Łukasz Żółć|Zły numer|Już klient|Paweł Dąbrowski|Špatné číslo|Již zákazník|Jiří Dvořák|neplatný",
    "cp1251": "Дубликат|Неверный номер|Не отвечает|Пётр Сидоров|вне зоны|Київ|Невірний номер",
    "cp1253": "Διπλότυπο|Λάθος αριθμός|Παπαδόπουλος|δεν απαντά",
    "cp1254": "Yanlış numara|Müşteri değil|İstanbul|Gökhan Şahin|ulaşılamıyor",
    "cp1257": "Žemaitė|Šiauliai|neteisingas numeris jau įrašytas|Jānis Bērziņš|Rīga",
    "cp932": "重複|電話番号が違います|田中|メール無効|エリア外|株式会社テスト|連絡が取れない",
    "gb18030": "重复|电话号码无效|王伟|不在服务区|客户已存在|拒绝接听|错误的邮箱",
    "big5": "重複|電話號碼無效|王小明|客戶已存在|不在服務區|無法聯絡",
    "cp949": "중복|전화번호 오류|김철수|이미 고객|연락 불가|잘못된 이메일",
}


def file_of(tmp_path: Path, phrases: list[str], encoding: str) -> Path:
    lines = [f"{number},{phrase}" for number, phrase in enumerate(phrases, start=1001)]
    path = tmp_path / "upload.csv"
    path.write_bytes("\r\n".join(["lead_id,reason", *lines, ""]).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "encoding", "cell"),
    [
        ("space-after-comma.csv", "utf-8", " Duplicate Lead"),
        ("bom.csv", "utf-8", "Café geschlossen"),
        ("utf16-excel.csv", "utf-16-le", "Дубликат"),
        ("utf16-without-bom.csv", "utf-16-le", "Doppelt für uns"),
        ("windows-1252.csv", "cp1252", "Déjà client"),
        ("windows-1250.csv", "cp1250", "Zły numer"),
        ("windows-1251.csv", "cp1251", "Дубликат"),
        ("shift-jis.csv", "cp932", "重複"),
        ("gb18030.csv", "gb18030", "重复"),
        ("big5.csv", "big5", "重複"),
        ("euc-kr.csv", "cp949", "중복"),
        ("utf-8-with-one-broken-line.csv", "utf-8", "Déjà client"),
    ],
)
def test_the_encoding_is_detected(name: str, encoding: str, cell: str) -> None:
    reading, rows = preview(FILES / name, Choices(), Limits(), 1)
    assert reading.encoding == encoding
    assert rows[0].cells[1] == cell
    assert "\ufeff" not in reading.columns[0]


@pytest.mark.parametrize("encoding", PHRASES)
def test_a_file_of_twenty_rows_is_recognised(tmp_path: Path, encoding: str) -> None:
    chance = random.Random(7)
    for _ in range(10):
        phrases = chance.choices(PHRASES[encoding].split("|"), k=20)
        path = file_of(tmp_path, phrases, encoding)
        found = detect(path)
        assert path.read_bytes().decode(found.encoding) == path.read_bytes().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("phrase", ["重复", "Größe", "plain"])
def test_unicode_is_recognised_with_and_without_a_mark(tmp_path: Path, encoding: str, phrase: str) -> None:
    reading, rows = preview(file_of(tmp_path, [phrase] * 3, encoding), Choices(), Limits(), 5)
    assert reading.columns == ("lead_id", "reason")
    assert rows[0].cells == ("1001", phrase)


def test_what_is_beyond_doubt_is_said_to_be(tmp_path: Path) -> None:
    assert detect(file_of(tmp_path, ["Größe"], "utf-8")) == Guess("utf-8")
    doubtful = detect(file_of(tmp_path, ["Jiří"], "cp1250"))
    assert not doubtful.certain
    assert {doubtful.encoding, *doubtful.alternatives} >= {"cp1250", "cp1252"}


def test_mac_encodings_are_never_guessed_but_may_be_chosen(tmp_path: Path) -> None:
    assert not any("mac" in name for name in CANDIDATES)
    path = file_of(tmp_path, ["Straße"], "mac-roman")
    assert preview(path, Choices(encoding="mac_roman"), Limits(), 1)[1][0].cells[1] == "Straße"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("latin1", "cp1252"), ("Windows-1252", "cp1252"),
        ("Shift_JIS", "cp932"), ("GBK", "gb18030"), ("EUC-KR", "cp949"), ("koi8-r", "koi8-u"),
        ("utf-16", "utf-16-le"), ("ascii", "utf-8"),
    ],
)  # fmt: skip
def test_an_encoding_has_many_names(name: str, codec: str) -> None:
    assert named(name) == codec
    assert codec in LABELS


@pytest.mark.parametrize("name", ["", "klingon", "rot13", "hex", "utf-7", "a\x00b"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        named(name)
    assert refused.value.code == "unknown_encoding"
    assert "Windows-1252" in refused.value.detail


def test_a_chosen_encoding_is_used_line_by_line() -> None:
    reading, rows = preview(FILES / "windows-1252.csv", Choices(encoding="utf-8"), Limits(), 9)
    assert reading.encoding == "utf-8"
    assert [row.line for row in rows if row.problem] == [2, 3, 4]
    assert rows[0].cells == ("1;D\\xe9j\\xe0 client", "")


def test_a_code_page_that_fits_but_for_some_lines_keeps_the_others(tmp_path: Path) -> None:
    lines = ["lead_id;powód", *(f"{number};Zły numer, Łukasz Żółć" for number in range(9))]
    content = "\n".join(lines).encode("cp1250") + b"\n10;bad \x81 byte\n"
    path = tmp_path / "upload.csv"
    path.write_bytes(content)
    reading, rows = preview(path, Choices(), Limits(), 99)
    assert reading.encoding == "cp1250"
    assert [row.line for row in rows if row.problem] == [11]


@pytest.mark.parametrize("broken", [b"\xff\xfe bad", b"na\xc3", b"Dupl\xc3cate", b"abc\x80\x81def"])
def test_bytes_that_are_text_in_no_code_page_are_damage(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "upload.csv"
    path.write_bytes(b"lead_id,reason\n1,ok\n2," + broken + b"\n3,ok\n")
    reading, rows = preview(path, Choices(), Limits(), 9)
    assert reading.encoding == "utf-8"
    assert [row.line for row in rows if row.problem] == [3]


def test_a_text_of_another_encoding_looks_odd() -> None:
    for encoding, phrases in PHRASES.items():
        text = phrases.replace("|", "\n")
        misread = text.encode(encoding).decode("cp1252" if encoding != "cp1252" else "cp1251", "replace")
        other = "cp1252" if encoding != "cp1252" else "cp1251"
        assert oddity(text, encoding) + 0.1 < oddity(misread, other)


def test_a_large_file_is_judged_by_the_lines_that_matter(tmp_path: Path) -> None:
    path = tmp_path / "upload.csv"
    plain = b"".join(b"%d,Duplicate\n" % number for number in range(200_000))
    path.write_bytes(b"lead_id,reason\n" + plain + "7,Zły numer Łukasz Żółć, Grażyna\n".encode("cp1250") * 5)
    assert detect(path).encoding == "cp1250"
    assert look(path, Choices(), Limits()).encoding == "cp1250"
