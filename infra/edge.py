# pyright: reportArgumentType=false
"""The edge: CloudFront in front of the site, with its cache, and the domain if there is one.

The site says how long each answer may be kept (api/headers.py). CloudFront does as it says: it adds
no time of its own, and keeps no error.
"""

from aws_cdk import (
    Duration,
    aws_certificatemanager,
    aws_cloudfront,
    aws_lambda,
    aws_route53,
    aws_route53_targets,
)
from constructs import Construct

from infra.accepted import accept
from infra.front_door import front_door
from infra.settings import InfraSettings

# Every status that CloudFront would keep for ten seconds by itself.
ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
CLOSED = """\
function handler(event) {
    return {statusCode: 403, statusDescription: 'Forbidden',
            headers: {'cache-control': {value: 'no-store'}}};
}
"""


class Edge(Construct):
    """CloudFront before the site.

    Attributes:
        door: what CloudFront asks.
        address: of the site.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        settings: InfraSettings,
        function: aws_lambda.Function,
    ) -> None:
        super().__init__(scope, name)
        self.door = front_door(self, settings.front_door, function)
        zone = (
            aws_route53.HostedZone.from_hosted_zone_attributes(
                self, "Zone", hosted_zone_id=settings.hosted_zone, zone_name=settings.domain
            )
            if settings.domain
            else None
        )
        site = aws_cloudfront.BehaviorOptions(
            origin=self.door.origin,
            allowed_methods=aws_cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
            cache_policy=self._cache_policy(),
            compress=True,
            response_headers_policy=self._https_only(),
            viewer_protocol_policy=aws_cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )
        closed = aws_cloudfront.FunctionAssociation(
            event_type=aws_cloudfront.FunctionEventType.VIEWER_REQUEST,
            function=aws_cloudfront.Function(
                self,
                "Closed",
                code=aws_cloudfront.FunctionCode.from_inline(CLOSED),
                runtime=aws_cloudfront.FunctionRuntime.JS_2_0,
            ),
        )
        self.distribution = aws_cloudfront.Distribution(
            self,
            "Distribution",
            additional_behaviors={
                "/metrics*": aws_cloudfront.BehaviorOptions(
                    origin=self.door.origin,
                    cache_policy=aws_cloudfront.CachePolicy.CACHING_DISABLED,
                    function_associations=[closed],
                    viewer_protocol_policy=aws_cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                )
            },
            certificate=self._certificate(settings, zone) if zone else None,
            default_behavior=site,
            domain_names=[settings.domain] if settings.domain else None,
            error_responses=[
                aws_cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0))
                for status in ERRORS
            ],
            http_version=aws_cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=aws_cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021
            if settings.domain
            else None,
            price_class=aws_cloudfront.PriceClass.PRICE_CLASS_100,  # Europe and North America
        )
        for rule, reason in {
            "CFR1": "the site is for every country",
            "CFR2": "a firewall costs more than the site, which reads one file and writes nothing",
            "CFR3": "the site logs each request without the visitor's address, on purpose",
        }.items():
            accept(self.distribution, rule, reason)
        if not settings.domain:
            accept(self.distribution, "CFR4", "CloudFront's own certificate takes no other minimum")
        self.address = f"https://{settings.domain or self.distribution.domain_name}"
        if zone:
            target = aws_route53.RecordTarget.from_alias(
                aws_route53_targets.CloudFrontTarget(self.distribution)
            )
            for kind in (aws_route53.ARecord, aws_route53.AaaaRecord):
                kind(self, kind.__name__, zone=zone, target=target)

    def _cache_policy(self) -> aws_cloudfront.CachePolicy:
        return aws_cloudfront.CachePolicy(
            self,
            "AsTheSiteSays",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=Duration.days(365),
            cookie_behavior=aws_cloudfront.CacheCookieBehavior.none(),
            header_behavior=aws_cloudfront.CacheHeaderBehavior.none(),
            query_string_behavior=aws_cloudfront.CacheQueryStringBehavior.all(),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )

    def _https_only(self) -> aws_cloudfront.ResponseHeadersPolicy:
        """The one header that belongs to a host name; the site sends the others."""
        return aws_cloudfront.ResponseHeadersPolicy(
            self,
            "HttpsOnly",
            security_headers_behavior=aws_cloudfront.ResponseSecurityHeadersBehavior(
                strict_transport_security=aws_cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365),
                    include_subdomains=False,
                    override=True,
                )
            ),
        )

    def _certificate(
        self, settings: InfraSettings, zone: aws_route53.IHostedZone
    ) -> aws_certificatemanager.ICertificate:
        if settings.certificate:
            return aws_certificatemanager.Certificate.from_certificate_arn(
                self, "Certificate", settings.certificate
            )
        return aws_certificatemanager.Certificate(
            self,
            "Certificate",
            domain_name=settings.domain,
            validation=aws_certificatemanager.CertificateValidation.from_dns(zone),
        )
