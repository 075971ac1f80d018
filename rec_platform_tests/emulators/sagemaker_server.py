"""SageMaker's K-Means on this machine: jobs that really train, and their log.

It reads the S3 channel, fits scikit-learn and writes the artefact as MXNet would. It keeps AWS's
limits, and can be told to fail and to stall.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlparse

import numpy as np

from rec_platform_tests.emulators import client
from rec_platform_tests.emulators.faulty_proxy import FaultyProxy, faulty_proxy

BILLABLE_SECONDS = 61
LONGEST_SPOT_SECONDS = 3_600  # to wait and to run, for an algorithm without checkpoints
LOG = ["loading the data", "iteration 1", "the last line of the log"]


@dataclass
class SageMakerServer:
    """Attributes: what was asked for, in order; the jobs there are; what to play."""

    url: str = ""
    proxy: FaultyProxy | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Of the next jobs: the reason of a failure, `stall`, or `stopped` and a secondary status.
    fates: list[str] = field(default_factory=list)
    quotas: dict[str, float] = field(default_factory=dict)
    default_quotas: dict[str, float] = field(default_factory=dict)
    s3: Any = None

    def count(self, operation: str) -> int:
        return sum(name == operation for name, _ in self.asked)

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((operation, request))
        return getattr(self, operation)(request)

    def CreateTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        require_limits(request)
        return self._start(request["TrainingJobName"], request)

    def DescribeTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._job(request["TrainingJobName"])

    def StopTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        stopped = {"TrainingJobStatus": "Stopped", "SecondaryStatus": "Stopped"}
        self._job(request["TrainingJobName"]).update(stopped)
        return {}

    def DescribeLogStreams(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"logStreams": [{"logStreamName": f"{request['logStreamNamePrefix']}/algo-1"}]}

    def GetLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        del request
        return {"events": [{"message": line, "timestamp": 0} for line in LOG]}

    def ListServiceQuotas(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert request["ServiceCode"] == "sagemaker"
        return {"Quotas": [{"QuotaName": name, "Value": n} for name, n in self.quotas.items()]}

    def ListAWSDefaultServiceQuotas(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert request["ServiceCode"] == "sagemaker"
        defaults = self.default_quotas.items()
        return {"Quotas": [{"QuotaName": name, "Value": n} for name, n in defaults]}

    def _job(self, name: str) -> dict[str, Any]:
        if name not in self.jobs:
            raise ValueError("ValidationException", "Requested resource not found.")
        return self.jobs[name]

    def _start(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        if name in self.jobs:
            raise ValueError("ResourceInUse", f"{name} exists")
        job = request | {
            "TrainingJobArn": f"arn:aws:sagemaker:::{name}",
            "CreationTime": time.time(),
            "TrainingJobStatus": "InProgress",
            "SecondaryStatus": "Starting",
            "TrainingStartTime": time.time(),
            "ModelArtifacts": {"S3ModelArtifacts": ""},
        }
        self.jobs[name] = job
        fate = self.fates.pop(0) if self.fates else "ok"

        def run() -> None:
            while fate == "stall" and job["TrainingJobStatus"] == "InProgress":
                time.sleep(0.02)
            if job["TrainingJobStatus"] != "InProgress":
                return
            if fate == "ok":
                ended = self._train(name, request) | {"SecondaryStatus": "Completed"}
                ended["TrainingJobStatus"] = "Completed"
            elif fate.startswith("stopped "):
                ended = {"TrainingJobStatus": "Stopped", "SecondaryStatus": fate.split()[1]}
            else:
                ended = {"TrainingJobStatus": "Failed", "FailureReason": fate}
                ended["SecondaryStatus"] = "Failed"
            job.update(ended | {"BillableTimeInSeconds": BILLABLE_SECONDS})

        threading.Thread(target=run, daemon=True).start()
        return {"TrainingJobArn": job["TrainingJobArn"]}

    def _train(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        from sklearn.cluster import KMeans

        (channel,) = request["InputDataConfig"]
        assert channel["ContentType"] == "text/csv;label_size=0"
        matrix = self._read(channel["DataSource"]["S3DataSource"]["S3Uri"])
        settings = request["HyperParameters"]
        assert matrix.shape[1] == int(settings["feature_dim"])
        model = KMeans(int(settings["k"]), n_init=10, random_state=1).fit(matrix)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            smallest_first = np.argsort(np.bincount(model.labels_))  # in no order of ours
            content = ndarray_file(model.cluster_centers_[smallest_first].astype("<f4"))
            member = tarfile.TarInfo("model_algo-1")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        address = f"{request['OutputDataConfig']['S3OutputPath']}/{name}/output/model.tar.gz"
        self._write(address, packed.getvalue())
        msd = float(model.inertia_) / len(matrix)
        return {
            "ModelArtifacts": {"S3ModelArtifacts": address},
            "TrainingTimeInSeconds": 2 * BILLABLE_SECONDS,
            "FinalMetricDataList": [{"MetricName": "train:msd", "Value": msd, "Timestamp": 0}],
        }

    def _get(self, address: str) -> bytes:
        place = urlparse(address)
        return self.s3.get_object(Bucket=place.netloc, Key=place.path[1:])["Body"].read()

    def _read(self, address: str) -> np.ndarray:
        return np.loadtxt(io.BytesIO(self._get(address)), delimiter=",", dtype="float64")

    def _write(self, address: str, content: bytes) -> None:
        place = urlparse(address)
        self.s3.put_object(Bucket=place.netloc, Key=place.path[1:], Body=content)


def require_limits(request: dict[str, Any]) -> None:
    """AWS's limits on how long a job may run and, on spot, wait."""
    seconds = request["StoppingCondition"]["MaxRuntimeInSeconds"]
    longest = request["StoppingCondition"].get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining"):
        is_allowed = longest is None
    else:
        is_allowed = longest is not None and seconds <= longest <= LONGEST_SPOT_SECONDS
    if not is_allowed:
        raise ValueError("ValidationException", f"Invalid MaxWaitTimeInSeconds: {longest}")


def ndarray_file(array: np.ndarray, version: int = 0xF993FAC9) -> bytes:
    """What `mx.nd.save` writes of one array, in the layout of a version; 0 for the oldest."""
    head = struct.pack("<QQQ", 0x112, 0, 1)
    if version == 0:
        head += struct.pack(f"<I{array.ndim}I", array.ndim, *array.shape)
    else:
        head += struct.pack("<I", version)
        head += struct.pack("<i", 0) if version != 0xF993FAC8 else b""
        head += struct.pack(f"<I{array.ndim}q", array.ndim, *array.shape)
    kind = {"float32": 0, "float64": 1}[str(array.dtype)]
    return head + struct.pack("<iii", 1, 0, kind) + array.tobytes() + struct.pack("<Q", 0)


@contextmanager
def sagemaker_server(s3_endpoint: str) -> Iterator[SageMakerServer]:
    """The server on a free port of this machine, behind a proxy that can play faults."""
    service = SageMakerServer(s3=client(s3_endpoint, "s3"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                status, answer = 200, service.answer(operation, json.loads(body))
            except ValueError as error:
                code, message = error.args
                status, answer = 400, {"__type": code, "message": message}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with faulty_proxy(f"http://127.0.0.1:{server.server_port}") as proxy:
            service.url, service.proxy = proxy.url, proxy
            yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
