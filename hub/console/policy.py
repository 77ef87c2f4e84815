"""The page of the policy: who is told of what by the rules in force."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from hub.console.console import Console
from hub.console.pages import page_of, type_title
from hub.console.paths import Language
from hub.policy_file import Policy


def router(console: Console) -> APIRouter:
    """The page; the policy is read anew for each visit, as it may have changed."""
    routes = APIRouter()

    @routes.get("/{language}/policy")
    def rules(request: Request, language: Language) -> Response:
        policy = Policy.load(console.parties.directory, console.settings.policy_dir)
        with console.visit(request, language, what="policy") as visit:
            visit.record()
        types = sorted(policy.types, key=lambda name: type_title(name, language).lower())
        return page_of(request, visit, "policy.html", policy=policy, types=types)

    return routes
