# pyright: standard
"""K-Means on AWS: SageMaker's built-in algorithm, as a training job.

The job leaves centroids, and titles are assigned to them on this machine: neither an endpoint nor a
batch transform runs. A job is named by what it works on. If a run was killed, the next run finds
the job and waits for it, instead of paying for another one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, ValidationInfo, field_validator

from rec_platform.modelling.kmeans import KMeansModel, assign, require_different_titles
from rec_platform.resources.aws.doctor import diagnose_jobs, probe_jobs
from rec_platform.resources.aws.jobs import Jobs, metrics, number, text, training_job
from rec_platform.resources.aws.s3 import S3Storage, request_usage
from rec_platform.resources.base import Finding
from rec_platform.resources.clustering import Clustering, too_few_titles_fail

if TYPE_CHECKING:
    import numpy as np

EPOCHS = 10
VOLUME_GIGABYTES = 10
STOP_SECONDS = 120  # that SageMaker leaves a job to save its model, after its time is up
# From the beginning of its wait to its end, for algorithms that leave no checkpoints:
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
LONGEST_SPOT_SECONDS = 3_600
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
    role: str = Field(default="", description="ARN of the role that the job takes on.")
    instance_type: str = Field(default="ml.m5.large", description="Of the job.")
    instance_count: int = Field(default=1, ge=1, description="Of the job.")
    spot: bool = Field(default=True, description="Train on spare capacity, which is cheaper.")
    max_seconds: int = Field(
        default=1800,
        ge=1,
        le=28 * 24 * 3600,  # SageMaker's own limit
        description="The longest that the job may run; on spot 3600 at most.",
    )
    kms_key: str = Field(default="", description="Key for the artefact and the disks.")
    subnets: str = Field(default="", description="Comma-separated, where the job runs in a VPC.")
    security_groups: str = Field(default="", description="Comma-separated, of that VPC.")
    tags: str = Field(default="", description="Such as `team=data,env=prod`, on the job.")
    poll_seconds: float = Field(default=10, gt=0, description="Between two looks at the job.")

    @field_validator("max_seconds")
    @classmethod
    def _heed_spot(cls, seconds: int, info: ValidationInfo) -> int:
        if info.data.get("spot") and seconds > LONGEST_SPOT_SECONDS:
            raise ValueError(
                f"on spot capacity SageMaker ends K-Means after {LONGEST_SPOT_SECONDS:,} s: allow "
                "no more, or set REC_SAGEMAKER_SPOT=false"
            )
        return seconds

    @cached_property
    def _storage(self) -> S3Storage:
        return S3Storage(root=self.root)

    @cached_property
    def _jobs(self) -> Jobs:
        return Jobs(self._storage.clients, self._longest_seconds, self.poll_seconds)

    @property
    def _longest_seconds(self) -> int:
        """How long a job may take; on spot with its wait for an instance."""
        return min(2 * self.max_seconds, LONGEST_SPOT_SECONDS) if self.spot else self.max_seconds

    def fit(self, matrix: "np.ndarray", clusters: int, seed: int) -> KMeansModel:
        """See Clustering; the built-in algorithm takes no seed, so `seed` only names the job."""
        import numpy as np

        with too_few_titles_fail():
            require_different_titles(matrix, clusters)
        if not self.role:
            raise dg.Failure("the job has no role: set REC_SAGEMAKER_ROLE", allow_retries=False)
        hyperparameters = HYPERPARAMETERS | {
            "k": str(clusters),
            "feature_dim": str(matrix.shape[1]),
        }
        base = self._name(matrix, hyperparameters, seed)

        def create(name: str) -> None:
            self._create(name, self._upload(name, matrix), hyperparameters)

        def clean_up(name: str) -> None:
            self._storage.delete(f"jobs/{name}/input")

        job, is_reused = self._jobs.settle(base, create, self._has_artefact, clean_up)
        artefact = job.model_artifacts.s3_model_artifacts
        centroids = self._centroids(artefact, (clusters, matrix.shape[1]))
        assignment = assign(matrix, centroids)
        sizes = np.bincount(assignment.cluster, minlength=clusters)
        return KMeansModel(
            centroids=centroids[np.argsort(-sizes, kind="stable")],
            mean_squared_distance=float(np.mean(assignment.distance**2)),
            iterations=EPOCHS,
            metadata={
                "sagemaker_job": job.training_job_name,
                "sagemaker_job_is_reused": is_reused,
                "sagemaker_artefact": artefact,
                "training_seconds": number(job.training_time_in_seconds),
                "billable_seconds": number(job.billable_time_in_seconds),
                **metrics(job),
            },
        )

    def usage(self) -> Mapping[str, float]:
        """See DeploymentResource."""
        seconds = self._jobs.billable_seconds * self.instance_count
        used = {self._unit: seconds} if seconds else {}
        return used | request_usage(self._storage.requests)

    def plan(self, scanned_bytes: int) -> Mapping[str, float]:
        """See DeploymentResource."""
        del scanned_bytes
        return {self._unit: (self.max_seconds + STOP_SECONDS) * self.instance_count}

    def diagnose(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        yield from diagnose_jobs(
            self._storage.clients, self.role, self.instance_type, self.instance_count, self.spot
        )

    def probe(self) -> Iterator[Finding]:
        """See DeploymentResource."""
        if self.role:  # diagnose() says that there is none
            resources = {
                "InstanceType": self.instance_type,
                "InstanceCount": self.instance_count,
                "VolumeSizeInGB": VOLUME_GIGABYTES,
            }
            output = self._storage.address("jobs/doctor")
            yield from probe_jobs(
                self._storage.clients, self.role, self._image(), output, resources
            )

    def _create(self, name: str, data: str, hyperparameters: dict[str, str]) -> None:
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
        wait = {"max_wait_time_in_seconds": self._longest_seconds} if self.spot else {}
        source = S3DataSource(s3_data_type="S3Prefix", s3_uri=data)
        training_job().create(
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
                volume_size_in_gb=VOLUME_GIGABYTES,
                **volume_key,
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=self.max_seconds, **wait),
            enable_managed_spot_training=self.spot,
            tags=self._tags(),
            **self._vpc(),
            **self._where(),
        )

    def _name(self, matrix: "np.ndarray", settings: Mapping[str, str], seed: int) -> str:
        digest = hashlib.sha256(matrix.tobytes())
        where = [self.root, self.instance_type, self.instance_count, seed]
        digest.update(json.dumps([matrix.shape, dict(settings), where]).encode())
        return f"rec-kmeans-{digest.hexdigest()[:12]}"

    def _upload(self, name: str, matrix: "np.ndarray") -> str:
        import numpy as np

        file = self._storage.scratch_dir() / "matrix.csv"
        np.savetxt(file, matrix, fmt="%.9g", delimiter=",")  # nine digits tell float32s apart
        key = f"jobs/{name}/input/matrix.csv"
        self._storage.put(file, key)
        return self._storage.address(key)

    def _has_artefact(self, job: Any) -> bool:
        artefact = text(job.model_artifacts.s3_model_artifacts)
        return bool(artefact and self._storage.etags(self._storage.key(artefact)))

    def _centroids(self, artefact: str, shape: tuple[int, int]) -> "np.ndarray":
        import numpy as np

        from rec_platform.resources.aws.mxnet import read_centroids

        packed = self._storage.fetch(self._storage.key(artefact)).read_bytes()
        try:
            centroids = read_centroids(packed)
            if centroids.shape != shape:
                raise ValueError(f"its centroids are {centroids.shape}, not {shape}")
            if not np.isfinite(centroids).all():
                raise ValueError("its centroids are not finite")
        except ValueError as error:
            raise dg.Failure(
                f"{artefact} is no model of SageMaker's K-Means for this matrix: {error}",
                allow_retries=False,
            ) from None
        return centroids

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

    @property
    def _unit(self) -> str:
        return f"sagemaker_training_seconds:{self.instance_type}"


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
