"""Webhooks for programs: ``/api/v1/webhooks`` and ``/api/v1/webhook-deliveries``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin.api.fields import Body
from admin.api.operation import Api, Page, changes, lists, reads
from engine.context import Context
from engine.i18n import translate
from plugins.http import services
from plugins.http.models import Webhook
from plugins.http.schemas import DeliveryArgs, DeliverySchema, WebhookArgs, WebhookBody, WebhookSchema

MANAGE = ("http.manage_webhooks",)


class WebhooksApi(Api):
    """Webhooks."""

    resource_name = "webhooks"

    @lists("", answer=WebhookSchema, args=WebhookArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List webhooks."""
        return Page(*services.list_webhooks(ctx, **said))

    @reads("/<uuid:webhook_id>", answer=WebhookSchema, needs=MANAGE)
    def get(self, ctx: Context, said: dict[str, Any], webhook_id: str) -> dict[str, Any]:
        """Read a webhook."""
        return _webhook(services.get_webhook(ctx, webhook_id))

    @changes("", body=WebhookBody, answer=WebhookSchema, status=201, needs=MANAGE)
    def add(self, ctx: Context, said: dict[str, Any]) -> dict[str, Any]:
        """Register a webhook. Its host must be among those that may be called, its secret set."""
        return _webhook(services.put_webhook(ctx, **said))

    @changes("/<uuid:webhook_id>", body=WebhookBody, answer=WebhookSchema, needs=MANAGE)
    def change(self, ctx: Context, said: dict[str, Any], webhook_id: str) -> dict[str, Any]:
        """Change a webhook: all of it is said anew."""
        return _webhook(services.put_webhook(ctx, webhook_id=webhook_id, **said))

    @changes("/<uuid:webhook_id>/pause", answer=WebhookSchema, needs=MANAGE)
    def pause(self, ctx: Context, said: dict[str, Any], webhook_id: str) -> dict[str, Any]:
        """Let a webhook hear of nothing new."""
        return _webhook(services.set_webhook_state(ctx, webhook_id=webhook_id, active=False))

    @changes("/<uuid:webhook_id>/resume", answer=WebhookSchema, needs=MANAGE)
    def resume(self, ctx: Context, said: dict[str, Any], webhook_id: str) -> dict[str, Any]:
        """Let a webhook hear again."""
        return _webhook(services.set_webhook_state(ctx, webhook_id=webhook_id, active=True))

    @changes("/<uuid:webhook_id>/test", answer=DeliverySchema, needs=MANAGE)
    def test(self, ctx: Context, said: dict[str, Any], webhook_id: str) -> dict[str, Any]:
        """Send an event that means nothing."""
        return _delivery(ctx, vars(services.send_test(ctx, webhook_id=webhook_id)))

    @changes("/<uuid:webhook_id>/remove", body=Body, answer=WebhookSchema, needs=MANAGE)
    def remove(self, ctx: Context, said: dict[str, Any], webhook_id: str) -> dict[str, Any]:
        """Remove a webhook and its log; answers what it was."""
        webhook = _webhook(services.get_webhook(ctx, webhook_id))
        services.remove_webhook(ctx, webhook_id=webhook_id)
        return webhook


class WebhookDeliveriesApi(Api):
    """What webhooks were sent."""

    resource_name = "webhook-deliveries"

    @lists("", answer=DeliverySchema, args=DeliveryArgs, needs=MANAGE)
    def list(self, ctx: Context, said: dict[str, Any]) -> Page:
        """List deliveries."""
        count, rows = services.list_deliveries(ctx, **said)
        return Page(count, [_delivery(ctx, row) for row in rows])

    @changes("/<uuid:delivery_id>/redeliver", answer=DeliverySchema, needs=MANAGE)
    def redeliver(self, ctx: Context, said: dict[str, Any], delivery_id: str) -> dict[str, Any]:
        """Send one again, under the same id."""
        return _delivery(ctx, vars(services.redeliver(ctx, delivery_id=delivery_id)))


def _webhook(webhook: Webhook) -> dict[str, Any]:
    return dict(vars(webhook))


def _delivery(ctx: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    error = row.get("error")
    said = translate(ctx.locale, error, **(row.get("error_params") or {})) if error else None
    return {"status": None, "tried_at": None, "delivered_at": None, **row, "error": said}


def register(appbuilder: Any) -> None:
    """Add the calls."""
    appbuilder.add_api(WebhooksApi)
    appbuilder.add_api(WebhookDeliveriesApi)
