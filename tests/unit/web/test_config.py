"""The receiver's configuration file, right and wrong."""

import json
from pathlib import Path

import pytest

from tieout.errors import ConfigurationError
from tieout.web.config import read_config
from tieout.web.receiver import main

URL = "postgresql+psycopg://receiver@localhost/tieout"


def written(folder: Path, content: object) -> Path:
    path = folder / "receiver.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_shop_is_found_whatever_its_case(tmp_path: Path) -> None:
    shops = {"Shop.MyShopify.com": {"pair": "p", "secrets": ["new", "old"]}}
    config = read_config(written(tmp_path, {"database_url": URL, "shops": shops}))
    assert config.secrets_of("shop.myshopify.com") == [b"new", b"old"]


def test_an_unknown_shop_has_a_secret_that_nobody_knows(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, {"database_url": URL, "shops": {}}))
    assert config.secrets_of("x") != config.secrets_of("x")


def test_secrets_do_not_show_when_the_configuration_is_printed(tmp_path: Path) -> None:
    shops = {"shop": {"pair": "p", "secrets": ["very-secret"]}}
    config = read_config(written(tmp_path, {"database_url": URL, "shops": shops}))
    assert "very-secret" not in repr(config)


@pytest.mark.parametrize("secrets", [[], [""], ["a", "b", "c"], "abc"])
def test_a_shop_has_one_or_two_secrets(tmp_path: Path, secrets: object) -> None:
    shops = {"shop": {"pair": "p", "secrets": secrets}}
    with pytest.raises(ConfigurationError, match=r"shops\.shop\.secrets"):
        read_config(written(tmp_path, {"database_url": URL, "shops": shops}))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_config(tmp_path / "receiver.json")


def test_the_receiver_does_not_start_on_another_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, {"database_url": "sqlite:///x", "shops": {}})
    assert main(["--port", "1", "--config", str(path)]) == 2
    assert "PostgreSQL" in capsys.readouterr().err


def with_apps(folder: Path, apps: object) -> Path:
    return written(folder, {"database_url": URL, "shops": {}, "xero_apps": apps})


def test_each_key_of_xero_names_its_app(tmp_path: Path) -> None:
    apps = {
        "books": {"keys": ["new", "old"], "tenants": {"ABC-1": "p"}},
        "other": {"keys": ["third"], "tenants": {}},
    }
    config = read_config(with_apps(tmp_path, apps))
    keys = [(one.app, one.key) for one in config.xero_keys()]
    assert keys == [("books", b"new"), ("books", b"old"), ("other", b"third")]
    assert config.xero_apps["books"].tenants == {"abc-1": "p"}


@pytest.mark.parametrize("keys", [[], [""], ["a", "b", "c"]])
def test_an_app_of_xero_has_one_or_two_keys(tmp_path: Path, keys: object) -> None:
    with pytest.raises(ConfigurationError, match=r"xero_apps\.books\.keys"):
        read_config(with_apps(tmp_path, {"books": {"keys": keys, "tenants": {}}}))


def test_two_apps_of_xero_share_no_key(tmp_path: Path) -> None:
    apps = {name: {"keys": ["same"], "tenants": {}} for name in ("books", "other")}
    with pytest.raises(ConfigurationError, match="a key is given twice"):
        read_config(with_apps(tmp_path, apps))
