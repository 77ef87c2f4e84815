"""A real OTLP receiver on loopback, over HTTP and gRPC: decodes what it is sent, and keeps every span."""

import gzip
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Received:
    """Every span, each time that it came; `refusing` answers with an error, `most` refuses larger requests."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.refusing = False
        self.most: int | None = None
        self.requests = 0
        self.authorizations: set[str | None] = set()
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    @property
    def spans(self) -> list[Span]:
        with self._lock:
            return list(self._spans)

    def take(self, request: ExportTraceServiceRequest, authorization: str | None) -> bool:
        """Keep its spans; False: refused."""
        spans = [span for of in request.resource_spans for scope in of.scope_spans for span in scope.spans]
        with self._lock:
            self.requests += 1
            if self.refusing or (self.most is not None and len(spans) > self.most):
                return False
            self.authorizations.add(authorization)
            self._spans += spans
        return True


@contextmanager
def over_http(received: Received) -> Iterator[Received]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces"
            assert self.headers["content-type"] == "application/x-protobuf"
            if self.headers["content-encoding"] == "gzip":
                body = gzip.decompress(body)
            taken = received.take(ExportTraceServiceRequest.FromString(body), self.headers["authorization"])
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200 if taken else 400)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    received.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def over_grpc(received: Received) -> Iterator[Received]:
    class Servicer(TraceServiceServicer):
        def Export(self, request, context):  # noqa: N802 - the library's name
            if not received.take(request, dict(context.invocation_metadata()).get("authorization")):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "refused")
            return ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(Servicer(), server)
    received.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield received
    finally:
        server.stop(None).wait()
