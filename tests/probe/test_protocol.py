"""Records among whatever else a container prints."""

import json

from layerscope.probe.protocol import MAX_LINE, MAX_STRAYS, Begin, Bye, End, RecordReader, encode_input

NONCE = "0123456789abcdef"


def line(**values: object) -> bytes:
    """A line as the payload writes it."""
    return f"@@LS@@{NONCE} {json.dumps(values)}\n".encode()


def test_records_are_found_among_noise() -> None:
    """Lines without the run's own word are no records, and the first of them are kept."""
    reader = RecordReader(NONCE)
    other = b'@@LS@@ffff {"record": "bye", "at": 1}\n'
    found = reader.feed(b"hello\n" + line(record="begin", at=1.0, stage="env") + other + b"\n")
    assert found == [Begin(1.0, "env")]
    assert reader.strays == ["hello", other.decode().rstrip()]


def test_a_record_may_come_in_pieces() -> None:
    """Pipes cut where they like."""
    reader, whole = RecordReader(NONCE), line(record="bye", at=2.0)
    assert reader.feed(whole[:20]) == []
    assert reader.feed(whole[20:]) == [Bye(2.0)]


def test_what_does_not_fit_the_schema_is_no_record() -> None:
    """A stage's end needs its name and status, and numbers are numbers."""
    reader = RecordReader(NONCE)
    assert reader.feed(line(record="end", at=1.0, stage="env")) == []
    assert reader.feed(line(record="end", at="soon", stage="env", status="passed")) == []
    assert reader.feed(line(record="unheard", at=1.0)) == []
    assert len(reader.strays) == 3


def test_unknown_keys_of_a_later_payload_are_left_alone() -> None:
    """A record may say more than this version reads."""
    found = RecordReader(NONCE).feed(line(record="end", at=1.0, stage="env", status="passed", more=[1]))
    assert found == [End(1.0, "env", "passed")]


def test_noise_without_end_takes_no_memory() -> None:
    """A line longer than any record is dropped, and of strays only the first are kept."""
    reader = RecordReader(NONCE)
    for _ in range(8):
        reader.feed(b"x" * MAX_LINE)
    reader.feed(b"\n" + b"y\n" * 500)
    assert len(reader.strays) == MAX_STRAYS
    assert max(map(len, reader.strays)) <= 2000


def test_input_is_program_settings_and_blobs() -> None:
    """Each part can be read without knowing where the next begins."""
    given = encode_input("print()", {"nonce": NONCE}, [b"abc", b"de"])
    size, _, rest = given.partition(b"\n")
    assert rest[: int(size)] == b"print()"
    settings, _, blobs = rest[int(size) :].partition(b"\n")
    assert json.loads(settings) == {"nonce": NONCE, "blobs": [3, 2]}
    assert blobs == b"abcde"
