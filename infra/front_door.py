# pyright: reportArgumentType=false
"""What stands between CloudFront and the function: a function URL, or an HTTP API."""

from dataclasses import dataclass

from aws_cdk import (
    Duration,
    Fn,
    aws_apigatewayv2,
    aws_cloudfront,
    aws_cloudfront_origins,
    aws_cloudwatch,
    aws_lambda,
)
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.accepted import accept
from infra.settings import FrontDoor

METRIC_PERIOD = Duration.minutes(5)


@dataclass(frozen=True)
class Door:
    """A front door.

    Attributes:
        origin: what CloudFront asks.
        errors: how many answers were 500 or above.
    """

    origin: aws_cloudfront.IOrigin
    errors: aws_cloudwatch.Metric


def front_door(scope: Construct, kind: FrontDoor, function: aws_lambda.Function) -> Door:
    """Open the front door of this kind."""
    return {FrontDoor.FUNCTION_URL: _function_url, FrontDoor.HTTP_API: _http_api}[kind](
        scope, function
    )


def _function_url(scope: Construct, function: aws_lambda.Function) -> Door:
    """Only the distribution may use the URL: CloudFront signs each request.

    It needs two rights, because since October 2025 a URL asks for lambda:InvokeFunction beside
    lambda:InvokeFunctionUrl (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html). The CDK
    grants both.

    The site answers GET, HEAD and OPTIONS. A body would need `x-amz-content-sha256` from the
    visitor's browser, because Lambda refuses unsigned ones.
    """
    del scope
    url = function.add_function_url(auth_type=aws_lambda.FunctionUrlAuthType.AWS_IAM)
    return Door(
        aws_cloudfront_origins.FunctionUrlOrigin.with_origin_access_control(url),
        aws_cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="Url5xxCount",
            dimensions_map={"FunctionName": function.function_name},
            statistic="Sum",
            period=METRIC_PERIOD,
        ),
    )


def _http_api(scope: Construct, function: aws_lambda.Function) -> Door:
    """Everybody may use its own address too, except for /metrics."""
    api = aws_apigatewayv2.HttpApi(
        scope,
        "HttpApi",
        default_integration=HttpLambdaIntegration("Site", function),
    )
    api.add_routes(
        path="/metrics",
        authorizer=HttpIamAuthorizer(),
        integration=HttpLambdaIntegration("Metrics", function),
    )
    accept(api, "APIG1", "the site logs each request without the visitor's address, on purpose")
    accept(api, "APIG4", "the site is for everybody; /metrics alone needs a signature")
    host = Fn.select(2, Fn.split("/", api.api_endpoint))
    return Door(
        aws_cloudfront_origins.HttpOrigin(
            host, protocol_policy=aws_cloudfront.OriginProtocolPolicy.HTTPS_ONLY
        ),
        api.metric_server_error(statistic="Sum", period=METRIC_PERIOD),
    )
