"""ministack as a program: an account that the whole stack is deployed to.

Three things are added that it lacks. It knows no budgets. Its CloudFront does not sign requests to
a function URL, and asks nobody whether it may. It runs no containers, and its Step Functions do not
fail where a container does: here a test writes the exit codes of the next tasks to `exit_codes`.
"""

import json
import time
from pathlib import Path
from typing import Any

from ministack.services import cloudfront, ecs, lambda_svc, stepfunctions
from ministack.services.cloudformation import provisioners

EXIT_CODES = Path("exit_codes")
TASKS = Path("tasks")
RIGHTS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")

fetch_unsigned = cloudfront._fetch_from_function_url_origin


async def fetch_signed(
    host: str, origin: dict[str, Any], method: str, uri: str, query: str, headers: Any, *others: Any
) -> Any:
    if origin["oac_id"] and may_invoke(host):
        headers = headers | {"authorization": "AWS4-HMAC-SHA256 Credential=cloudfront"}
    return await fetch_unsigned(host, origin, method, uri, query, headers, *others)


def may_invoke(host: str) -> bool:
    """Whether the function lets the distribution in, by both rights that a URL asks for."""
    resolved = lambda_svc.resolve_function_url(host.partition(".")[0])
    assert resolved
    policy = lambda_svc._functions[resolved[2]]["policy"]
    (distribution,) = cloudfront._distributions.values()
    granted = {
        statement["Action"]
        for statement in policy["Statement"]
        if statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        and distribution["ARN"] in json.dumps(statement["Condition"])
    }
    return granted >= set(RIGHTS)


def end_task(cluster: str, task_arns: list[str]) -> dict[str, Any]:
    """The end of a task, as `.sync` hears of it: the exit code of the test, or 137 if stopped."""
    task = describe(cluster, task_arns)
    with TASKS.open("a") as writer:
        writer.write(f"{task['launchType']} {task['taskDefinitionArn']}\n")
    while EXIT_CODES.read_text() == "stall" and task["lastStatus"] != "STOPPED":
        time.sleep(0.1)
        task = describe(cluster, task_arns)
    if task["lastStatus"] == "STOPPED":
        exit_code = 137
    else:
        exit_code, *left = (int(code) for code in EXIT_CODES.read_text().split())
        EXIT_CODES.write_text(" ".join(map(str, left)))
        ecs._stop_task({"cluster": cluster, "task": task_arns[0]})
    task["containers"][0]["exitCode"] = exit_code
    if exit_code:
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(task))
    return task


def describe(cluster: str, task_arns: list[str]) -> dict[str, Any]:
    _, _, body = ecs._describe_tasks({"cluster": cluster, "tasks": task_arns})
    (task,) = json.loads(body)["tasks"]
    return task


if __name__ == "__main__":
    from ministack.app import main

    provisioners._RESOURCE_HANDLERS["AWS::Budgets::Budget"] = {
        "create": lambda logical_id, properties, stack: (logical_id, {}),
        "delete": lambda physical_id, properties: None,
    }
    cloudfront._fetch_from_function_url_origin = fetch_signed
    stepfunctions._poll_ecs_tasks = end_task
    main()
