"""Log files stay bounded while a child writes to them."""

import os
from pathlib import Path

from skillsync.supervision import logfile


def test_a_file_within_its_bound_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "users.log"
    file.write_text("short\n")
    assert not logfile.rotate(file, most_bytes=100)
    assert not logfile.rotate(tmp_path / "none.log")
    assert file.read_text() == "short\n"


def test_a_child_goes_on_writing_to_the_emptied_file(tmp_path: Path) -> None:
    file = tmp_path / "users.log"
    descriptor = logfile.open_for_child(file)
    os.write(descriptor, b"x" * 101 + b"\n")
    assert logfile.rotate(file, most_bytes=100)
    os.write(descriptor, b"after\n")
    os.close(descriptor)
    assert file.read_text() == "after\n"
    assert (tmp_path / "users.log.1").read_text() == "x" * 101 + "\n"


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    file = tmp_path / "users.log"
    assert logfile.last_line(file) == ""
    file.write_text("first\nlast words\n\n")
    assert logfile.last_line(file) == "last words"


def test_what_a_process_said_before_it_could_log_comes_before_log_lines_and_rulers(tmp_path: Path) -> None:
    file = tmp_path / "users.log"
    file.write_text('long ago\n{"event": "request"}\n')
    before = logfile.size(file)
    with file.open("a") as stream:
        stream.write('  | ValueError: no such table\n  +-----------\n{"event": "request"}\n')
    assert logfile.last_line(file, before) == "ValueError: no such table"
    assert logfile.last_line(file, logfile.size(file)) == ""
    file.write_text('{"event": "stopped"}\n')
    assert logfile.last_line(file, before) == '{"event": "stopped"}'
    assert logfile.size(tmp_path / "none.log") == 0


def test_a_log_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "users.log"
    os.close(logfile.open_for_child(file))
    assert file.stat().st_mode & 0o777 == 0o600
