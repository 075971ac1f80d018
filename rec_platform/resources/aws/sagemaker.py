"""K-Means on AWS: SageMaker's built-in algorithm, a training job and a batch transform.

No endpoint ever runs. A job is named by what it works on. So a run that was killed, run again,
finds its own job and waits for it, instead of paying for another one.
"""

import hashlib
import io
import json
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg
from pydantic import Field, PrivateAttr

from rec_platform.modelling.kmeans import Assignment, KMeansModel, require_different_titles
from rec_platform.resources.aws.clients import Clients, error_code, explained, look
from rec_platform.resources.base import Finding
from rec_platform.resources.clustering import Clustering, too_few_titles_fail
from rec_platform.resources.storage import S3Storage, request_usage

if TYPE_CHECKING:
    import numpy as np

ATTEMPTS = 100  # names of one input: SageMaker never forgets a name, nor lets it be used again
START_SECONDS = 900  # until an instance is found and has started, beside the job's own time
LOG_LINES = 20
EPOCHS = 10
# Lloyd's part is the 2020 original's; passes, batches and spare centres are more than its one pass
# over a random start, for the optimum to be as good as scikit-learn's (seconds, either way).
HYPERPARAMETERS = {
    "init_method": "kmeans++",
    "local_lloyd_init_method": "kmeans++",
    "local_lloyd_max_iter": "300",
    "local_lloyd_tol": "0.0001",
    "local_lloyd_num_trials": "10",
    "extra_center_factor": "10",
    "mini_batch_size": "500",
    "epochs": str(EPOCHS),
    "eval_metrics": '["msd"]',
}
FIXES = (
    (
        "capacity",
        "choose another REC_SAGEMAKER_INSTANCE_TYPE, set REC_SAGEMAKER_SPOT=false, or wait",
    ),
    ("AccessDenied", "compare the jobs' role with docs/aws.md"),
    ("ResourceLimitExceeded", "ask for a higher limit in Service Quotas"),
)


class _Kind(NamedTuple):
    """What training and transform jobs do not share but in name."""

    noun: str
    resource: str
    log_group: str

    def state(self, job: Any) -> str:
        return getattr(job, f"{self.noun}_job_status")


TRAINING = _Kind("training", "TrainingJob", "/aws/sagemaker/TrainingJobs")
TRANSFORM = _Kind("transform", "TransformJob", "/aws/sagemaker/TransformJobs")


