# pyright: standard
"""K-Means on AWS: SageMaker's built-in algorithm, a training job and a batch transform.

No endpoint ever runs. A job is named by what it works on. If a run was killed, the next run finds
the job and waits for it, instead of paying for another one.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from rec_platform.modelling.kmeans import Assignment, KMeansModel, require_different_titles
from rec_platform.resources.aws.doctor import diagnose_jobs
from rec_platform.resources.aws.jobs import (
    TRAINING,
    TRANSFORM,
    Jobs,
    Kind,
    metrics,
    number,
    sdk_resource,
    text,
    unless_in_use,
)
from rec_platform.resources.aws.s3 import S3Storage, request_usage
from rec_platform.resources.base import Finding
from rec_platform.resources.clustering import Clustering, too_few_titles_fail

if TYPE_CHECKING:
    import numpy as np

EPOCHS = 10
# Lloyd's settings are those of the 2020 original, which made one pass from a random start. More
# passes, batches and spare centres find as good an optimum as scikit-learn, and still take seconds.
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

    _used: dict[str, float] = PrivateAttr(default_factory=lambda: defaultdict(float))

    @cached_property
    def _storage(self) -> S3Storage:
        return S3Storage(root=self.root)

    @cached_property
    def _jobs(self) -> Jobs:
        return Jobs(self._storage.clients, self.max_seconds, self.poll_seconds)

    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """See Clustering; the built-in algorithm takes no seed, so `seed` only names the job."""
        import numpy as np

        with too_few_titles_fail():
            require_different_titles(matrix, clusters)
        hyperparameters = HYPERPARAMETERS | {
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
        seconds = number(job.billable_time_in_seconds)
        if not is_reused:
            self._used[self._unit(TRAINING)] += seconds
        return KMeansModel(
            centroids=centroids[np.argsort(-sizes, kind="stable")],
            mean_squared_distance=float(np.mean(distance**2)),
            iterations=EPOCHS,
            artefact=artefact,
            metadata={
                "sagemaker_job": job.training_job_name,
                "sagemaker_job_is_reused": is_reused,
                "training_seconds": number(job.training_time_in_seconds),
                "billable_seconds": seconds,
                **metrics(job),
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
            self._jobs.delete_models(models)
        seconds = (job.transform_end_time - job.transform_start_time).total_seconds()
        if not is_reused:
            self._used[self._unit(TRANSFORM)] += seconds * self.instance_count
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

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield from diagnose_jobs(
            self._storage.clients, self.role, self.instance_type, self.instance_count, self.spot
        )

    def _settle(
        self,
        kind: Kind,
        base: str,
        create: Callable[[str], None],
        is_whole: Callable[[Any], bool],
    ) -> tuple[Any, bool]:
        """See Jobs.settle(); what the job read is deleted at its end."""
        if not self.role:
            raise dg.Failure("the jobs have no role: set REC_SAGEMAKER_ROLE", allow_retries=False)

        return self._jobs.settle(
            kind, base, create, is_whole, lambda name: self._storage.delete(f"jobs/{name}/input")
        )

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
        sdk_resource("TrainingJob").create(
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
        unless_in_use(
            lambda: sdk_resource("Model").create(
                model_name=name,
                primary_container=ContainerDefinition(image=self._image(), model_data_url=artefact),
                execution_role_arn=self.role,
                tags=self._tags(),
                **self._vpc(),
                **self._where(),
            )
        )
        source = TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=data)
        sdk_resource("TransformJob").create(
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
        return self._exists(text(job.model_artifacts.s3_model_artifacts))

    def _has_answer(self, job: Any) -> bool:
        return self._exists(f"{job.transform_output.s3_output_path}/matrix.csv.out")

    def _centroids(self, artefact: str) -> "np.ndarray":
        from rec_platform.resources.aws.mxnet import read_centroids

        packed = self._storage.fetch(self._storage.key(artefact)).read_bytes()
        try:
            return read_centroids(packed)
        except ValueError as error:
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
        answers = [json.loads(line) for line in lines]
        cluster = np.array([int(answer["closest_cluster"]) for answer in answers])
        return cluster, np.array([answer["distance_to_cluster"] for answer in answers])

    def _where(self) -> dict[str, Any]:
        session = self._storage.clients.session
        return {"session": session, "region": session.region_name}

    def _image(self) -> str:
        from sagemaker.core import image_uris

        return image_uris.retrieve("kmeans", region=self._storage.clients.session.region_name)

    def _tags(self) -> list[dict[str, str]]:
        pairs = [pair.partition("=") for pair in ("project=rec_platform", *_split(self.tags))]
        return [{"key": key.strip(), "value": value.strip()} for key, _, value in pairs]

    def _vpc(self) -> dict[str, Any]:
        from sagemaker.core.shapes import VpcConfig

        if not self.subnets:
            return {}
        groups = _split(self.security_groups)
        return {"vpc_config": VpcConfig(security_group_ids=groups, subnets=_split(self.subnets))}

    def _unit(self, kind: Kind) -> str:
        return f"sagemaker_{kind.noun}_seconds:{self.instance_type}"


def _nearest(points: "np.ndarray", centroids: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np
    from sklearn.metrics import pairwise_distances_argmin

    cluster = pairwise_distances_argmin(points.astype("float64"), centroids)
    return cluster, np.linalg.norm(points - centroids[cluster], axis=1)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
