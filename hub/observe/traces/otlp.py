"""Makes the OTLP exporter that the settings name."""

import grpc
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp
from opentelemetry.sdk.trace.export import SpanExporter

from hub.errors import StartRefused
from hub.settings import TracesProtocol, TracesSettings


def make_exporter(settings: TracesSettings) -> SpanExporter:
    """The exporter; raises `StartRefused` where no collector is named or its certificates can't be read."""
    if settings.endpoint is None:
        raise StartRefused(
            "no collector is named: set DOLEN_TRACES__ENDPOINT=http://host:4318 (HTTP), or http://host:4317 and "
            "DOLEN_TRACES__PROTOCOL=grpc"
        )
    try:
        certificates = settings.ssl_ca.read_bytes() if settings.ssl_ca is not None else None
    except OSError as failure:
        raise StartRefused(f"{settings.ssl_ca}: can't be read ({type(failure).__name__})") from None
    secret = settings.authorization
    headers = {"authorization": secret.get_secret_value()} if secret is not None else {}
    if settings.protocol is TracesProtocol.GRPC:
        secure = settings.endpoint.startswith("https://")
        return OverGrpc(
            endpoint=settings.endpoint,
            insecure=not secure,
            credentials=grpc.ssl_channel_credentials(certificates) if secure else None,
            headers=headers,
            timeout=settings.timeout_s,
            compression=grpc.Compression.Gzip,
        )
    return OverHttp(
        endpoint=f"{settings.endpoint}/v1/traces",
        certificate_file=str(settings.ssl_ca) if settings.ssl_ca is not None else None,
        headers=headers,
        timeout=settings.timeout_s,
        compression=Compression.Gzip,
    )