class SageMakerClustering(Clustering):
    """SageMaker's K-Means on instances that live for a few minutes."""

    root: str = ""  # s3://bucket/prefix
    role: str = Field(default="", description="ARN of the role that the jobs take on.")
    instance_type: str = Field(default="ml.m5.large", description="Of both jobs.")
    instance_count: int = Field(default=1, ge=1, description="Of both jobs.")
    spot: bool = Field(default=True, description="Train on spare capacity, which is cheaper.")
    max_seconds: int = Field(default=1800, ge=1, description="The longest that a job may run.")
    kms_key: str = Field(default="", description="Key for the artefact and the disks.")
    subnets: str = Field(default="", description="Comma-separated, where the jobs run in a VPC.")
    security_groups: str = Field(default="", description="Comma-separated, of that VPC.")
    tags: str = Field(default="", description="Such as `team=data,env=prod`, on every job.")
    poll_seconds: float = Field(default=10, gt=0, description="Between two looks at a job.")

    _clients: Clients = PrivateAttr(default_factory=Clients)
    _files: S3Storage | None = PrivateAttr(default=None)
    _used: Counter[str] = PrivateAttr(default_factory=Counter)

    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """See Clustering; the built-in algorithm takes no seed, so `seed` only names the job."""
        import numpy as np

        with too_few_titles_fail():
            require_different_titles(matrix, clusters)
        hyperparameters = {
            **HYPERPARAMETERS,
            "k": str(clusters),
            "feature_dim": str(matrix.shape[1]),
        }
        base = self._name("kmeans", matrix, hyperparameters, seed)

        def create(name: str) -> None:
            self._create_training(name, self._upload(name, matrix), hyperparameters)

        job, is_reused = self._settle(TRAINING, base, create, self._has_artefact)
        artefact = job.model_artifacts.s3_model_artifacts
        centroids = self._centroids(artefact)
        cluster, distance = _nearest(matrix, centroids)
        sizes = np.bincount(cluster, minlength=len(centroids))
        seconds = _number(job.billable_time_in_seconds)
        if not is_reused:
            self._use(TRAINING, seconds)
        return KMeansModel(
            centroids=centroids[np.argsort(-sizes, kind="stable")],
            mean_squared_distance=float(np.mean(distance**2)),
            iterations=EPOCHS,
            artefact=artefact,
            metadata={
                "sagemaker_job": job.training_job_name,
                "sagemaker_job_is_reused": is_reused,
                "training_seconds": _number(job.training_time_in_seconds),
                "billable_seconds": seconds,
                **_metrics(job),
            },
        )

    def assign(self, matrix: "np.ndarray", model: KMeansModel) -> Assignment:
        """See Clustering."""
        if not self._exists(model.artefact):
            raise dg.Failure(
                f"{model.artefact or 'the model'} is not there any more: materialise the asset "
                "kmeans_model again",
                allow_retries=False,
            )
        base = self._name("assign", matrix, {"artefact": model.artefact}, 0)
        models = [f"{base}-1"]  # a run that was killed may have left the first one

        def create(name: str) -> None:
            models.append(name)
            self._create_transform(name, self._upload(name, matrix), model.artefact)

        try:
            job, is_reused = self._settle(TRANSFORM, base, create, self._has_answer)
        finally:
            self._delete_models(models)
        seconds = (job.transform_end_time - job.transform_start_time).total_seconds()
        if not is_reused:
            self._use(TRANSFORM, seconds * self.instance_count)
        label, distance = self._answer(job, len(matrix))
        # The job numbers the centroids as its artefact does, the model by the clusters' sizes.
        place, _ = _nearest(self._centroids(model.artefact), model.centroids)
        metadata = {"sagemaker_job": job.transform_job_name, "sagemaker_job_is_reused": is_reused}
        return Assignment(place[label], distance, metadata | {"transform_seconds": seconds})

    def usage(self) -> Mapping[str, float]:
        """See DeploymentResource."""
        return {**self._used, **request_usage(self._storage.requests)}

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """See DeploymentResource."""
        del scanned_bytes
        most = self.max_seconds * self.instance_count
        return {self._unit(kind): most for kind in (TRAINING, TRANSFORM)}

    # Jobs

    def _settle(
        self,
        kind: _Kind,
        base: str,
        create: Callable[[str], None],
        is_whole: Callable[[Any], bool],
    ) -> tuple[Any, bool]:
        """Find a job that has done this already, or is at it, or start one; wait for its end.

        Returns:
            The job, and whether it had ended before.

        Raises:
            dg.Failure: it failed, was stopped, or took too long.
        """
        if not self.role:
            raise dg.Failure("the jobs have no role: set REC_SAGEMAKER_ROLE", allow_retries=False)
        for attempt in range(1, ATTEMPTS + 1):
            name = f"{base}-{attempt}"
            job = self._find(kind, name)
            is_old = job is not None and kind.state(job) not in ("InProgress", "Stopping")
            if not is_old:
                job = self._wait(kind, name, create if job is None else None)
                self._storage.delete(f"jobs/{name}/input")
            if kind.state(job) == "Completed" and is_whole(job):
                return job, is_old
            if not is_old:
                raise self._failure(kind, job, name)
        raise dg.Failure(f"{ATTEMPTS} jobs {base} failed: look at them in SageMaker's console")

    def _wait(self, kind: _Kind, name: str, create: Callable[[str], None] | None) -> Any:
        """Wait for a job's end, after starting it where it is not there yet."""
        try:
            if create:
                with explained(f"the job {name} could not be started"):
                    _unless_in_use(lambda: create(name))
            return self._follow(kind, name)
        except TimeoutError:
            self._stop(kind, name)
            raise dg.Failure(
                f"the job {name} did not end and was stopped: look at it in SageMaker's console, "
                "or allow it more with REC_SAGEMAKER_MAX_SECONDS",
                allow_retries=False,
            ) from None
        except dg.Failure:  # it could not be asked; the job goes on, and the next run finds it
            raise
        except BaseException:  # the run is stopped
            with suppress(dg.Failure):  # it may not have started yet
                self._stop(kind, name)
            raise

    def _follow(self, kind: _Kind, name: str) -> Any:
        """Show what a job does, and at its end the last lines of its log."""
        log = dg.get_dagster_logger()
        deadline = time.monotonic() + 2 * self.max_seconds + START_SECONDS
        said = ""
        while time.monotonic() < deadline:
            job = self._find(kind, name)
            status = str(getattr(job, "secondary_status", None) or kind.state(job))
            if status != said:
                log.info(f"{name}: {status}")
                said = status
            if kind.state(job) in ("Completed", "Failed", "Stopped"):
                log.info("\n".join([f"the end of {name}'s log:", *self._log_tail(kind, name)]))
                return job
            time.sleep(self.poll_seconds)
        raise TimeoutError

    def _find(self, kind: _Kind, name: str) -> Any:
        with explained(f"the job {name} could not be looked up"):
            try:
                return self._resource(kind.resource).get(name, **self._where())
            except self._clients("sagemaker").exceptions.ClientError as error:
                if "not find" in str(error) or "not found" in str(error):
                    return None
                raise

    def _stop(self, kind: _Kind, name: str) -> None:
        dg.get_dagster_logger().warning(f"stopping {name}")
        with explained(f"the job {name} could not be stopped"):
            getattr(self._clients("sagemaker"), f"stop_{kind.noun}_job")(
                **{f"{kind.noun.capitalize()}JobName": name}
            )

    def _failure(self, kind: _Kind, job: Any, name: str) -> dg.Failure:
        reason = _text(job.failure_reason) or f"it has {kind.state(job).lower()}"
        fixes = [fix for word, fix in FIXES if word.lower() in reason.lower()]
        lines = [f"the job {name} gave nothing: {reason}", *fixes, *self._log_tail(kind, name)]
        return dg.Failure("\n".join(lines), allow_retries=False)

    def _log_tail(self, kind: _Kind, name: str) -> list[str]:
        """The last lines that the job wrote; a log that cannot be read is no reason to fail."""
        logs = self._clients("logs")
        group = {"logGroupName": kind.log_group}
        try:
            streams = logs.describe_log_streams(**group, logStreamNamePrefix=name, limit=1)
            (stream, *_) = streams["logStreams"]
            events = logs.get_log_events(
                **group, logStreamName=stream["logStreamName"], limit=LOG_LINES
            )
        except Exception as error:
            return [f"(its log could not be read: {error_code(error)})"]
        return [event["message"] for event in events["events"]]

    def _create_training(self, name: str, data: str, hyperparameters: dict[str, str]) -> None:
        from sagemaker.core.shapes import (
            AlgorithmSpecification,
            Channel,
            DataSource,
            OutputDataConfig,
            ResourceConfig,
            S3DataSource,
            StoppingCondition,
        )

        key = {"kms_key_id": self.kms_key} if self.kms_key else {}
        volume_key = {"volume_kms_key_id": self.kms_key} if self.kms_key else {}
        wait = {"max_wait_time_in_seconds": 2 * self.max_seconds} if self.spot else {}
        source = S3DataSource(s3_data_type="S3Prefix", s3_uri=data)
        self._resource("TrainingJob").create(
            training_job_name=name,
            role_arn=self.role,
            algorithm_specification=AlgorithmSpecification(
                training_image=self._image(), training_input_mode="File"
            ),
            hyper_parameters=hyperparameters,
            input_data_config=[
                Channel(
                    channel_name="train",
                    data_source=DataSource(s3_data_source=source),
                    content_type="text/csv;label_size=0",
                )
            ],
            output_data_config=OutputDataConfig(
                s3_output_path=self._storage.address(f"jobs/{name}/output"), **key
            ),
            resource_config=ResourceConfig(
                instance_type=self.instance_type,
                instance_count=self.instance_count,
                volume_size_in_gb=10,
                **volume_key,
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=self.max_seconds, **wait),
            enable_managed_spot_training=self.spot,
            tags=self._tags(),
            **self._vpc(),
            **self._where(),
        )

    def _create_transform(self, name: str, data: str, artefact: str) -> None:
        from sagemaker.core.shapes import (
            ContainerDefinition,
            TransformDataSource,
            TransformInput,
            TransformOutput,
            TransformResources,
            TransformS3DataSource,
        )

        key = {"kms_key_id": self.kms_key} if self.kms_key else {}
        volume_key = {"volume_kms_key_id": self.kms_key} if self.kms_key else {}
        _unless_in_use(
            lambda: self._resource("Model").create(
                model_name=name,
                primary_container=ContainerDefinition(image=self._image(), model_data_url=artefact),
                execution_role_arn=self.role,
                tags=self._tags(),
                **self._vpc(),
                **self._where(),
            )
        )
        source = TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=data)
        self._resource("TransformJob").create(
            transform_job_name=name,
            model_name=name,
            transform_input=TransformInput(
                data_source=TransformDataSource(s3_data_source=source),
                content_type="text/csv",
                split_type="Line",
            ),
            transform_output=TransformOutput(
                s3_output_path=self._storage.address(f"jobs/{name}/output"),
                accept="application/jsonlines",
                assemble_with="Line",
                **key,
            ),
            transform_resources=TransformResources(
                instance_type=self.instance_type, instance_count=self.instance_count, **volume_key
            ),
            tags=self._tags(),
            **self._where(),
        )

    def _delete_models(self, names: list[str]) -> None:
        sagemaker = self._clients("sagemaker")
        for name in set(names):
            with explained(f"the model {name} could not be deleted"):
                try:
                    sagemaker.delete_model(ModelName=name)
                except sagemaker.exceptions.ClientError as error:
                    if "not find" not in str(error):
                        raise

    # What jobs read and write

    @property
    def _storage(self) -> S3Storage:
        if self._files is None:
            self._files = S3Storage(root=self.root)
        return self._files

    def _name(self, what: str, matrix: "np.ndarray", settings: Mapping[str, str], seed: int) -> str:
        digest = hashlib.sha256(matrix.tobytes())
        where = [self.root, self.instance_type, self.instance_count, seed]
        digest.update(json.dumps([matrix.shape, dict(settings), where]).encode())
        return f"rec-{what}-{digest.hexdigest()[:12]}"

    def _upload(self, name: str, matrix: "np.ndarray") -> str:
        import numpy as np

        file = self._storage.scratch_dir() / "matrix.csv"
        np.savetxt(file, matrix, fmt="%.9g", delimiter=",")  # nine digits tell float32s apart
        key = f"jobs/{name}/input/matrix.csv"
        self._storage.put(file, key)
        return self._storage.address(key)

    def _exists(self, address: str) -> bool:
        return bool(address and self._storage.etags(self._storage.key(address)))

    def _has_artefact(self, job: Any) -> bool:
        return self._exists(_text(job.model_artifacts.s3_model_artifacts))

    def _has_answer(self, job: Any) -> bool:
        return self._exists(f"{job.transform_output.s3_output_path}/matrix.csv.out")

    def _centroids(self, artefact: str) -> "np.ndarray":
        from rec_platform.resources.aws.mxnet import read_first_array

        packed = self._storage.fetch(self._storage.key(artefact)).read_bytes()
        try:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                (member, *_) = (name for name in archive.getnames() if "model_algo" in name)
                content = archive.extractfile(member)
                return read_first_array(content.read() if content else b"")
        except (tarfile.TarError, ValueError) as error:
            raise dg.Failure(
                f"{artefact} is no model of SageMaker's K-Means: {error}", allow_retries=False
            ) from None

    def _answer(self, job: Any, rows: int) -> "tuple[np.ndarray, np.ndarray]":
        import numpy as np

        key = self._storage.key(f"{job.transform_output.s3_output_path}/matrix.csv.out")
        lines = self._storage.fetch(key).read_text().splitlines()
        if len(lines) != rows:
            raise dg.Failure(
                f"the job {job.transform_job_name} answered {len(lines):,} of {rows:,} rows: "
                "look at its log in SageMaker's console",
                allow_retries=False,
            )
        found = [json.loads(line) for line in lines]
        label = np.array([int(row["closest_cluster"]) for row in found])
        return label, np.array([row["distance_to_cluster"] for row in found])

    # Settings

    def _where(self) -> dict[str, Any]:
        session = self._clients.session
        return {"session": session, "region": session.region_name}

    def _resource(self, name: str) -> Any:
        from sagemaker.core import resources

        return getattr(resources, name)

    def _image(self) -> str:
        from sagemaker.core import image_uris

        return image_uris.retrieve("kmeans", region=self._clients.session.region_name)

    def _tags(self) -> list[dict[str, str]]:
        pairs = [pair.partition("=") for pair in ("project=rec_platform", *_split(self.tags))]
        return [{"key": key.strip(), "value": value.strip()} for key, _, value in pairs]

    def _vpc(self) -> dict[str, Any]:
        from sagemaker.core.shapes import VpcConfig

        if not self.subnets:
            return {}
        groups = _split(self.security_groups)
        return {"vpc_config": VpcConfig(security_group_ids=groups, subnets=_split(self.subnets))}

    def _unit(self, kind: _Kind) -> str:
        return f"sagemaker_{kind.noun}_seconds:{self.instance_type}"

    def _use(self, kind: _Kind, seconds: float) -> None:
        self._used.update({self._unit(kind): seconds})  # type: ignore[arg-type]

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield look("SageMaker's role", self._look_at_role)
        yield look("SageMaker's quotas", self._look_at_quotas)

    def _look_at_role(self) -> tuple[str, str]:
        if not self.role:
            return "none", "set REC_SAGEMAKER_ROLE to the ARN of the jobs' role: see docs/aws.md"
        role = self._clients("iam").get_role(RoleName=self.role.rpartition("/")[2])["Role"]
        trust = json.dumps(role["AssumeRolePolicyDocument"])
        fix = "let sagemaker.amazonaws.com assume it: see infra/policies/jobs-trust.json"
        return self.role, "" if "sagemaker.amazonaws.com" in trust else fix

    def _look_at_quotas(self) -> tuple[str, str]:
        spot = "spot training" if self.spot else "training"
        wanted = {f"{self.instance_type} for {use} job usage" for use in (spot, "transform")}
        pages = self._clients("service-quotas").get_paginator("list_service_quotas")
        quotas = {
            quota["QuotaName"]: quota["Value"]
            for page in pages.paginate(ServiceCode="sagemaker")
            for quota in page["Quotas"]
            if quota["QuotaName"] in wanted
        }
        short = [name for name, value in quotas.items() if value < self.instance_count]
        found = ", ".join(f"{name}: {value:.0f}" for name, value in sorted(quotas.items()))
        return found or "not listed", f"ask for more of {', '.join(short)}" if short else ""


def _nearest(points: "np.ndarray", centroids: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np
    from sklearn.metrics import pairwise_distances_argmin

    cluster = pairwise_distances_argmin(points.astype("float64"), centroids)
    return cluster, np.linalg.norm(points - centroids[cluster], axis=1)


def _unless_in_use(create: Callable[[], Any]) -> None:
    """Create what has a name of its own; where that is taken, an answer to us was lost."""
    from botocore.exceptions import ClientError

    try:
        create()
    except ClientError as error:
        if error_code(error) != "ResourceInUse" and "already exist" not in str(error):
            raise


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _text(value: Any) -> str:
    """A field of a job, empty where SageMaker has not set it."""
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


def _metrics(job: Any) -> dict[str, float]:
    found = job.final_metric_data_list
    metrics = found if isinstance(found, list) else []
    return {f"sagemaker_{metric.metric_name}": metric.value for metric in metrics}
