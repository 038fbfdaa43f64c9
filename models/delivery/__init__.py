"""Deliveries, the messages that stand in chats, seen updates, and dialogues under way."""
