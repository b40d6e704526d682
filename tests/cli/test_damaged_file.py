"""A hosts.toml that somebody damages while a run goes on: the run is steered and taken back all the same, and nothing new begins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.product import Product, until

SLOW = "v1.5.1"


@pytest.fixture
def shop() -> Iterator[Product]:
    product = Product()
    yield product
    product.close()


def test_a_run_is_steered_and_taken_back_whatever_became_of_its_file(shop: Product, tmp_path: Path):
    before = shop.live()
    viewer = shop.start("-c", shop.config, "production", "--version", SLOW, "--yes", "--json")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    file = Path(shop.config)
    sound = file.read_text(encoding="utf-8")
    file.write_text("[app\n", encoding="utf-8")
    try:
        for words in (("check",), ("production", "--yes"), ("restart", "--yes")):
            assert "not TOML" in shop.deploy("-c", shop.config, *words, code=2)[1]
        for words in (("note", "the file is damaged"), ("pause",), ("history",), ("events", "last")):
            assert "not TOML" in shop.deploy("-c", shop.config, *words)[1]
        missing = str(tmp_path / "none.toml")
        assert "no such file" in shop.deploy("-c", missing, "pause", code=2)[1]
        assert "no such file" in shop.deploy("-c", missing, "rollback", "--yes", code=2)[1]
        shop.deploy("-c", shop.config, "rollback", "production", "--yes")
        viewer.communicate()
        assert viewer.returncode == 4
        assert "not TOML" in shop.deploy("-c", shop.config, "rollback", "production", "--yes", code=2)[1]
    finally:
        file.write_text(sound, encoding="utf-8")
    assert shop.live() == before


def test_another_file_s_run_is_not_what_a_damaged_file_means(shop: Product, tmp_path: Path):
    viewer = shop.start("-c", shop.config, "production", "--version", SLOW, "--yes", "--json")
    until(viewer.stdout, '"type":"step-started","step":"wave-1/web01/restart"')
    other = tmp_path / "hosts.toml"
    other.write_text("[app\n", encoding="utf-8")
    assert "not TOML" in shop.deploy("-c", str(other), "rollback", "production", "--yes", code=2)[1]
    shop.deploy("-c", shop.config, "abort")
    viewer.communicate()
    assert viewer.returncode == 4
