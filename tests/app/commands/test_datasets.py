"""What the commands for data sets print on their way; what they make is tested with `data`."""

import pytest

from colorkit.app.commands import datasets


def test_at_most_ten_shards_are_told(capsys):
    for done in range(1, 26):
        datasets._count_shards(done, 25)
    told = [int(line.split()[1]) for line in capsys.readouterr().out.splitlines()]
    assert told == [3, 5, 8, 10, 13, 15, 18, 20, 23, 25]
    datasets._count_shards(1, 3)
    assert capsys.readouterr().out == "shards: 1 of 3\n"


def test_a_build_wants_something_to_build_from(command, tmp_path):
    status, _, err = command("data", "build", "-o", tmp_path / "set")
    assert (status, err) == (2, "colorkit: give folders, videos or --flickr TEXT.\n")


@pytest.mark.parametrize("option", ["--side=31", "--limit=4001", "--min-side=0", "--seed=-1"])
def test_senseless_numbers_are_refused(command, tmp_path, option):
    assert command("data", "build", tmp_path, "-o", tmp_path / "set", option)[0] == 2
    assert not (tmp_path / "set").exists()
