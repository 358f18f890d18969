"""Rows of files: each format, flat memory, and exact errors that never hold a person's text."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from oarlock.corpus import lines
from oarlock.corpus.reading import cell_text, counted, file_format, read_records
from oarlock.errors import UserError

SECRET = "zebra-secret"


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def values(path: Path | str, **options: object) -> list[dict[str, object]]:
    with read_records(path, **options) as records:  # type: ignore[arg-type]
        return [dict(record.values) for record in records]


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "hey, you\nok"}, {"id": "2", "text": "“no” 😊"}]
    write(tmp_path / "a.csv", 'id,text\n1,"hey, you\nok"\n2,“no” 😊\n')
    write(tmp_path / "a.tsv", 'id\ttext\n1\t"hey, you\nok"\n2\t“no” 😊\n')
    write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n\n")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    for suffix in ("csv", "tsv", "jsonl", "parquet"):
        assert values(tmp_path / f"a.{suffix}") == rows
        with read_records(tmp_path / f"a.{suffix}") as records:
            assert records.columns == ("id", "text")


def test_standard_input_is_read_in_the_named_format() -> None:
    assert values("-", stdin=io.BytesIO(b"text\nhi\n")) == [{"text": "hi"}]
    assert values("-", format="jsonl", stdin=io.BytesIO(b'{"text": 1}\n')) == [{"text": 1}]
    with pytest.raises(UserError, match="cannot be read from standard input"):
        read_records("-", format="parquet", stdin=io.BytesIO())


def test_a_byte_order_mark_and_windows_line_ends_are_not_data(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\ufefftext,n\r\nhi,1\r\n")
    assert values(path) == [{"text": "hi", "n": "1"}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.jsonl", b"\n \n", "is empty"),
        ("a.parquet", b"", "is empty"),
        (
            "a.csv",
            f"id,text\n1,{SECRET}\n2\n".encode(),
            r"row 2 \(line 3\): 1 cell where .* has 2\.",
        ),
        ("a.csv", f"text\n{SECRET} ".encode() + b"caf\xe9\n", "line 2, byte 21: not UTF-8"),
        ("a.csv", "text\nhi\n".encode("utf-16"), "is UTF-16"),
        ("a.csv", f"text\n{SECRET}\x00\n".encode(), "line 2, byte 17: a NUL byte"),
        ("a.csv", b"id,text\r1,hi\r", "line 1: a carriage return that ends no line"),
        ("a.csv", f'text\n"{SECRET}'.encode(), "line 2: not a CSV row"),
        ("a.csv", f'text\n"a"{SECRET}\n'.encode(), "line 2: not a CSV row"),
        ("a.csv", b"text,text\n1,2\n", "'text' occurs twice in the header"),
        ("a.jsonl", f'{{"text": "{SECRET}"}}\n{{"text": {SECRET}}}\n'.encode(), "line 2, char"),
        ("a.jsonl", f'["{SECRET}"]\n'.encode(), "expected a JSON object, found list"),
        ("a.jsonl", b"[" * 100_000, "not JSON that can be read"),
        ("a.parquet", b"PAR1 not really", "not a whole Parquet file"),
        ("a.xlsx", b"x", "the format is not known by the suffix '.xlsx'"),
    ],
)
def test_a_fault_is_named_without_the_text(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(UserError, match=message) as caught:
        values(path)
    assert path.name in caught.value.message
    assert caught.value.remedy
    assert SECRET not in str(caught.value)


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["hello " * 50] * 100}), path)
    write(path, path.read_bytes()[:-100])
    with pytest.raises(UserError, match="cut short"):
        values(path)


def test_a_missing_column_lists_those_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,reply\n1,hi\n")
    with read_records(path) as records, pytest.raises(UserError) as caught:
        records.require({"--text-column": "text", "--id-column": None})
    assert "no column 'text'. It has: id, reply." in caught.value.message
    assert "--text-column" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id;text\n1;hi, you\n", {"id": "1", "text": "hi, you"}),
        ("id\ttext\n1\thi, you; there\n", {"id": "1", "text": "hi, you; there"}),
        ('\ufeff\n"id";"text"\r\n1;"a;b"\r\n', {"id": "1", "text": "a;b"}),
        ('id;"age, years"\n1;19\n', {"id": "1", "age, years": "19"}),
        ("sep=;\nid;text\n1;hi\n", {"id": "1", "text": "hi"}),
        ('"my; text"\nhi; you\n', {"my; text": "hi; you"}),
        ('id,"a;b"\n1,hi; you\n', {"id": "1", "a;b": "hi; you"}),
        ("id,a;b\n1,hi; you\n", {"id": "1", "a;b": "hi; you"}),
    ],
)
def test_the_header_of_a_csv_shows_what_separates_its_cells(
    tmp_path: Path, content: str, expected: dict[str, str]
) -> None:
    assert values(write(tmp_path / "a.csv", content)) == [expected]


def test_an_error_says_which_separator_was_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id;reply\n1;hi\n2\n")
    with read_records(path) as records, pytest.raises(UserError) as caught:
        records.require({"--text-column": "text"})
    assert "no column 'text'. Separated by semicolons, it has: id, reply." in caught.value.message
    with pytest.raises(UserError, match=r"1 cell where the header has 2 \(separated by semicolons"):
        values(path)


class Endless(io.RawIOBase):
    """A gigabyte in one line, made as it is read."""

    def __init__(self) -> None:
        self.left = 10**9
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        n = min(len(view), self.left)
        view[:n] = b"a" * n
        self.left -= n
        self.taken += n
        return n


class Kept(io.BytesIO):
    """Bytes that remember how far they were read before they were closed."""

    reached = 0

    def close(self) -> None:
        self.reached = self.reached if self.closed else self.tell()
        super().close()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_line_of_a_gigabyte_is_refused_without_loading_it(form: str) -> None:
    raw = Endless()
    with pytest.raises(UserError, match="line 1: the line is longer than 16 MB"):
        values("-", format=form, stdin=io.BufferedReader(raw))
    assert raw.taken <= lines.MAX_LINE_BYTES + 2**20


def test_a_quote_that_is_never_closed_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10_000)
    content = Kept(b'text\n"' + b"a\n" * 100_000)
    with pytest.raises(UserError, match=r"row that ends here is longer|not a CSV row"):
        values("-", stdin=content)
    assert content.reached < 50_000


def test_cell_text_takes_missing_values_for_none(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        '{"text": NaN}\n{"text": null}\n{}\n{"text": " \\n"}\n{"text": 5}\n{"text": [1]}\n',
    )
    with read_records(path) as records:
        found = list(records)
    assert [cell_text(one, "text", "a") for one in found[:5]] == [None, None, None, None, "5"]
    with pytest.raises(UserError, match="row 6, column 'text': expected text, found list"):
        cell_text(found[5], "text", "a")


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        read_records(tmp_path / "no.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_records(tmp_path, format="csv")
    with pytest.raises(UserError, match="no format 'xml'"):
        read_records(tmp_path / "no.csv", format="xml")


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("id,words", "id, words"),
        ("reply.id,Text_of_reply", "reply.id, Text_of_reply"),
        ("id,nobody noticed", "2 columns; the first row does not look like a header"),
        ("id,I can't do this anymore", "2 columns; the first row does not look like a header"),
        ("id,so alone...", "2 columns; the first row does not look like a header"),
        ("i can do this no more", "1 column; the first row does not look like a header"),
        ("a" * 41, "1 column; the first row does not look like a header"),
    ],
)
def test_columns_are_shown_only_if_all_look_like_names(
    tmp_path: Path, header: str, shown: str
) -> None:
    path = write(tmp_path / "a.csv", header + "\n")
    with read_records(path) as records, pytest.raises(UserError) as caught:
        records.require({"--text-column": "text"})
    assert caught.value.message.endswith(f"It has: {shown}.")
    assert ("has no header" in (caught.value.remedy or "")) == ("first row" in shown)


def test_a_text_that_occurs_twice_in_the_first_row_is_not_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"{SECRET} i feel alone,{SECRET} i feel alone\n")
    with pytest.raises(UserError, match="a column occurs twice in 2 columns; the first row") as one:
        read_records(path)
    assert SECRET not in str(one.value)


def test_a_pipe_is_refused_because_it_is_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "a.csv"
    os.mkfifo(pipe)
    for path in (str(pipe), "/dev/null"):
        with pytest.raises(UserError, match="not a regular file") as caught:
            values(path)
        assert "pipe it: ... | oarlock code - OUT" in (caught.value.remedy or "")


def test_a_blank_line_in_a_file_of_one_column_is_a_row_without_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\ntext\nhi\n\n\nho\n\n\n")
    with read_records(path) as records:
        found = [(one.row, cell_text(one, "text", "a")) for one in records]
    assert found == [(1, "hi"), (2, None), (3, None), (4, "ho")]
    assert values(write(path, "id,text\n1,hi\n\n2,ho\n"))[1]["id"] == "2"


def test_half_an_emoji_becomes_a_replacement_character(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", r'{"text": "hi \ud83d"}' + "\n" + r'{"text": "\ud83d\ude0a"}'
    )
    with read_records(path) as records:
        assert [cell_text(one, "text", "a") for one in records] == ["hi \ufffd", "😊"]


def test_a_parquet_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["hi"]}), path)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "[Errno 13] Failed to open local file")

    monkeypatch.setattr(pq, "ParquetFile", refused)
    with pytest.raises(UserError, match=r"cannot be read: Permission denied\.") as caught:
        values(path)
    assert caught.value.remedy == "Check the permissions."


@pytest.mark.parametrize("missing", ["NaN", "nan", "NULL", " null "])
def test_missing_value_written_as_a_word_is_no_text(tmp_path: Path, missing: str) -> None:
    path = write(tmp_path / "a.csv", f"id,text\n1,{missing}\n2,none\n")
    with read_records(path) as records:
        cells = [cell_text(record, "text", path.name) for record in records]
    assert cells == [None, "none"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet", "a.xlsx", "a.zip", "a.gz"])
@pytest.mark.parametrize(
    ("kind", "message", "remedy"),
    [
        ("xlsx", "is a workbook", "CSV UTF-8"),
        ("xls", "is an Excel workbook", "CSV UTF-8"),
        ("zip", "is a zip archive", "unzip"),
        ("gzip", r"is compressed \(gzip\)", "gunzip"),
    ],
)
def test_workbooks_and_packed_files_are_told_by_their_first_bytes(
    tmp_path: Path, name: str, kind: str, message: str, remedy: str
) -> None:
    path = tmp_path / name
    if kind == "gzip":
        write(path, gzip.compress(b"text\nhi\n"))
    elif kind == "xls":
        write(path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("xl/workbook.xml" if kind == "xlsx" else "a.csv", "text")
    with pytest.raises(UserError, match=message) as caught:
        read_records(path)
    assert remedy in (caught.value.remedy or "")
    with pytest.raises(UserError, match=r"^standard input is"):
        read_records("-", stdin=io.BytesIO(path.read_bytes()))


def test_parquet_named_csv_is_not_taken_for_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["hi"]}), tmp_path / "a.csv")
    with pytest.raises(UserError, match=r"is a Parquet file") as caught:
        read_records(tmp_path / "a.csv")
    assert ".parquet" in (caught.value.remedy or "")


def test_a_key_of_a_later_json_line_is_a_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": 1}\n{"id": 2, "text": "hi"}\n{"id": 3}\n')
    with read_records(path) as records:
        assert records.columns == ("id", "text")
        assert records.require({"--text-column": "text"}) == {"--text-column": "text"}
        assert [cell_text(one, "text", "a") for one in records] == [None, "hi", None]
    with read_records(path) as records, pytest.raises(UserError, match="no column 'context'"):
        records.require({"--context-column": "context"})


def test_keys_without_end_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_COLUMNS", 3)
    path = write(tmp_path / "a.jsonl", "".join(f'{{"k{n}": 1}}\n' for n in range(3)))
    assert len(values(path)) == 3
    write(path, "".join(f'{{"k{n}": 1}}\n' for n in range(4)))
    with pytest.raises(UserError, match="row 4: more than 3 different keys"):
        read_records(path)


def test_standard_input_is_searched_for_keys_and_refuses_later_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lines, "SEARCHED_ROWS", 2)
    rows = b'{"a": 1}\n{"text": "hi"}\n{"a": 3, "Context": "so sad", "other": 1}\n'
    with read_records("-", format="jsonl", stdin=io.BytesIO(rows)) as records:
        assert records.find("text") == "text"
        assert [one.row for one in records] == [1, 2, 3]
    with read_records("-", format="jsonl", stdin=io.BytesIO(rows)) as records:
        assert records.find("context") is None
        with pytest.raises(UserError, match="row 3: the column 'Context' begins here") as caught:
            list(records)
    assert "so sad" not in str(caught.value)
    with read_records("-", format="jsonl", stdin=io.BytesIO(rows)) as records:
        error = records.lacks("context", "Name it.")
    assert "first 2 rows" in (error.remedy or "")


def test_a_column_is_found_whatever_its_case_and_outer_spaces(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "ID, Text ,reply,Group,GROUP\n1,hi,x,a,b\n")
    with read_records(path) as records:
        assert records.find("id") == "ID"
        assert records.require({"--text-column": "TEXT"}) == {"--text-column": " Text "}
        assert records.find("text", "reply") == "reply"  # exactly so comes first
        assert records.find("Group") == "Group"
        assert records.find("time") is None
        with pytest.raises(UserError, match=r"2 that differ .* alone: 'Group', 'GROUP'"):
            records.find("group")


@pytest.mark.parametrize("checksums", [True, False])
def test_a_damaged_page_names_its_row_group(tmp_path: Path, checksums: bool) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"text": [f"{SECRET} {n}" for n in range(300)]})
    pq.write_table(
        table, path, row_group_size=100, write_page_checksum=checksums, use_dictionary=False
    )
    place = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    if checksums:  # one changed letter: only the checksum can tell
        content[place + 200] ^= 1
    else:
        content[place : place + 60] = b"\xff" * 60
    write(path, bytes(content))
    read = []
    with read_records(path) as records, pytest.raises(UserError) as caught:
        read.extend(iter(records))
    assert f"{path}, row group 2 of 3, after row 100: damaged" in caught.value.message
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("kind", [pa.string(), pa.timestamp("ms")])
def test_a_parquet_value_that_python_cannot_hold_is_named(tmp_path: Path, kind: object) -> None:
    path = tmp_path / "a.parquet"
    if pa.types.is_string(kind):
        column = pa.array([b"hi", b"caf\xe9"]).cast(pa.string(), safe=False)
        fault = "not UTF-8"
    else:
        column = pa.array([0, 2**60], pa.int64()).cast(kind)
        fault = "cannot be read"
    pq.write_table(pa.table({"a": ["x", "y"], "text": column}), path)
    with read_records(path) as records, pytest.raises(UserError, match=fault) as caught:
        list(records)
    assert "row group 1, rows 1 to 2, column 'text'" in caught.value.message
    assert values(path, columns=["a"]) == [{"a": "x"}, {"a": "y"}]


def test_a_nul_character_is_refused_in_every_format(tmp_path: Path) -> None:
    text = f"{SECRET}\x00"
    write(tmp_path / "a.jsonl", json.dumps({"text": text}))
    pq.write_table(pa.table({"text": [text]}), tmp_path / "a.parquet")
    write(tmp_path / "a.csv", f"text\n{text}\n")
    for path in tmp_path.iterdir():
        with read_records(path) as records, pytest.raises(UserError, match="a NUL") as caught:
            [cell_text(one, "text", path.name) for one in records]
        assert SECRET not in str(caught.value)


def test_a_folder_is_called_one_even_without_a_suffix(tmp_path: Path) -> None:
    for refused in (read_records, file_format):
        with pytest.raises(UserError, match=r"is a folder\.") as caught:
            refused(tmp_path)
        assert caught.value.remedy == "Name a file in it."


def test_counts_are_written_with_the_right_number() -> None:
    assert [counted(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert [counted(n, "reply", "replies") for n in (1, 2)] == ["1 reply", "2 replies"]
