"""The platform that a command works on, and the `refresh` job run on it in this process."""

import gc
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import typer
from filelock import FileLock

from rec_platform.choices import expand
from rec_platform.dagster_home import CREATION_LOCK, home_of, prepare_home
from rec_platform.interrupts import raise_if_interrupted
from rec_platform.plainly import explain
from rec_platform.progress import complain, fail, progress
from rec_platform.release.lookup import Lookup, LookupFileError

if TYPE_CHECKING:
    import dagster as dg

    from rec_platform.resources.base import DeploymentResource, Finding
    from rec_platform.resources.imdb import ImdbSource
    from rec_platform.resources.own_files import OwnFiles
    from rec_platform.resources.prices import PriceTable
    from rec_platform.resources.storage import Storage
    from rec_platform.resources.warehouse import Warehouse

# Objects that are made before Python looks for dead cycles. With its default, 700, a step that
# keeps a million small ones has it look through all of Dagster's again and again.
YOUNG_OBJECTS = 50_000
FULL_DISK = re.compile("no space left|disk is full|disk I/O error", re.IGNORECASE)


class Platform:
    """The definitions and resources of the deployment that the environment names.

    Args:
        root: where all data is.
        variables: what counts before the environment.

    Raises:
        typer.Exit: a variable is out of bounds; which one was printed.
    """

    def __init__(self, root: str, **variables: str) -> None:
        gc.set_threshold(YOUNG_OBJECTS)
        from rec_platform.definitions import define

        environment = os.environ | {"REC_ROOT": root} | variables
        try:
            self.definitions = define(environment)
        except ValueError as error:
            raise fail(str(error), code=2) from None
        resources: dict[str, Any] = dict(self.definitions.resources or {})
        self.root = expand(root)
        self.alert_webhook = environment.get("REC_ALERT_WEBHOOK", "")
        self.source: ImdbSource = resources["source"]
        self.prices: PriceTable = resources["prices"]
        self.storage: Storage = resources["storage"]
        self.warehouse: Warehouse = resources["warehouse"]
        self.resources: list[DeploymentResource] = [
            *(self.storage, self.warehouse, resources["clustering"])
        ]
        self.own_files: list[OwnFiles] = [
            resources[name] for name in ("ratings", "judgements", "keywords")
        ]

    def serving(self) -> Lookup:
        """The serving release.

        Raises:
            typer.Exit: there is none, or it is damaged; why was printed.
        """
        from rec_platform.resources.publishing import open_serving

        with failing_plainly():
            return open_serving(self.storage)

    def releases(self) -> list[dict[str, Any]]:
        """The manifests of the releases: see list_releases().

        Raises:
            typer.Exit: there is none, which was printed.
        """
        from rec_platform.resources.publishing import list_releases

        with failing_plainly():
            manifests = list_releases(self.storage)
        if not manifests:
            raise fail(f"no release in {self.root}: run `rec-platform refresh`")
        return manifests

    def find_damage(self) -> "Iterator[Finding]":
        """Look for what is damaged in a root that is a folder of this machine."""
        from rec_platform.assets.damage import find_damage
        from rec_platform.resources.storage import LocalStorage

        if isinstance(self.storage, LocalStorage):
            home = _chosen_home(Path(self.root)).expanduser()
            yield from find_damage(self.storage, self.warehouse, home)


@contextmanager
def failing_plainly() -> Generator[None]:
    """Print an expected error as one line, without a traceback."""
    import dagster as dg

    from rec_platform.ingest.errors import SourceFailedError
    from rec_platform.resources.storage import StorageConflictError, StorageLockedError

    expected = (LookupFileError, SourceFailedError, StorageConflictError, StorageLockedError)
    try:
        yield
    except expected as error:
        raise fail(str(error)) from None
    except dg.Failure as error:
        raise fail(str(error.description)) from None


@contextmanager
def serving_tables(platform: Platform) -> Generator[None]:
    """Lock the root while its tables, which are those of the serving release, are read.

    Raises:
        typer.Exit: there is no release, the tables are no longer its own, or what is done with them
            failed as can be expected; why was printed.
    """
    from rec_platform.assets.scorecard import is_made_of

    release = platform.serving().release
    with failing_plainly(), platform.storage.locked():
        if not is_made_of(platform.storage, platform.warehouse, release):
            raise fail(
                f"the tables in {platform.root} are no longer those of the serving release: "
                "run `rec-platform refresh` first"
            )
        yield


def run_refresh(platform: Platform, choices: Mapping[str, Any]) -> None:
    """Run the `refresh` job in this process. The Dagster UI shows its run later.

    Args:
        platform: what the job runs on.
        choices: fields of the recipe that count before the environment; None is no choice.

    Raises:
        typer.Exit: the job failed; why was printed, and told to the webhook if there is one.
    """
    import dagster as dg

    from rec_platform.assets.failures import reasons_of
    from rec_platform.resources.storage import StorageLockedError

    started = time.monotonic()
    progress.print(f"refreshing {platform.root} from {platform.source.location}")
    try:
        # Before Dagster's database is created or opened: two that create it at once ruin it.
        with platform.storage.locked():
            result = _run(platform.definitions, choices, _dagster_home(platform.storage))
    except typer.Exit:
        raise
    except StorageLockedError as error:
        raise _explained([str(error)], platform) from None
    except dg.Failure as error:  # the storage could not be asked for its lock
        raise _explained([str(error.description)], platform) from None
    except dg.DagsterInvalidConfigError as error:
        wrong = "; ".join(dict.fromkeys(str(each.message) for each in error.errors))
        settings = Path(os.environ["DAGSTER_HOME"], "dagster.yaml")
        told = f"{settings}: {wrong} Correct it, or delete it: then a refresh writes a new one"
        raise _explained([told], platform) from None
    except Exception as error:  # Dagster cannot keep its records: no rights, no room, no database
        raise _explained([f"the run broke off: {_first_line(error)}"], platform) from None
    raise_if_interrupted()
    release = release_outcome(result.all_events)
    if not result.success:
        raise _explained(reasons_of(result.all_events), platform, release == "published")
    done = "nothing has changed" if release == "unchanged" else "done"
    progress.print(f"{done} in {time.monotonic() - started:.0f} s")


