"""Events as AWS's own front doors send them to a function, for a GET of a path.

After the examples in AWS's documents. Belongs here: their shape. Does not: what the site answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

HEADERS = {"host": "site.example", "x-forwarded-proto": "https", "accept": "*/*"}
Event = dict[str, Any]


def http_api(path: str, query: str = "", stage: str = "$default", method: str = "GET") -> Event:
    """API Gateway's HTTP API, payload version 2.0: the stage is a part of the path."""
    whole = path if stage == "$default" else f"/{stage}{path}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": whole,
        "rawQueryString": query,
        "headers": HEADERS,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "site.example",
            "http": {
                "method": method,
                "path": whole,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "id",
            "stage": stage,
            "timeEpoch": 1710130329000,
        },
        "isBase64Encoded": False,
    }


def function_url(path: str, query: str = "") -> Event:
    """A function URL: an HTTP API's event of the default stage, told from it by its domain."""
    event = http_api(path, query)
    event["requestContext"]["domainName"] = "abc.lambda-url.us-east-1.on.aws"
    return event


def rest_api(path: str, query: str = "", stage: str = "prod") -> Event:
    """API Gateway's REST API, with the stage in the context's path alone."""
    values = parse_qs(query, keep_blank_values=True)
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": HEADERS,
        "multiValueHeaders": {name: [text] for name, text in HEADERS.items()},
        "queryStringParameters": {name: texts[-1] for name, texts in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": {"proxy": path.lstrip("/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "httpMethod": "GET",
            "path": f"/{stage}{path}",
            "stage": stage,
            "requestId": "id",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "test"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def http_api_mapping(path: str, query: str = "") -> Event:
    """An HTTP API below the path `/films` of a custom domain; the stage is in no path."""
    event = http_api(f"/films{path}".rstrip("/"), query)
    event["requestContext"] |= {"stage": "prod", "domainName": "films.example"}
    return event


def rest_api_base_path(path: str, query: str = "") -> Event:
    """A REST API below the base path `films` of a custom domain, which both its paths have."""
    event = rest_api(path, query)
    event["path"] = event["requestContext"]["path"] = f"/films{path}".rstrip("/")
    if path == "/":
        event |= {"resource": "/", "pathParameters": None}
    return event


def load_balancer(path: str, query: str = "") -> Event:
    """An Application Load Balancer with multi-value headers; it does not decode the query."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup"}},
        "httpMethod": "GET",
        "path": path,
        "multiValueQueryStringParameters": {
            name: [text for other, text in pairs if other == name] for name, _ in pairs
        },
        "multiValueHeaders": {name: [text] for name, text in HEADERS.items()},
        "body": "",
        "isBase64Encoded": False,
    }


FRONT_DOORS: dict[str, Callable[..., Event]] = {
    "HTTP API": http_api,
    "REST API": rest_api,
    "load balancer": load_balancer,
    "function URL": function_url,
}
