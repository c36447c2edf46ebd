"""The events this room writes."""

from mingtang.journal.names import register_event

from .hooks import ENDED, MADE
from .reminding import REMINDED_EVENT

register_event(REMINDED_EVENT, "催办")
register_event(MADE, "登记消息接收地址")
register_event(ENDED, "停用消息接收地址")
