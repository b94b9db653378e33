"""What other programs leave in the environment: kept away from us, or heard about DATABASE_URL."""

import pytest

from chance_tap.environment import load_settings
from chance_tap.settings import Settings, SettingsError
from cli import surroundings
from cli.play.launcher import check_port

FAR = "postgresql://ct_gateway:secret@db.example/chance_tap"
NEAR = "postgresql://ct_gateway:secret@127.0.0.1:5433/chance_tap"
NOWHERE = "postgresql:///chance_tap"


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "left_out", [])


@pytest.mark.parametrize(
    ("name", "embedded", "near", "far", "nowhere"),
    [  # whether it is heard, for each kind of DATABASE_URL
        ("PGOPTIONS", False, False, False, False),
        ("PGSERVICE", False, False, False, False),
        ("PGHOSTADDR", False, False, False, True),
        ("PGPORT", False, False, False, True),
        ("PGUSER", False, False, False, True),
        ("PGTARGETSESSIONATTRS", False, False, False, False),
        ("PGCONNECT_TIMEOUT", False, False, False, False),
        ("PGDATESTYLE", False, False, False, False),
        ("PGCLIENTENCODING", False, False, False, False),
        ("PGSSLMODE", False, False, True, False),
        ("PGGSSENCMODE", False, False, True, False),
        ("PGREQUIREAUTH", False, False, True, False),
        ("PGSSLROOTCERT", False, False, True, False),
        ("PGPASSWORD", False, True, True, True),
        ("PGPASSFILE", False, True, True, True),
        ("SSLKEYLOGFILE", False, False, False, False),
        ("PROMETHEUS_MULTIPROC_DIR", False, False, False, False),
        ("prometheus_multiproc_dir", False, False, False, False),
        ("WEB_CONCURRENCY", False, False, False, False),
        ("PATH", True, True, True, True),
        ("PAGER", True, True, True, True),
        ("PYTHONPATH", True, True, True, True),
        ("DATABASE_URL", True, True, True, True),
    ],
)
def test_what_is_heard_of_others(name: str, embedded: bool, near: bool, far: bool, nowhere: bool) -> None:
    for url, heard in (("", embedded), (NEAR, near), (FAR, far), (NOWHERE, nowhere)):
        environ = {"DATABASE_URL": url} | ({} if name == "DATABASE_URL" else {name: "x"})
        surroundings.clear(environ)
        assert (name in environ) is heard, url
        assert (name in surroundings.left_out) is not heard
        surroundings.left_out.clear()


def test_what_is_still_heard_can_be_named() -> None:
    environ = {"DATABASE_URL": FAR, "PGSSLMODE": "require", "PGOPTIONS": "-c x=y", "PAGER": "less"}
    surroundings.clear(environ)
    assert surroundings.heard_by_postgres(environ) == ["PGSSLMODE"]


def test_parts_do_not_hear_how_this_python_was_to_run() -> None:
    environ = {"PYTHONPATH": "/theirs", "PYTHONWARNINGS": "error", "PYTHONHASHSEED": "x", "PATH": "/bin", "LANG": "C"}
    assert surroundings.for_parts(environ) == {"PATH": "/bin", "LANG": "C"}


@pytest.mark.parametrize(
    "environ",
    [
        {"BOT_SERVICE_HOST": "10.3.240.10", "BOT_SERVICE_PORT": "80"},
        {"GAME_SERVICE_PORT": "8000", "GAME_SERVICE_PORT_HTTP": "8000"},
        {"BOT_PORT": "tcp://10.3.240.10:80", "BOT_PORT_80_TCP": "tcp://10.3.240.10:80", "BOT_PORT_80_TCP_PROTO": "tcp"},
        {"METRICS_PORT": "tcp://10.3.240.11:9090", "METRICS_SERVICE_HOST": "10.3.240.11"},
        {"MAIL_PORT": "udp://10.3.240.12:25", "MAIL_PORT_25_UDP_ADDR": "10.3.240.12"},
        {"TON_WATCH_SERVICE_PORT_METRICS": "9100", "TON_WATCH_PORT_9100_SCTP_PORT": "9100"},
        # Docker's links.
        {"GAME_PORT": "tcp://172.17.0.5:80", "GAME_NAME": "/web/game", "GAME_ENV_PGDATA": "/var/lib"},
    ],
)
def test_what_an_orchestrator_writes_for_its_services_is_not_ours(environ: dict[str, str]) -> None:
    assert load_settings(environ) == Settings()


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"BOT_SERVICE": "x"}, "BOT_SERVICE is not a setting."),
        ({"BOT_PORT": "8080"}, "BOT_PORT is not a setting."),
        ({"GAME_NAME": "/web/game"}, "GAME_NAME is not a setting."),
        ({"METRICS_PORT": "tcp"}, "METRICS_PORT is 'tcp': it must be a whole number."),
    ],
)
def test_and_what_merely_looks_so_is_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(environ)


@pytest.mark.parametrize("host", ["x86_64-conda-linux-gnu.invalid", "a..b", "-" * 70])
def test_a_host_of_another_program_is_one_line(host: str) -> None:
    with pytest.raises(RuntimeError, match=f"HOST {host} is not an address of this machine"):
        check_port(host, 8000)