def _run(
    definitions: "dg.Definitions", choices: Mapping[str, Any], home: Path
) -> "dg.ExecuteInProcessResult":
    """Run the job; whether it failed is in the result."""
    import dagster as dg

    from rec_platform.recipe import Recipe
    from rec_platform.run_records import command_lock
    from rec_platform.unflushed import unflushed_records

    try:
        given = {name: value for name, value in choices.items() if value is not None}
        # The whole recipe, so that the Dagster UI shows it and runs the same one again.
        recipe = Recipe.checked(Recipe.from_environment().choices() | given).choices()
    except ValueError as error:
        raise fail(str(error), code=2) from None
    chosen = {"config": {name: value for name, value in recipe.items() if value is not None}}
    config: dict[str, Any] = {"resources": {"recipe": chosen}, "loggers": {"progress": {}}}
    with _creating_databases(home):
        opened = dg.DagsterInstance.get()
    run_id = str(uuid4())
    with opened as instance, command_lock(instance, run_id):
        _tidy_records(instance)
        with unflushed_records():
            return definitions.resolve_job_def("refresh").execute_in_process(
                run_config=config, instance=instance, raise_on_error=False, run_id=run_id
            )


def _tidy_records(instance: "dg.DagsterInstance") -> None:
    """Clear away what earlier runs left. What goes wrong here stops no refresh."""
    from rec_platform.run_records import delete_old_runs, mark_dead_runs

    for tidy in (mark_dead_runs, delete_old_runs):
        try:
            tidy(instance)
        except Exception as error:  # another process may delete the same, or have no right to
            complain(f"Dagster's old records were not cleared away: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """What went wrong in a run, outside of its steps, or with Dagster's records."""
    if isinstance(error, OSError | MemoryError):
        told = explain(error)
    elif isinstance(database_error := getattr(error, "orig", None), sqlite3.Error):  # SQLAlchemy's
        told = f"Dagster's records in {os.environ['DAGSTER_HOME']}: {explain(database_error)}"
    else:
        told = str(error).strip() or type(error).__name__
    return told.splitlines()[0]


def _chosen_home(folder: Path) -> Path:
    """Where Dagster keeps its runs: with the data, unless the user keeps them elsewhere."""
    return Path(os.environ.get("DAGSTER_HOME") or home_of((folder / "dagster").resolve()))


def _dagster_home(storage: "Storage") -> Path:
    """Dagster's home, prepared, and in the environment for Dagster itself."""
    folder = storage.scratch_dir().parent
    home = _chosen_home(folder)
    if not os.environ.get("DAGSTER_HOME") and not home.is_relative_to(folder.resolve()):
        progress.print(f"Dagster's records are in {home}")
    try:
        home = prepare_home(home)
    except ValueError as error:
        raise fail(str(error), code=2) from None
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def _creating_databases(home: Path) -> AbstractContextManager[Any]:
    """Keep refreshes of other roots, which may share the home, from creating them at once.

    A home that cannot be written to holds no database.
    """
    return FileLock(home / CREATION_LOCK) if os.access(home, os.W_OK) else nullcontext()


def release_outcome(events: "Iterable[dg.DagsterEvent]") -> str:
    """What became of the release: `published`, `unchanged`, or nothing."""
    for event in events:
        if event.step_key != "release":
            continue
        if event.event_type_value == "ASSET_MATERIALIZATION":
            metadata = event.step_materialization_data.materialization.metadata
            return "unchanged" if metadata["is_reused"].value else "published"
    return ""


def _explained(reasons: list[str], platform: Platform, is_published: bool = False) -> typer.Exit:
    """Say why a refresh failed, and return the exception that ends the command."""
    import dagster as dg

    from rec_platform.assets.failures import tell_webhook

    for reason in reasons:
        complain(reason)
    if any(FULL_DISK.search(reason) for reason in reasons):
        folder = platform.root if Path(platform.root).is_dir() else "."
        complain(
            f"the disk that holds {folder} has {shutil.disk_usage(folder).free:,} bytes left: "
            "free some space, or use another --root (REC_ROOT)"
        )
    outcome = "nothing was published: the last release, if any, goes on serving"
    if is_published:
        outcome = "a new release was published and serves; what comes after it failed"
    if platform.alert_webhook:
        what = f"`rec-platform refresh` of {platform.root} failed."
        try:
            tell_webhook(platform.alert_webhook, what, [*reasons, outcome])
        except dg.Failure as failure:
            complain(str(failure.description))
    return fail(outcome)
